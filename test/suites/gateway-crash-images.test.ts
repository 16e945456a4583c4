import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeBase64Url, equalBytes } from '#contract/bytes';
import { doesOpen, type Opening } from '#contract/commitment';
import { EMPTY_FRONTIER, appendLeaf, leafHash } from '#contract/merkle';
import { COMMITTED_FIELDS, NO_PREVIOUS_HASH, decodeRecord } from '#contract/record';
import { openJournal } from '../../gateway/journal/journal.ts';
import { findCommand } from '../../deploy/system-needs.mjs';
import {
  GATEWAY,
  SITE,
  TestSite,
  createFakeClock,
  createSeededRandom,
  hmacSha256,
  makeFolder,
  sha256,
} from './gateway-world.ts';
import {
  STRACE_OPTIONS,
  TracedDisk,
  imageKey,
  parseTrace,
  type DiskImage,
  type Operation,
} from './traced-disk.ts';

const ENTRIES = 16;
const START_EVERY = 12;
const WRITER = fileURLToPath(new URL('crash-image-writer.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const strace = findCommand('strace');

function whyNoTrace(): string | null {
  if (strace === undefined) return 'no strace';
  return spawnSync(strace, ['-o', '/dev/null', '/bin/true']).status === 0
    ? null
    : 'strace may not trace here';
}

const whyNot = whyNoTrace();
const folder = makeFolder();
afterAll(() => folder.remove());
beforeEach((context) => {
  if (whyNot !== null) context.skip(whyNot);
});

/** What stands in a journal that was opened after the power came back. */
interface Found {
  readonly size: number;
  /** Numbers of the entries that were granted. */
  readonly grants: ReadonlySet<number>;
  /** Invariants that do not hold. */
  readonly faults: readonly string[];
}

interface Report {
  readonly images: number;
  readonly distinct: number;
  /** Images in which a record is missing that was promised to be there. */
  readonly withLoss: number;
  /** Images in which a lock was released for an entry that is not recorded. */
  readonly withSilentOpening: number;
  readonly faults: readonly string[];
  readonly sizes: ReadonlySet<number>;
  /** Some of the images, with the records that had been promised by then. */
  readonly samples: readonly { readonly image: DiskImage; readonly promisedSize: number }[];
  /** Checkpoints that moved the WAL into the main file while the journal ran. */
  readonly checkpoints: number;
}

const random = (seed: string): (() => number) => {
  const source = createSeededRandom(seed);
  return () => new DataView(source.bytes(4).buffer).getUint32(0) / 2 ** 32;
};

function layOut(image: DiskImage, name: string): string {
  const dir = join(folder.path, name);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
  for (const [path, content] of image) writeFileSync(join(dir, path), content);
  return dir;
}

/** Opens an image with SQLite alone and holds it against the invariants I3 and I14. */
function inspect(image: DiskImage): Found {
  const faults: string[] = [];
  const grants = new Set<number>();
  const db = new Database(join(layOut(image, 'image'), 'journal.db'));
  try {
    // Reading only: what recovery writes here is thrown away.
    db.pragma('synchronous = OFF');
    if (db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'records'`).get() === undefined) {
      return { size: 0, grants, faults };
    }
    const rows = db
      .prepare<[], { sq: number; body: Uint8Array; hash: Uint8Array }>('SELECT * FROM records ORDER BY sq')
      .all();
    const openings = new Map(
      db
        .prepare<[], { sq: number; field: Opening['field']; salt: Uint8Array; value: string }>(
          'SELECT sq, field, salt, value FROM openings',
        )
        .all()
        .map((row) => [`${row.sq}/${row.field}`, row]),
    );
    const intents = new Set<number>();
    let link = NO_PREVIOUS_HASH;
    let frontier = EMPTY_FRONTIER;
    for (const [index, row] of rows.entries()) {
      const record = decodeRecord(row.body);
      const hash = leafHash(sha256, row.body);
      if (!record.ok || row.sq !== index || record.value.sq !== index || record.value.ph !== link) {
        faults.push(`I3: record ${index} is not the next one`);
        break;
      }
      if (!equalBytes(hash, row.hash)) faults.push(`I14: the hash of record ${index} is another`);
      link = encodeBase64Url(hash);
      frontier = appendLeaf(sha256, frontier, hash);
      const { ty, c, x } = record.value;
      if (ty === 'access.granted') {
        grants.add(index);
        intents.add(index);
      }
      if (ty === 'access.outcome') intents.delete(Number(x['of']));
      for (const field of COMMITTED_FIELDS) {
        const commitment = c?.[field];
        const opening = openings.get(`${index}/${field}`);
        if (commitment === undefined && opening === undefined) continue;
        const isOpened =
          commitment !== undefined &&
          opening !== undefined &&
          doesOpen(
            hmacSha256,
            {
              gw: GATEWAY,
              ep: 1,
              sq: index,
              field,
              salt: encodeBase64Url(opening.salt),
              value: opening.value,
            },
            commitment,
          );
        if (!isOpened) faults.push(`I14: the opening of ${field} of record ${index} does not move with it`);
        openings.delete(`${index}/${field}`);
      }
    }
    if (openings.size > 0) faults.push('I14: openings without their records');
    const head = db
      .prepare<[], { size: number; peaks: Uint8Array; intents: string }>('SELECT * FROM head')
      .get();
    const served = db.prepare<[], { value: string }>(`SELECT value FROM settings WHERE key = 'served'`).get();
    if (head?.size !== rows.length) faults.push('I14: the head counts other records than there are');
    if (!equalBytes(head?.peaks ?? new Uint8Array(1), Buffer.concat(frontier.peaks))) {
      faults.push('I14: the frontier is another');
    }
    if (head?.intents !== JSON.stringify([...intents])) faults.push('I14: the open entries are others');
    if (Number(served?.value ?? 0) !== grants.size) faults.push('I14: the counter is another');
    return { size: rows.length, grants, faults };
  } finally {
    db.close();
  }
}

/** Runs the real writer of the journal under strace. */
async function traceWriter(synchronous: 'FULL' | 'NORMAL'): Promise<readonly Operation[]> {
  const dir = join(folder.path, synchronous);
  const file = `${dir}.trace`;
  const writer = [process.execPath, '--import', 'tsx', WRITER, dir, synchronous, String(ENTRIES)];
  await promisify(execFile)(strace ?? '', [...STRACE_OPTIONS, '-o', file, ...writer], { cwd: ROOT });
  return parseTrace(readFileSync(file, 'latin1'), dir);
}

/** Cuts the power after each thing that the writer did, in every way that the disk could take it. */
async function enumerate(synchronous: 'FULL' | 'NORMAL'): Promise<Report> {
  const disk = new TracedDisk();
  const chance = random('images');
  const known = new Map<string, Found>();
  const report = { images: 0, withLoss: 0, withSilentOpening: 0, checkpoints: 0 };
  const faults = new Set<string>();
  const samples: { image: DiskImage; promisedSize: number }[] = [];
  const pulses: number[] = [];
  let promisedSize = 0;
  for (const operation of await traceWriter(synchronous)) {
    disk.perform(operation);
    if (operation.kind === 'said') {
      // The compiler that the writer starts speaks on a standard output of its own.
      const [, word, number] = /^(pulse|size) (\d+)\n$/.exec(operation.text) ?? [];
      if (word === 'pulse') pulses.push(Number(number));
      if (word === 'size') promisedSize = Number(number);
    }
    if (operation.kind === 'sync' && operation.path === 'journal.db' && promisedSize > 0)
      report.checkpoints += 1;
    for (const image of [
      disk.dropped(),
      disk.kept(),
      disk.scattered(chance),
      disk.scattered(chance),
      disk.torn(chance),
      disk.torn(chance),
    ]) {
      const key = imageKey(image);
      let found = known.get(key);
      if (found === undefined) {
        found = inspect(image);
        known.set(key, found);
        if (known.size % START_EVERY === 0) samples.push({ image, promisedSize });
      }
      report.images += 1;
      if (found.size < promisedSize) report.withLoss += 1;
      if (pulses.some((sq) => found.grants.has(sq) === false)) report.withSilentOpening += 1;
      for (const fault of found.faults) faults.add(fault);
    }
  }
  const sizes = new Set(Array.from(known.values(), ({ size }) => size));
  return { ...report, distinct: known.size, faults: [...faults], sizes, samples };
}

let enumerated: Promise<Report> | undefined;
const full = (): Promise<Report> => (enumerated ??= enumerate('FULL'));

/** What has to hold whenever the power goes. */
function expectNothingLost({ withLoss, withSilentOpening, faults }: Report): void {
  expect({ withLoss, withSilentOpening, faults }).toEqual({ withLoss: 0, withSilentOpening: 0, faults: [] });
}

describe('the journal on a disk that loses what was not synced (strace)', () => {
  it('GJ15: no power cut loses an acknowledged record, opens a lock unrecorded or leaves half an append', async () => {
    const report = await full();
    expectNothingLost(report);
    // An enumeration that saw no checkpoint, no half-written append and few images would be blind.
    expect(report.images).toBeGreaterThan(1500);
    expect(report.distinct).toBeGreaterThan(500);
    expect(report.checkpoints).toBeGreaterThan(3);
    expect(report.sizes.size).toBeGreaterThan(ENTRIES);
  }, 60_000);

  it('GJ15: the same enumeration finds the loss where synchronous is NORMAL', async () => {
    const report = await enumerate('NORMAL');
    expect(report.withLoss).toBeGreaterThan(100);
    expect(report.withSilentOpening).toBeGreaterThan(100);
    expect(() => expectNothingLost(report)).toThrow('withLoss');
    // What is left is whole all the same: NORMAL loses the end, it does not mix.
    expect(report.faults).toEqual([]);
  }, 60_000);

  it('GJ15: the gateway starts from what a power cut left and goes on behind it', async () => {
    const site = new TestSite();
    const { samples } = await full();
    for (const [turn, { image, promisedSize }] of samples.entries()) {
      const clock = createFakeClock();
      const journal = openJournal(
        layOut(image, 'start'),
        { site: SITE, gateway: GATEWAY, epoch: 1, signer: site.gateway },
        { clock, random: createSeededRandom(`start ${turn}`), timeFloor: () => clock.floorMs() },
      );
      const before = journal.size();
      expect(before).toBeGreaterThanOrEqual(promisedSize);
      expect(journal.beginBoot('1').at(0)?.sq).toBe(before);
      journal.close();
    }
    expect(samples.length).toBeGreaterThan(40);
  }, 60_000);
});
