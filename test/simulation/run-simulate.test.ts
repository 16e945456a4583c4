import { describe, expect, it } from 'vitest';
import { parseWish, runSimulate, tellOutcome } from './run-simulate.ts';

describe('simulate', () => {
  const run = async (args: readonly string[]): Promise<{ code: number; lines: string[] }> => {
    const lines: string[] = [];
    const code = await runSimulate(args, (line) => lines.push(line));
    return { code, lines };
  };

  it('SM15: reads a seed, a range, days and forms; anything else is refused', () => {
    expect(parseWish(['--seeds', '3..9', '--protocol'])).toMatchObject({ from: 3, to: 9, isProtocol: true });
    expect(parseWish(['--seed', '7', '--days', '2', '--json'])).toMatchObject({
      from: 7,
      to: 7,
      days: 2,
      isJson: true,
    });
    for (const wrong of [
      ['--seed'],
      ['--seed', 'x'],
      ['--seeds', '9..3'],
      ['--days', '0'],
      ['--speed', '1'],
    ]) {
      expect(parseWish(wrong)).toBeNull();
    }
  });

  it('SM15: prints what happened and what was checked, and ends with 0 where nothing was violated', async () => {
    const { code, lines } = await run(['--seeds', '1..20', '--protocol']);
    expect(code).toBe(0);
    expect(lines.some((line) => line.startsWith('  power cut: '))).toBe(true);
    expect(lines.at(-1)).toContain('0 with a violation');
  });

  it('SM15: a violation ends with 1 and the seed that shows it, in words and in JSON', () => {
    const wish = parseWish(['--seeds', '1..9', '--days', '2']);
    if (wish === null) throw new Error('it can be read');
    const violations = [{ id: 'I2', where: 'gw 1', what: 'the server does not have it' }] as const;
    const lines: string[] = [];
    const outcomes = [{ seed: 4, counts: {}, trace: '', violations }];
    expect(tellOutcome(wish, outcomes, (line) => lines.push(line))).toBe(1);
    expect(lines.at(-1)).toBe('to see it again: npm run simulate -- --seed 4 --days 2 --verbose');
    expect(tellOutcome({ ...wish, isJson: true }, outcomes, (line) => lines.push(line))).toBe(1);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ violations: [{ seed: 4, violations }] });
  });

  it('SM15: one line of JSON tells the same', async () => {
    const { code, lines } = await run(['--seed', '3', '--protocol', '--json']);
    expect(code).toBe(0);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ from: 3, to: 3, seeds: 1, violations: [] });
  });

  it('SM15: a world of half a day is run by the same command', { timeout: 60_000 }, async () => {
    const { code, lines } = await run(['--seed', '2', '--days', '0.5']);
    expect(code).toBe(0);
    expect(lines.at(-1)).toContain('0 with a violation');
  });
});
