import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { programFile } from '../../deploy/all-in-one/program.ts';
import { percentile } from '../bench/badge-to-relay.ts';
import { osdpCardToEvent, osdpPolls } from '../bench/osdp.ts';
import { buildIfStale } from './test-site.ts';

test(
  'DP27: a bench run prints a JSON line a figure, each beside its baseline of the same run',
  { timeout: 90_000 },
  async () => {
    await buildIfStale();
    const { stdout } = await promisify(execFile)(process.execPath, [
      programFile(),
      'bench',
      'badge-to-relay',
      '--n',
      '4',
    ]);
    const figures = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, number | string>);
    expect(figures.map((each) => each['name'])).toEqual(['badge-to-relay.p50', 'badge-to-relay.p99']);
    for (const { value, baseline, ratio, unit, n, ...others } of figures) {
      expect([unit, n, Object.keys(others)]).toEqual(['ms', 4, ['name']]);
      expect(Number(ratio)).toBeCloseTo(Number(value) / Number(baseline), 1);
      // Both took time on real ports: a frame cannot be answered in no time, nor does it take seconds.
      expect(Number(baseline)).toBeGreaterThan(0.05);
      expect(Number(value)).toBeGreaterThan(0.5);
      expect(Number(value)).toBeLessThan(2_000);
    }
  },
);

test('DP27: a percentile is a value that was measured', () => {
  const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([percentile(samples, 50), percentile(samples, 99), percentile(samples, 100)]).toEqual([50, 99, 100]);
  expect(percentile([7], 99)).toBe(7);
});

test(
  'DP27: OSDP polls and cards are measured on a pty beside the same bytes without a protocol',
  { timeout: 60_000 },
  async () => {
    const figures = [
      ...(await osdpPolls(2)(10, () => undefined)),
      ...(await osdpCardToEvent(3, () => undefined)),
    ];
    expect(figures.map(({ name, unit }) => `${name} ${unit}`)).toEqual([
      'osdp.polls.2 1/s',
      'osdp.polls.2.cpu us',
      'osdp.card-to-event.p50 ms',
      'osdp.card-to-event.p99 ms',
    ]);
    const [rate, , ...latencies] = figures;
    // Two readers, each asked ten times a second and not much more often.
    expect(rate?.value).toBeGreaterThan(2);
    expect(rate?.value).toBeLessThan(25);
    for (const { value, baseline } of latencies) expect(value).toBeGreaterThan(baseline);
  },
);
