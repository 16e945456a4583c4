import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asEpochMs, asMonoMs } from '#contract/clock';
import { createSigner } from '../../gateway/crypto-ports.ts';
import { openJournal, type Journal } from '../../gateway/journal/journal.ts';
import { runCaptured } from '../../test/contract/run-captured.ts';
import { musterCommand } from './muster-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'palang-muster-'));
const file = join(folder, 'gateway.yaml');
const run = (...args: string[]) =>
  runCaptured({ muster: musterCommand }, 'muster', '--config', file, ...args);
const DOOR = 'ruang-server';
const HOUR_MS = 3_600_000;
const personOf = (letter: string): string => `s_${letter.repeat(22)}`;
const START_MS = Date.now() - 20 * HOUR_MS;
let nowMs = START_MS;
let journal: Journal;

function pass(person: string, outcome: 'entered' | 'no-entry' | 'unknown' | null, isExit = false): void {
  const c = { sub: person };
  if (isExit) {
    journal.append([{ ty: 'exit.recorded', door: DOOR, dir: 'out', c }]);
    return;
  }
  const of = journal.size();
  journal.append([{ ty: 'access.granted', door: DOOR, dir: 'in', c }]);
  if (outcome !== null) journal.append([{ ty: 'access.outcome', rs: outcome, door: DOOR, c, x: { of } }]);
}

beforeAll(() => {
  writeFileSync(
    file,
    `id: gw-ruang-server
server: { url: "https://palang.example.go.id", keyFile: gateway.key, trustFile: site-root.json }
dataDir: data
doors:
  - id: ruang-server
    readers:
      entry: { protocol: rdm6300, port: /dev/nowhere-a }
      exit: { protocol: rdm6300, port: /dev/nowhere-c }
      panel: { protocol: line, port: /dev/nowhere-b }
    lock: { driver: line, reader: panel, output: 0, releaseMs: 5000 }
`,
  );
  journal = openJournal(
    join(folder, 'data'),
    { site: 'uji', gateway: 'gw-ruang-server', epoch: 1, signer: createSigner(new Uint8Array(32).fill(7)) },
    {
      clock: {
        epochMs: () => asEpochMs(nowMs),
        monoMs: () => asMonoMs(nowMs - START_MS),
        trust: () => 3,
        interval: () => ({ lo: asEpochMs(nowMs), hi: nowMs }),
        sleepUntil: () => Promise.resolve(),
      },
      random: { bytes: (count) => new Uint8Array(count).fill(5) },
      timeFloor: () => asEpochMs(0),
    },
  );
  journal.beginBoot('1');
  pass(personOf('A'), 'entered');
  nowMs = Date.now() - HOUR_MS;
  pass(personOf('B'), 'entered');
  pass(personOf('C'), 'unknown');
  pass(personOf('D'), 'entered');
  pass(personOf('D'), null, true);
  pass(personOf('E'), 'no-entry');
  pass(personOf('F'), null);
});
afterAll(() => rmSync(folder, { recursive: true }));

const expected = [
  { person: 's_AAAAAA...', since: new Date(START_MS).toISOString(), certainty: 'lapsed' },
  { person: 's_BBBBBB...', certainty: 'sure' },
  { person: 's_CCCCCC...', certainty: 'unsure' },
  { person: 's_FFFFFF...', certainty: 'unsure' },
];
const listed = async (): Promise<unknown> => JSON.parse((await run('--json')).out);

describe('palang muster', () => {
  it('DC20: lists who is inside while the gateway writes, and after it has ended', async () => {
    const size = journal.size();
    expect(await listed()).toMatchObject({ rooms: [{ door: DOOR, people: expected }] });
    expect(journal.size()).toBe(size);
    journal.close();
    expect(await listed()).toMatchObject({ rooms: [{ door: DOOR, people: expected }] });
  });

  it('DC20: says it in plain lines, with no whole handle in them', async () => {
    const { exitCode, out } = await run();
    expect(exitCode).toBe(0);
    expect(out.split('\n').slice(0, 3)).toEqual([
      'door ruang-server: 1 inside, 3 more may be',
      expect.stringMatching(/^ {2}s_AAAAAA\.\.\. since .*Z, may be inside: entered so long ago/),
      expect.stringMatching(/^ {2}s_BBBBBB\.\.\. since .*Z, inside$/),
    ]);
    expect(out).not.toContain(personOf('B'));
  });

  it('DC20: a door that sees nobody leave says so', async () => {
    const config = readFileSync(file, 'utf8');
    writeFileSync(file, config.replace(/ {6}exit: .*\n/, ''));
    expect((await run()).out).toContain('no exit reader');
    expect(await listed()).toMatchObject({ rooms: [{ isExitSeen: false }] });
    writeFileSync(file, config);
    expect((await run()).out).not.toContain('no exit reader');
  });

  it('DC20: a gateway without a journal has no list', async () => {
    const elsewhere = join(folder, 'other.yaml');
    writeFileSync(elsewhere, 'id: [');
    const wrong = await runCaptured({ muster: musterCommand }, 'muster', '--config', elsewhere);
    expect(wrong.exitCode).toBe(2);
    writeFileSync(join(folder, 'data', 'journal.db'), 'no database at all');
    expect((await run()).errors).toContain('(journal-failed)');
    rmSync(join(folder, 'data'), { recursive: true });
    expect(await run()).toMatchObject({
      exitCode: 2,
      out: '',
      errors: 'palang muster: the journal of this gateway cannot be read (journal-missing)\n',
    });
  });
});
