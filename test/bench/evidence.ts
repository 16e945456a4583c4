import {
  createHash,
  createHmac,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import Database from 'better-sqlite3';
import { utf8 } from '#contract/bytes';
import { asEpochMs, asMonoMs, type Clock } from '#contract/clock';
import {
  EMPTY_FRONTIER,
  appendLeaf,
  frontierRoot,
  inclusionProof,
  isIncluded,
  leafHash,
} from '#contract/merkle';
import {
  NO_PREVIOUS_HASH,
  decodeRecord,
  encodeRecord,
  journalNoteKey,
  recordHash,
  type JournalRecord,
} from '#contract/record';
import { walkLog } from '#contract/log-walk';
import { openJournal, type Journal } from '../../gateway/journal/journal.ts';
import { judgeBatch, type StoredJournal } from '../../server/audit/check-batch.ts';
import { percentile } from './badge-to-relay.ts';
import type { BenchGroup, Figure } from './figure.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const hmac = (key: Uint8Array, message: Uint8Array): Uint8Array =>
  createHmac('sha256', key).update(message).digest();
const SITE = 'bench';
const GATEWAY = 'gw-bench';
const NOW = Date.UTC(2026, 2, 12, 3, 0);

const clock: Clock = {
  epochMs: () => asEpochMs(NOW + Math.floor(performance.now())),
  monoMs: () => asMonoMs(Math.floor(performance.now())),
  trust: () => 3,
  interval: () => ({ lo: asEpochMs(NOW), hi: NOW }),
  sleepUntil: () => Promise.resolve(),
};

function makeSigner(): { publicKey: Uint8Array; sign: (message: Uint8Array) => Uint8Array; key: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'),
    sign: (message) => sign(null, message, privateKey),
    key: publicKey,
  };
}

function inFolder<T>(work: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'palang-bench-'));
  try {
    return work(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function openBenchJournal(dir: string): Journal {
  const journal = openJournal(
    dir,
    { site: SITE, gateway: GATEWAY, epoch: 1, signer: makeSigner() },
    { clock, random: { bytes: (count) => randomBytes(count) }, timeFloor: () => asEpochMs(NOW) },
  );
  journal.beginBoot('bench');
  return journal;
}

const grant = {
  ty: 'access.granted',
  door: 'ruang-server',
  dir: 'in',
  pol: 7,
  c: { sub: `s_${'A'.repeat(22)}`, pm: `pm_${'B'.repeat(22)}`, cred: `c_${'C'.repeat(43)}` },
  x: { checked: ['credential', 'permit', 'hours'] },
} as const;

const p50 = (times: readonly number[]): number =>
  percentile(
    times.toSorted((a, b) => a - b),
    0.5,
  );

function figure(name: string, unit: string, value: number, baseline: number, n: number): Figure {
  const round = (each: number): number => Number(each.toPrecision(4));
  return { name, value: round(value), unit, baseline: round(baseline), ratio: round(value / baseline), n };
}

/** A grant with its openings, committed to the disk, beside one bare insert of as many bytes, committed the same way. */
export const benchJournalDecision: BenchGroup = (n, tell) => {
  tell(`journal.decision: ${n * 5} grants`);
  return Promise.resolve(
    inFolder((dir) => {
      const journal = openBenchJournal(join(dir, 'journal'));
      const bare = new Database(join(dir, 'bare.db'));
      for (const pragma of ['journal_mode = WAL', 'synchronous = FULL']) bare.pragma(pragma);
      bare.exec('CREATE TABLE t (n INTEGER PRIMARY KEY, body BLOB)');
      const insert = bare.prepare('INSERT INTO t (body) VALUES (?)');
      const body = randomBytes(420);
      const took: { own: number[]; bare: number[] } = { own: [], bare: [] };
      for (let round = -20; round < n * 5; round++) {
        const began = performance.now();
        journal.append([grant]);
        const between = performance.now();
        insert.run(body);
        const ended = performance.now();
        if (round < 0) continue;
        took.own.push((between - began) * 1000);
        took.bare.push((ended - between) * 1000);
      }
      journal.close();
      bare.close();
      return [figure('journal.decision', 'us', p50(took.own), p50(took.bare), n * 5)];
    }),
  );
};

const INGEST = [1, 50, 500] as const;

/** Judging a batch as the server does before it stores it, a record, beside hashing the same bytes once. */
export const benchIngest: BenchGroup = (n, tell) =>
  Promise.resolve(
    inFolder((dir) => {
      const journal = openBenchJournal(join(dir, 'journal'));
      const first = journal.readBatch(0);
      journal.append(Array.from({ length: 500 }, () => grant));
      if (first === null) throw new Error('the journal of the bench is empty');
      let frontier = EMPTY_FRONTIER;
      for (const text of first.entries) frontier = appendLeaf(sha256, frontier, leafHash(sha256, utf8(text)));
      const stored: StoredJournal = {
        siteId: SITE,
        gatewayId: GATEWAY,
        epoch: 1,
        key: new Uint8Array(32),
        generation: first.gen,
        size: frontier.size,
        head: journal.hashAt(frontier.size) ?? NO_PREVIOUS_HASH,
        frontier,
        origin: 'enrolled',
        limit: null,
        previous: null,
      };
      const batch = journal.readBatch(frontier.size);
      journal.close();
      if (batch === null) throw new Error('the journal of the bench has no end');
      return INGEST.map((size) => {
        tell(`ingest.${size}`);
        const entries = batch.entries.slice(0, size);
        const upload = {
          ...batch,
          entries,
          openings: batch.openings.filter(({ sq }) => sq < frontier.size + size),
        };
        const bytes = entries.map((text) => utf8(text));
        const took: { own: number[]; bare: number[] } = { own: [], bare: [] };
        const rounds = Math.max(20, Math.ceil((n * 10) / size));
        for (let round = -3; round < rounds; round++) {
          const began = performance.now();
          const judged = judgeBatch({ sha256, hmac }, stored, { previous: batch.prev, texts: [] }, upload);
          const between = performance.now();
          for (const each of bytes) sha256(each);
          const ended = performance.now();
          if (!judged.ok) throw new Error(judged.error.reason);
          if (round < 0) continue;
          took.own.push(((between - began) * 1000) / size);
          took.bare.push(((ended - between) * 1000) / size);
        }
        return figure(`ingest.${size}`, 'us/record', p50(took.own), p50(took.bare), rounds * size);
      });
    }),
  );

/** A long log as bytes, with its leaf hashes. */
function makeLog(size: number, tell: (line: string) => void): { bytes: Uint8Array; leaves: Uint8Array[] } {
  const parts: Buffer[] = [];
  const leaves: Uint8Array[] = [];
  let ph = NO_PREVIOUS_HASH;
  for (let sq = 0; sq < size; sq++) {
    const record: JournalRecord = {
      v: 1,
      gw: GATEWAY,
      ep: 1,
      sq,
      bt: 1,
      t: NOW + sq,
      tq: 3,
      mo: sq,
      ty: 'door.opened',
      door: 'ruang-server',
      ph,
      x: {},
    };
    const bytes = encodeRecord(record);
    leaves.push(leafHash(sha256, bytes));
    ph = recordHash(sha256, bytes);
    parts.push(Buffer.from(bytes), LINE_END);
    if (sq % 250_000 === 249_999) tell(`verify: ${sq + 1} of ${size} records made`);
  }
  return { bytes: Buffer.concat(parts), leaves };
}
const LINE_END = Buffer.from('\n');

/**
 * Verifying a log of that many records, a record, beside hashing their bytes; then proofs of single records out of it,
 * beside one verification of a signature.
 */
export const benchVerify =
  (name: string, size: number): BenchGroup =>
  async (n, tell) => {
    const { bytes, leaves } = makeLog(size, tell);
    const signer = makeSigner();
    let frontier = EMPTY_FRONTIER;
    for (const leaf of leaves) frontier = appendLeaf(sha256, frontier, leaf);
    const root = frontierRoot(sha256, frontier);
    const key = journalNoteKey(SITE, GATEWAY, 1, signer.publicKey);
    const checkpoint = { line: 1, size, root, signer: key, cosignedAtSeconds: null };
    tell(`verify: ${size} records`);
    const began = performance.now();
    const walked = await walkLog(
      {
        file: 'bench',
        sha256,
        read: (line) => {
          const record = decodeRecord(line);
          return record.ok ? record.value : null;
        },
        checkpoints: [checkpoint],
        onBytes: () => undefined,
      },
      bytes,
    );
    const took = performance.now() - began;
    if (!walked.ok) throw new Error(walked.error.words);
    const hashing = performance.now();
    for (let from = 0; from < bytes.length;) {
      const end = bytes.indexOf(0x0a, from);
      sha256(bytes.subarray(from, end));
      from = end + 1;
    }
    const hashed = performance.now() - hashing;

    const message = randomBytes(190);
    const signature = signer.sign(message);
    const times: { make: number[]; check: number[]; bare: number[] } = { make: [], check: [], bare: [] };
    let hashes = 0;
    // Making a proof reads the whole tree here; a few are enough.
    const proofs = Math.min(n, 10);
    for (let round = 0; round < proofs; round++) {
      const index = Math.floor((size / proofs) * round);
      const start = performance.now();
      const proof = inclusionProof(sha256, leaves, index);
      const made = performance.now();
      const isThere = isIncluded(sha256, { index, size, leaf: leaves[index] ?? root, root }, proof);
      const checked = performance.now();
      if (!isThere || !verify(null, message, signer.key, signature)) throw new Error('a proof does not hold');
      times.bare.push((performance.now() - checked) * 1000);
      times.make.push((made - start) * 1000);
      times.check.push((checked - made) * 1000);
      hashes = Math.max(hashes, proof.length);
    }
    return [
      figure(name, 'us/record', (took * 1000) / size, (hashed * 1000) / size, size),
      figure(`${name}.proof-check`, 'us', p50(times.check), p50(times.bare), proofs),
      figure(`${name}.proof-make`, 'us', p50(times.make), hashed * 1000, proofs),
      figure(`${name}.proof-bytes`, 'bytes', hashes * 32, size * 32, proofs),
    ];
  };
