import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { approvalChallenge } from '#contract/approval';
import { verifyBundle, type BundlePorts } from '#contract/bundle';
import { checkExtension } from '#contract/bundle-extension';
import {
  BUNDLE_PATHS,
  encodeCheckpoints,
  encodeOpening,
  journalPath,
  splitCheckpoints,
} from '#contract/bundle-format';
import { concatBytes, encodeBase64Url, utf8 } from '#contract/bytes';
import { checkDigests, type DigestFile } from '#contract/digest-check';
import type { CanonicalValue } from '#contract/canonical';
import type { Opening } from '#contract/commitment';
import { closeMessage, keyHash, type PreviousEpoch } from '#contract/epoch';
import { EVENT_TYPE_NAMES } from '#contract/event';
import { encodeEventProof, verifyEventProof } from '#contract/event-proof';
import { leafHash, rootOfLeaves } from '#contract/merkle';
import { NO_PREVIOUS_HASH, recordHash, type JournalRecord } from '#contract/record';
import { rootHash } from '#contract/root-document';
import type { Approval, SiteLogEntry } from '#contract/site-log';
import type { Assertion } from '#contract/webauthn';
import vectors from '../../server/contract/vectors/digest.json';
import { exportEvidence } from '../../server/audit/evidence-desk.ts';
import { createSigner } from '../../gateway/crypto-ports.ts';
import { openJournal } from '../../gateway/journal/journal.ts';
import {
  createRememberingPorts,
  flipBit,
  joinLines,
  linesOf,
  notesOf,
  replaceAt,
  swapped,
  text,
  withFile,
  type Files,
} from '../contract/bundle-edits.ts';
import { digestFile, digestOf, growingBundle } from '../contract/digest-fixture.ts';
import { makePasskey, RP } from '../contract/approver-fixture.ts';
import {
  gatewayKey,
  JOURNALS,
  makeBundle,
  rootBody,
  rootKey,
  signRoot,
  SITE,
  START_MS,
} from '../contract/evidence-fixture.ts';
import { sha256, testKey } from '../contract/test-keys.ts';
import { openSecondVerifier, whyNoPython, type SecondVerifier } from '../verifier/second-verifier.ts';
import { DOOR, enrolFakeGateway, GATEWAY, openTestServer, SITE_ID } from './server-harness.ts';

const JOURNAL = 'journal/gw-arsip/1.jsonl';
const NOTES = 'journal/gw-arsip/1.checkpoints';
const RECORD_FILES = [JOURNAL, 'journal/gw-ruang-server/1.jsonl', BUNDLE_PATHS.siteLog] as const;
const PROGRAM = fileURLToPath(new URL('../verifier/verify_bundle.py', import.meta.url));

const approvers = [
  makePasskey(`s_${'A'.repeat(22)}`),
  makePasskey(`s_${'B'.repeat(22)}`, 'OKP', ['ruang-server']),
] as const;
const approved = { req: NO_PREVIOUS_HASH, at: 1, d: [NO_PREVIOUS_HASH] };
const trustBody = rootBody(2, {
  approvers: approvers.map(({ approver }) => approver),
  approval: { rp: RP, needs: { strict: 2, glass: 2 }, weak: 'session' },
  maxLimits: { temp: 3600 },
  revoked: [{ gw: 'gw-lama', ep: 7 }],
});
const trustChain = [signRoot(rootBody(1), { 'root-1': rootKey }), signRoot(trustBody, { 'root-1': rootKey })];

const whyNot = whyNoPython();
const ports: BundlePorts = createRememberingPorts();
const genuine = await makeBundle();
let second: SecondVerifier | undefined;

beforeAll(() => {
  if (whyNot === null) second = openSecondVerifier(genuine);
});
afterAll(() => second?.close());
beforeEach((context) => {
  if (whyNot !== null) context.skip(whyNot);
});

type Answer = 'yes' | { readonly file: string; readonly line: number | null; readonly reason: string };

async function firstAnswer(files: Files): Promise<Answer> {
  const verdict = await verifyBundle(files, ports);
  if (verdict.ok) return 'yes';
  const { file, line, reason } = verdict.error;
  return { file, line, reason };
}

async function secondAnswer(files: Files): Promise<Answer> {
  const verdict = await second!.verify(files);
  return verdict.ok ? 'yes' : { file: verdict.file, line: verdict.line, reason: verdict.reason };
}

type Variant = readonly [name: string, files: Files];

/** Asks both about every variant; all of them must be refused, at the same place. */
async function compare(variants: Iterable<Variant>): Promise<number> {
  let count = 0;
  for (const [name, files] of variants) {
    const [first, other] = await Promise.all([firstAnswer(files), secondAnswer(files)]);
    expect({ name, answer: other }).toEqual({ name, answer: first });
    expect({ name, isRefused: other !== 'yes' }).toEqual({ name, isRefused: true });
    count += 1;
  }
  return count;
}

const withLines = (path: string, edit: (lines: Uint8Array[]) => Uint8Array[]): Files =>
  withFile(genuine, path, joinLines(edit(linesOf(genuine, path))));

function* tamperedRecords(path: string): Generator<Variant> {
  const lines = linesOf(genuine, path);
  const whole = genuine.get(path)!;
  for (const [i, line] of lines.entries()) {
    const { t, ph, sq } = JSON.parse(text(line)) as JournalRecord;
    const said = text(line);
    const variants: Record<string, (all: Uint8Array[]) => Uint8Array[]> = {
      'one bit': (all) => replaceAt(all, i, flipBit(line, (i * 37) % line.length, i % 7)),
      'another time': (all) => replaceAt(all, i, utf8(said.replace(`"t":${t}`, `"t":${t + 1}`))),
      'another link': (all) => replaceAt(all, i, utf8(said.replace(ph, `${ph.slice(0, -1)}Q`))),
      'another number': (all) => replaceAt(all, i, utf8(said.replace(`"sq":${sq}`, `"sq":${sq + 40}`))),
      removed: (all) => replaceAt(all, i),
      twice: (all) => replaceAt(all, i, line, line),
      'forged before': (all) => all.toSpliced(i, 0, utf8(said.replace(`"t":${t}`, `"t":${t - 1}`))),
      'garbage before': (all) => all.toSpliced(i, 0, utf8('{}')),
      'at the start': (all) => [line, ...all],
      'at the end': (all) => [...all, line],
      swapped: (all) => swapped(all, i, (i + 1) % lines.length),
      'swapped with the last': (all) => swapped(all, i, lines.length - 1),
      truncated: (all) => all.slice(0, i),
      'new links from here': (all) => relink(all, i),
    };
    for (const [name, edit] of Object.entries(variants)) {
      const files = withLines(path, edit);
      // The last record at the end, or swapped with itself, is the bundle as it was.
      if (text(files.get(path)) !== text(whole)) yield [`${path} ${sq} ${name}`, files];
    }
    const cut = joinLines(lines.slice(0, i)).length + 20;
    yield [`${path} ${sq} cut inside`, withFile(genuine, path, whole.subarray(0, cut))];
  }
  yield [`${path} without the last line end`, withFile(genuine, path, whole.slice(0, -1))];
  for (const extra of ['\n', 'x', '{}\n', '\r\n']) {
    yield [`${path} and ${JSON.stringify(extra)}`, withFile(genuine, path, concatBytes(whole, utf8(extra)))];
  }
  yield [`${path} by CR LF`, withFile(genuine, path, utf8(text(whole).replaceAll('\n', '\r\n')))];
}

/** Forges a record, and every link after it, as who owns the files but no key can. */
function relink(lines: readonly Uint8Array[], from: number): Uint8Array[] {
  let link = '';
  return lines.map((line, index) => {
    if (index < from) return line;
    const { t, ph } = JSON.parse(text(line)) as JournalRecord;
    const linked = text(line)
      .replace(`"ph":"${ph}"`, `"ph":"${index === from ? ph : link}"`)
      .replace(`"t":${t}`, `"t":${t + (index === from ? 1 : 0)}`);
    link = recordHash(sha256, utf8(linked));
    return utf8(linked);
  });
}

function* tamperedNotes(path: string): Generator<Variant> {
  const whole = genuine.get(path)!;
  const notes = notesOf(genuine, path);
  const withNotes = (edited: readonly string[]): Files => withFile(genuine, path, encodeCheckpoints(edited));
  for (const [i, part] of [...splitCheckpoints(whole)].entries()) {
    for (let place = i % 5; place < part.bytes.length; place += 7) {
      const offset = part.bytes.byteOffset - whole.byteOffset + place;
      yield [`${path} note ${i} byte ${place}`, withFile(genuine, path, flipBit(whole, offset, place % 7))];
    }
    const note = notes[i]!;
    const shorter = replaceAt(notes, i);
    // A site log note that is not the last one says nothing that the last one does not.
    if (path !== BUNDLE_PATHS.siteCheckpoints || i === notes.length - 1) {
      yield [`${path} note ${i} removed`, withNotes(shorter)];
    }
    yield [`${path} note ${i} twice`, withNotes(replaceAt(notes, i, note, note))];
    yield [`${path} note ${i} at the end`, withNotes([...notes, note])];
    if (i > 0) yield [`${path} note ${i} swapped`, withNotes(swapped(notes, i - 1, i))];
    for (const keptLines of path === BUNDLE_PATHS.siteCheckpoints ? [4] : [4, 5]) {
      const unsigned = `${note.split('\n').slice(0, keptLines).join('\n')}\n`;
      yield [`${path} note ${i}, ${keptLines} lines`, withNotes(replaceAt(notes, i, unsigned))];
    }
    yield [`${path} note ${i} of another log`, withNotes(replaceAt(notes, i, foreignNote(path)))];
  }
  for (const [name, bytes] of [
    ['empty', new Uint8Array()],
    ['cut', whole.slice(0, -1)],
    ['ends with a separator', concatBytes(whole, utf8('---\n'))],
    ['ends with half a separator', concatBytes(whole, utf8('---'))],
    ['begins with a separator', concatBytes(utf8('---\n'), whole)],
    ['an empty line more', concatBytes(whole, utf8('\n'))],
  ] as const) {
    yield [`${path} ${name}`, withFile(genuine, path, bytes)];
  }
}

const foreignNote = (path: string): string =>
  notesOf(genuine, path === NOTES ? 'journal/gw-arsip/2.checkpoints' : NOTES)[0]!;

function* tamperedOpenings(): Generator<Variant> {
  const path = BUNDLE_PATHS.openings;
  const lines = linesOf(genuine, path);
  for (const [i, line] of lines.entries()) {
    const opening = JSON.parse(text(line)) as Opening;
    const forged = (change: Partial<Opening>): Uint8Array => encodeOpening({ ...opening, ...change });
    for (let place = i % 11; place < line.length; place += 29) {
      const flipped = flipBit(line, place, (place + i) % 7);
      yield [`opening ${i} byte ${place}`, withLines(path, (all) => replaceAt(all, i, flipped))];
    }
    const variants: Record<string, (all: Uint8Array[]) => Uint8Array[]> = {
      'another value': (all) => replaceAt(all, i, forged({ value: 's_orang-lain' })),
      'another salt': (all) => replaceAt(all, i, forged({ salt: NO_PREVIOUS_HASH })),
      'a salt that is none': (all) => replaceAt(all, i, forged({ salt: `${opening.salt.slice(0, -1)}B` })),
      'of another record': (all) => replaceAt(all, i, forged({ sq: opening.sq + 1 })),
      'of another gateway': (all) => replaceAt(all, i, forged({ gw: '\ufffd\u{1f6aa}' })),
      removed: (all) => replaceAt(all, i),
      truncated: (all) => all.slice(0, i),
      twice: (all) => replaceAt(all, i, line, line),
      'garbage before': (all) => replaceAt(all, i, utf8('{}'), line),
      swapped: (all) => swapped(all, i, (i + 1) % lines.length),
      'at the end': (all) => [...replaceAt(all, i), line],
    };
    for (const [name, edit] of Object.entries(variants)) {
      const files = withLines(path, edit);
      if (text(files.get(path)) !== text(genuine.get(path))) yield [`opening ${i} ${name}`, files];
    }
  }
  yield ['openings cut', withFile(genuine, path, genuine.get(path)!.slice(0, -1))];
}

function* tamperedFiles(): Generator<Variant> {
  for (const path of genuine.keys()) {
    const without = new Map(genuine);
    without.delete(path);
    yield [`without ${path}`, without];
  }
  for (const path of [
    'journal/gw-arsip/3.jsonl',
    'keys/root.json.bak',
    'catatan.txt',
    'journal/gw-arsip/01.jsonl',
  ]) {
    yield [`with ${path}`, new Map(genuine).set(path, utf8('x'))];
    yield [`with ${path} in the index`, withFile(genuine, path, utf8('x'))];
  }
  for (const path of [BUNDLE_PATHS.index, BUNDLE_PATHS.root]) {
    const whole = genuine.get(path)!;
    for (let place = 0; place < whole.length; place += 5) {
      yield [`${path} byte ${place}`, new Map(genuine).set(path, flipBit(whole, place, place % 7))];
    }
    yield [`${path} without its line end`, new Map(genuine).set(path, whole.slice(0, -1))];
  }
  for (const path of genuine.keys()) {
    const files = new Map(genuine);
    yield [`${path} empty`, files.set(path, new Uint8Array())];
  }
}

describe('the second verifier', () => {
  it('C31: says yes to what the first says yes to, with the same counts', async () => {
    const instant = (minute: number): string => new Date(START_MS + minute * 60_000).toISOString();
    const keys = { ...rootBody(1).keys, 'root-2': testKeyText('root 2'), 'log-2': testKeyText('log 2') };
    const two = rootBody(2, {
      keys,
      singleOfficial: false,
      roles: {
        ...rootBody(1).roles,
        root: { keys: ['root-1', 'root-2'], threshold: 2 },
        log: { keys: ['log-2', 'log-1'], threshold: 1 },
      },
    });
    const chain = [
      signRoot(rootBody(1), { 'root-1': rootKey }),
      signRoot(two, { 'root-1': rootKey, 'root-2': testKey('root 2') }),
    ];
    const bundles: readonly Files[] = [
      genuine,
      await makeBundle({ journals: [] }),
      await makeBundle({ records: 1 }),
      await makeBundle({ every: 1 }),
      await makeBundle({ records: 70, every: 100 }),
      await makeBundle({ period: { from: instant(4), until: instant(7) } }),
      await makeBundle({ chain }),
    ];
    for (const files of bundles) {
      const first = await verifyBundle(files, ports);
      if (!first.ok) throw new Error(first.error.words);
      const { counts, fingerprint } = first.value;
      expect(await second!.verify(files)).toEqual({
        ok: true,
        counts,
        fingerprint: fingerprint.replaceAll(' ', ''),
      });
    }
  }, 60_000);

  it('C31: knows every event, every kind of site log record and every value that a record can hold', async () => {
    const values: CanonicalValue[] = [
      { 'kunci "a"\\': 'Café — 水 🚪 \u0000\u001f\u007f\u2028\ufeff', '': [[], {}, null, true, false] },
      { n: [0, -1, 9007199254740991, -9007199254740991] },
      [[[[[[[[[[[[[['dalam']]]]]]]]]]]]]],
    ];
    const hash = NO_PREVIOUS_HASH;
    // What is appended again needs an epoch before: the suite of epochs has it.
    const names = EVENT_TYPE_NAMES.filter((name) => name !== 'journal.reclaimed');
    const extra: SiteLogEntry[] = [
      { ty: 'gateway.revoked', x: { gw: 'gw-lama', ep: 7 } },
      { ty: 'root.published', x: { v: 2, root: rootHash(sha256, trustBody) } },
      { ty: 'approval.recorded', x: approvers[0].approve(approved, SITE) },
      { ty: 'approval.recorded', x: approvers[1].approve(approved, SITE) },
      { ty: 'permit.revoked', x: { h: hash } },
      { ty: 'rules.changed', x: { h: hash } },
      { ty: 'log.reviewed', x: { h: hash } },
      {
        ty: 'epoch.opened',
        x: { gw: 'gw-lama', ep: 8, why: 'conflict', prev: { ep: 7, size: 0, root: hash } },
      },
      { ty: 'epoch.opened', x: { gw: 'gw-lama', ep: 9, why: 'storage' } },
      { ty: 'journal.conflicted', x: { gw: 'gw-lama', ep: 7, why: 'fenced', h: hash } },
      { ty: 'server.rollback', x: { gw: 'gw-lama', ep: 7, size: 0, had: 3, root: hash } },
      { ty: 'server.restored', x: { made: 1 } },
      { ty: 'tail.unrecovered', x: { gw: 'gw-lama', ep: 7, from: 3 } },
      { ty: 'tail.unrecovered', x: { gw: 'gw-lama', ep: 7, from: 3, known: 2 } },
      {
        ty: 'approval.recorded',
        x: { req: hash, decision: 'rejected', by: `s_${'b'.repeat(22)}`, at: 1, m: 'passkey' },
      },
    ];
    const files = await makeBundle({
      chain: trustChain,
      records: names.length,
      journals: JOURNALS.slice(0, 1),
      facts: (sq) => ({
        ty: names[sq] ?? 'boot',
        dir: sq % 2 === 0 ? 'in' : 'out',
        rs: 'é'.repeat(40),
        pol: sq,
        x: { v: values[sq % values.length] ?? null },
      }),
      siteEntries: (entries) => [...entries, ...extra],
    });
    expect(await firstAnswer(files)).toBe('yes');
    expect(await secondAnswer(files)).toBe('yes');
  });

  it('C31, C55: judge the same epochs, the ends that they go on from, and what is appended again', async () => {
    const gateway = JOURNALS[1]!.gateway;
    const journals = JOURNALS.slice(1);
    const [one, two] = journals.map((id) => gatewayKey(id));
    const plain = await makeBundle({ journals });
    const lines = linesOf(plain, journalPath(gateway, 1));
    const size = 4;
    const leaves = lines.slice(0, size).map((line) => leafHash(sha256, line));
    const prev: PreviousEpoch = { ep: 1, size, root: encodeBase64Url(rootOfLeaves(sha256, leaves)) };
    const closed = (end: PreviousEpoch, by = one!): string =>
      encodeBase64Url(by.sign(closeMessage(gateway, end, keyHash(sha256, two!.publicKey))));
    const opening = { nonce: 'n', key: encodeBase64Url(two!.publicKey), why: 'conflict' };
    const again = { orig: text(lines[6]), hash: recordHash(sha256, lines[6]!) };
    const bundleWith = (
      first: Record<string, unknown>,
      reclaimed: Record<string, unknown> = again,
      told: PreviousEpoch | null = prev,
    ): Promise<Files> =>
      makeBundle({
        journals,
        facts: (sq, { epoch }) => {
          if (epoch !== 2) return {};
          if (sq === 0) return { ty: 'epoch.opened', x: { ...opening, ...first } as JournalRecord['x'] };
          return sq === 2 ? { ty: 'journal.reclaimed', x: reclaimed as JournalRecord['x'] } : {};
        },
        siteEntries: (entries) =>
          told === null
            ? entries
            : [...entries, { ty: 'epoch.opened', x: { gw: gateway, ep: 2, why: 'conflict', prev: told } }],
      });
    const genuineEpochs = await bundleWith({ prev, sig: closed(prev) });
    expect(await firstAnswer(genuineEpochs)).toBe('yes');
    expect(await secondAnswer(genuineEpochs)).toBe('yes');
    expect(await firstAnswer(await bundleWith({ prev }, again, null))).toBe('yes');

    const other = { ...prev, root: NO_PREVIOUS_HASH };
    const longer = { ...prev, size: 99 };
    const later = { ...prev, ep: 2 };
    const fresh = { ...prev, ep: 7, size: 0 };
    const bent: readonly Files[] = [
      await bundleWith({ prev: other, sig: closed(other) }, again, other),
      await bundleWith({ prev: longer, sig: closed(longer) }, again, longer),
      await bundleWith({ prev: later, sig: closed(later) }, again, later),
      await bundleWith({ prev: fresh }, again, fresh),
      await bundleWith({ prev, sig: closed(prev) }, again, other),
      await bundleWith({}),
      await bundleWith({ prev, sig: closed(other) }),
      await bundleWith({ prev, sig: closed(prev, two) }),
      await bundleWith({ prev, sig: closed(prev), why: 'whim' }),
      await bundleWith({ prev }, { ...again, hash: NO_PREVIOUS_HASH }),
      await bundleWith({ prev }, { ...again, orig: `${again.orig} ` }),
      await bundleWith({ prev }, { orig: again.orig }),
      await bundleWith({ prev }, { hash: again.hash, orig: 7 }),
      await bundleWith(
        { prev },
        {
          orig: again.orig.replace('"ep":1', '"ep":2'),
          hash: recordHash(sha256, utf8(again.orig.replace('"ep":1', '"ep":2'))),
        },
      ),
    ];
    for (const files of bent) {
      const first = await firstAnswer(files);
      expect(first).not.toBe('yes');
      expect(await secondAnswer(files)).toEqual(first);
    }
  });

  it('C31: judges the same approvals and orders', async () => {
    const genuineApproval = approvers[0].approve(approved, SITE);
    const bent = (change: (as: Assertion) => Partial<Assertion>): Approval => ({
      ...genuineApproval,
      as: { ...genuineApproval.as!, ...change(genuineApproval.as!) },
    });
    const flipped = (part: string, at: number): string => {
      const bytes = Buffer.from(part, 'base64url');
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return bytes.toString('base64url');
    };
    const challenge = approvalChallenge(sha256, { site: SITE, req: approved.req, d: approved.d });
    const answered = (changes: Parameters<(typeof approvers)[0]['answer']>[1]): Approval => ({
      ...genuineApproval,
      as: approvers[0].answer(challenge, changes),
    });
    const { as: _as, ...unsigned } = genuineApproval;
    const { d: _d, ...withoutTerms } = genuineApproval;
    const bad: readonly Approval[] = [
      unsigned,
      withoutTerms,
      makePasskey(`s_${'A'.repeat(22)}`).approve(approved, SITE),
      { ...genuineApproval, by: `s_${'B'.repeat(22)}` },
      approvers[0].approve(approved, 'lain'),
      answered({ origin: 'http://palang.contoh' }),
      answered({ origin: 'https://jahat.palang.contoh.id' }),
      answered({ rp: 'lain.contoh' }),
      answered({ flags: 1 }),
      answered({ flags: 4 }),
      bent(({ sig }) => ({ sig: flipped(sig, 40) })),
      bent(({ sig }) => ({ sig: flipped(sig, 3) })),
      bent(({ sig }) => ({ sig: `${sig}AA` })),
      bent(({ ad }) => ({ ad: flipped(ad, 36) })),
      bent(({ cd }) => ({ cd: flipped(cd, 2) })),
      bent(() => ({ cd: Buffer.from('[1]').toString('base64url') })),
      bent(() => ({ cd: Buffer.from('{"type":NaN}').toString('base64url') })),
    ];
    const extras: SiteLogEntry[][] = [
      ...bad.map((x): SiteLogEntry[] => [{ ty: 'approval.recorded', x }]),
      [{ ty: 'root.published', x: { v: 2, root: NO_PREVIOUS_HASH } }],
      [{ ty: 'root.published', x: { v: 1, root: rootHash(sha256, trustBody) } }],
    ];
    const variants: Variant[] = [];
    for (const [index, extra] of extras.entries()) {
      const files = await makeBundle({ chain: trustChain, siteEntries: (entries) => [...entries, ...extra] });
      variants.push([`trust ${index}`, files]);
    }
    let turn = 0;
    const shown = await makeBundle({
      facts: (sq) => (sq === 3 ? { ty: 'policy.applied', x: { v: 3, mh: `${(turn += 1)}` } } : {}),
    });
    const unknown = await makeBundle({
      facts: (sq) => (sq === 3 ? { ty: 'policy.applied', x: { v: 1, mh: 'x', rootv: 2 } } : {}),
    });
    variants.push(['split view', shown], ['unknown manifest', unknown]);
    expect(await compare(variants)).toBe(variants.length);
  }, 120_000);

  it.each(RECORD_FILES)(
    'C31: names the same line for each record that was tampered with: %s',
    async (path) => {
      expect(await compare(tamperedRecords(path))).toBeGreaterThan(150);
    },
    90_000,
  );

  it('C31: names the same line for records in another spelling', async () => {
    const spellings = [
      (said: string) => said.replace('{', '{ '),
      (said: string) => said.replace('"sq":4', '"sq":4.0'),
      (said: string) => said.replace('"sq":4', '"sq":4e0'),
      (said: string) => said.replace('"mo":4', '"mo":-0'),
      (said: string) => said.replace('"mo":4', '"mo":9007199254740993'),
      (said: string) => said.replace('"mo":4', '"mo":4,"mo":4'),
      (said: string) => said.replace('"mo":4', '"mo":true'),
      (said: string) => said.replace('"mo":4', '"mo":NaN'),
      (said: string) => said.replace('"mo":4', '"mo":null'),
      (said: string) => said.replace('"mo":4', '"mo":4,"lain":1'),
      (said: string) => said.replace('"mo":4,', ''),
      (said: string) => said.replace('"tq":3', '"tq":4'),
      (said: string) => said.replace('ruang-server', 'ruang_server'),
      (said: string) => said.replace('ruang-server', 'Cafe\u0301'),
      (said: string) => said.replace('ruang-server', '\\u0072uang-server'),
      (said: string) => said.replace('ruang-server', '\\ud800'),
      (said: string) => said.replace(/"x":\{.*\}/, `"x":{"a":${'['.repeat(17)}${']'.repeat(17)}}}`),
      (said: string) => said.replace(/"x":\{.*\}/, `"x":{"a":${'['.repeat(9000)}${']'.repeat(9000)}}}`),
      (said: string) => said.replace(/"x":\{.*\}/, `"x":{"é":1}}`),
      (said: string) => said.replace(/"x":\{.*\}/, `"x":{"a":"${'x'.repeat(66_000)}"}}`),
      (said: string) => said.replace(/"x":\{.*\}/, `"x":[]}`),
      (said: string) => `\ufeff${said}`,
      (said: string) => `${said} `,
      () => '[]',
      () => '',
    ];
    const line = linesOf(genuine, JOURNAL)[4]!;
    const variants = spellings.map((spell, index): Variant => {
      const other = utf8(spell(text(line)));
      return [`spelling ${index}`, withLines(JOURNAL, (all) => replaceAt(all, 4, other))];
    });
    variants.push(['not UTF-8', withLines(JOURNAL, (all) => replaceAt(all, 4, Uint8Array.of(0xc0, 0xaf)))]);
    expect(await compare(variants)).toBe(spellings.length + 1);
  });

  it('C31: names the same note for each checkpoint that was tampered with', async () => {
    const paths = [...genuine.keys()].filter((path) => path.endsWith('.checkpoints'));
    let count = 0;
    for (const path of paths) count += await compare(tamperedNotes(path));
    expect(count).toBeGreaterThan(400);
  }, 90_000);

  it('C31: names the same line for each opening that was tampered with', async () => {
    expect(await compare(tamperedOpenings())).toBeGreaterThan(300);
  }, 90_000);

  it('C31: names the same file for each file that was tampered with', async () => {
    expect(await compare(tamperedFiles())).toBeGreaterThan(200);
  }, 90_000);

  it('C31: refuses the same statements, signed by the right keys, that contradict each other', async () => {
    const other = testKeyText('other');
    const edits: readonly ((entries: SiteLogEntry[]) => SiteLogEntry[])[] = [
      (entries) => entries.filter((entry) => entry.ty !== 'gateway.enrolled' || entry.x.gw !== 'gw-arsip'),
      (entries) => [...entries, { ty: 'gateway.enrolled', x: { gw: 'gw-arsip', ep: 1, key: other } }],
      (entries) => [...entries, { ty: 'gateway.enrolled', x: { gw: 'x', ep: 1, key: `${'A'.repeat(42)}B` } }],
      (entries) => [{ ty: 'site.opened', x: { root: NO_PREVIOUS_HASH } }, ...entries.slice(1)],
      (entries) => [
        ...entries,
        { ty: 'journal.checkpointed', x: { gw: 'gw-arsip', ep: 1, size: 13, root: other } },
      ],
      (entries) => [
        ...entries,
        { ty: 'journal.checkpointed', x: { gw: 'gw-arsip', ep: 2, size: 11, root: other } },
      ],
      (entries) => [
        ...entries,
        { ty: 'journal.checkpointed', x: { gw: 'gw-arsip', ep: 2, size: 10, root: other } },
      ],
      (entries) => [
        ...entries,
        { ty: 'journal.checkpointed', x: { gw: 'gw-hilang', ep: 1, size: 1, root: other } },
      ],
    ];
    const thief = testKey('thief');
    const options = [
      ...edits.map((siteEntries) => ({ siteEntries })),
      { gatewayKey: thief },
      { cosigner: null },
      { cosigner: thief },
      { chain: [signRoot(rootBody(1), { 'root-1': thief })] },
      { chain: [1, 3].map((version) => signRoot(rootBody(version), { 'root-1': rootKey })) },
      { chain: [signRoot(rootBody(1, { site: 'dinas-lain' }), { 'root-1': rootKey })] },
      { openings: (openings: Opening[]) => openings.slice(1) },
    ];
    const variants: Variant[] = [];
    for (const [index, option] of options.entries()) {
      variants.push([`statement ${index}`, await makeBundle(option)]);
    }
    expect(await compare(variants)).toBe(options.length);
  });

  it('C31: agrees over what extends an older bundle and what does not', async () => {
    const older = await makeBundle({ records: 7, every: 7 });
    const fork = await makeBundle({ records: 9, every: 7, facts: (sq) => (sq === 3 ? { mo: 99 } : {}) });
    const pairs: readonly (readonly [Files, Files])[] = [
      [genuine, genuine],
      [genuine, await makeBundle({ journals: [] })],
      [genuine, fork],
      [older, genuine],
      [older, await makeBundle({ records: 7, every: 7, journals: JOURNALS.slice(0, 2) })],
      [genuine, await makeBundle({ chain: [signRoot(rootBody(1, { at: 1 }), { 'root-1': rootKey })] })],
    ];
    const answers = [];
    for (const [newer, before] of pairs) {
      const first = checkExtension(sha256, newer, before);
      const other = await second!.extend(newer, before);
      const { file, line, reason } = first.ok ? { file: '', line: null, reason: 'yes' } : first.error;
      expect(other).toEqual(
        first.ok ? { ok: true, added: first.value.addedRecords } : { ok: false, file, line, reason },
      );
      answers.push(reason);
    }
    expect(new Set(answers)).toEqual(new Set(['yes', 'inconsistent', 'wrong-key']));
  });

  it('C31: agrees over digests that hold, that are of another history, and each letter of one that was changed', async () => {
    const [early, later, late] = [await growingBundle(4), await growingBundle(8), await growingBundle(12)];
    const fork = await growingBundle(12, { facts: (sq) => (sq === 6 ? { mo: 99 } : {}) });
    const week = digestFile('pekan-1.txt', await digestOf(early));
    const next = digestFile('pekan-2.txt', await digestOf(later, START_MS + 7 * 86_400_000));
    const said = text(week.bytes);
    const answers = new Set<string>();
    const agree = async (name: string, files: Files, ...kept: DigestFile[]): Promise<void> => {
      const first = await checkDigests(ports, files, kept);
      const { file, line, reason } = first.ok ? { file: '', line: null, reason: 'yes' } : first.error;
      const wanted = first.ok
        ? { ok: true, sizes: first.value.map((each) => each.size) }
        : { ok: false, file, line, reason };
      expect({ name, ...(await second!.digests(files, kept)) }).toEqual({ name, ...wanted });
      answers.add(reason);
    };
    await agree('both', late, week, next);
    await agree('in another order', late, next, week);
    await agree('none', late);
    await agree('of one size', later, next, next);
    await agree('rewritten', fork, next, week);
    await agree('older', early, week, next);
    await agree('more journals', genuine, digestFile('pekan.txt', await digestOf(genuine)));
    await agree('another log of the site', genuine, week);
    await agree(
      'another site',
      late,
      digestFile('lain.txt', said.replace('site dinas-contoh', 'site dinas-lain')),
    );
    await agree('both bad', late, digestFile('a.txt', said.replace('journals 1', 'journals x')), next);
    await agree('later bad', late, next, digestFile('a.txt', said.replace('journals 1', 'journals x')));
    const mailed = said.replaceAll(/^/gm, '>> ').replaceAll('\n', ' \t\r\n');
    await agree('mail', late, digestFile('surat.eml', `\ufeffYth.\n\n${mailed}-- \n${'palang-digest end'}`));
    const broken = said.replace(/^(\u2014 \S+) /m, '$1\n');
    await agree('broken', late, digestFile('surat.eml', broken));
    for (const { name, text: bad, line } of vectors.bad) {
      if (line !== null) await agree(name, late, digestFile('surat.txt', bad));
    }
    expect(answers).toEqual(
      new Set(['yes', 'malformed', 'replayed', 'wrong-key', 'inconsistent-with-digest']),
    );
    // From the second line on: without its first line it is no digest.
    for (let at = said.indexOf('\n') + 1; at < said.length; at++) {
      for (const letter of ['1', ' ', '\n']) {
        const changed = `${said.slice(0, at)}${letter}${said.slice(at + 1)}`;
        await agree(`${at} ${letter}`, late, digestFile('surat.txt', changed));
      }
    }
    expect(answers).toContain('changed');
    expect(answers).toContain('unsigned');
  }, 90_000);

  it('C31: agrees over each proof of an event, and over each byte of one that was changed', async () => {
    const seqs = [0, 1, 7, 11];
    for (const seq of seqs) {
      const place = { gateway: 'gw-arsip', epoch: 1, seq };
      const proof = encodeEventProof(sha256, genuine, place, { hasOpenings: true });
      if (!proof.ok) throw new Error(proof.error);
      const first = await verifyEventProof(proof.value, ports);
      if (!first.ok) throw new Error(first.error.words);
      const { record, openings, fingerprint } = first.value;
      expect(await second!.proof(proof.value)).toEqual({
        ok: true,
        record,
        openings,
        fingerprint: fingerprint.replaceAll(' ', ''),
      });
      for (let byte = 0; byte < proof.value.length; byte += seq === 7 ? 3 : 17) {
        const forged = flipBit(proof.value, byte, byte % 7);
        const no = await verifyEventProof(forged, ports);
        const { line, reason } = no.ok ? { line: null, reason: 'yes' } : no.error;
        expect({ byte, ...(await second!.proof(forged)) }).toEqual({
          byte,
          ok: false,
          file: 'proof',
          line,
          reason,
        });
      }
    }
  }, 90_000);
});

function testKeyText(name: string): string {
  return Buffer.from(testKey(name).publicKey).toString('base64url');
}

describe('the second verifier on what the real programs wrote', () => {
  const dir = mkdtempSync(join(tmpdir(), 'palang-second-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const run = (...args: string[]): Promise<{ exitCode: number; out: string; errors: string }> =>
    new Promise((resolve) => {
      execFile('python3', ['-B', PROGRAM, ...args], (error, out, errors) =>
        resolve({ exitCode: error === null ? 0 : Number(error.code), out, errors }),
      );
    });

  const writeFolder = (name: string, files: ReadonlyMap<string, Uint8Array>): string => {
    for (const [path, bytes] of files) {
      const file = join(dir, name, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
    }
    return join(dir, name);
  };

  it('C31: a journal of the real gateway, uploaded to the real server and exported, verifies, grows and is proven', async () => {
    const server = await openTestServer();
    try {
      const admin = await server.signIn('admin', ['administrator']);
      const gateway = await enrolFakeGateway(server, admin, 'gateway');
      const { clock, random } = server;
      const journal = openJournal(
        join(dir, 'journal'),
        {
          site: SITE_ID,
          gateway: GATEWAY,
          epoch: gateway.epoch,
          signer: createSigner(sha256(utf8('gateway'))),
        },
        { clock, random, timeFloor: () => clock.epochMs() },
      );
      const upload = async (from: number): Promise<void> => {
        const batch = journal.readBatch(from);
        if (batch === null) throw new Error('nothing to upload');
        const { gen, prev, entries, openings, checkpoint } = batch;
        const answer = await gateway.upload({
          gen,
          from,
          prev,
          entries: [...entries],
          openings: [...openings],
          checkpoint,
        });
        expect(answer.status).toBe(200);
      };
      journal.beginBoot('1.2.3');
      await upload(0);
      const older = await exportEvidence(server.site, '0.0.0', { from: null, until: null });
      const c = { sub: `s_${'a'.repeat(22)}`, cred: `c_${'b'.repeat(43)}` };
      journal.append([{ ty: 'access.granted', door: DOOR, dir: 'in', c, x: { checked: ['a'] } }]);
      journal.append([{ ty: 'access.outcome', door: DOOR, rs: 'no-entry', x: { of: 2 } }]);
      await upload(2);
      journal.close();
      const newer = await exportEvidence(server.site, '0.0.0', { from: null, until: null });

      const folder = writeFolder('baru', newer.files);
      const zip = join(dir, 'lama.zip');
      writeFileSync(zip, zipSync(Object.fromEntries(older.files)));
      expect(await run(folder)).toMatchObject({
        exitCode: 0,
        out: expect.stringContaining('openings 2') as string,
      });
      expect(await run(zip)).toMatchObject({ exitCode: 0 });
      expect(await run(folder, '--previous', zip)).toMatchObject({
        exitCode: 0,
        out: expect.stringContaining('records since') as string,
      });
      expect(await run(zip, '--previous', folder)).toMatchObject({
        exitCode: 1,
        out: expect.stringMatching(/^NO: site-log\.jsonl:\d+ replayed/) as string,
      });
      const place = { gateway: GATEWAY, epoch: gateway.epoch, seq: 2 };
      const proof = encodeEventProof(sha256, newer.files, place, { hasOpenings: true });
      const proofFile = join(dir, 'bukti.tlog-proof');
      writeFileSync(proofFile, proof.ok ? proof.value : '');
      expect(await run(proofFile)).toMatchObject({
        exitCode: 0,
        out: expect.stringContaining('access.granted, openings 2') as string,
      });
    } finally {
      await server.close();
    }
  }, 60_000);

  it('C31: as a program it tells yes, no and unusable apart', async () => {
    const folder = writeFolder('contoh', genuine);
    const { out } = await run(folder);
    expect(out).toBe(
      `YES: logs 4, records 53, checkpoints 11, openings 24\nroot fingerprint ${out.trim().slice(-64)}\n`,
    );
    expect(await run(folder, '--root-fingerprint', out.trim().slice(-64))).toMatchObject({ exitCode: 0 });
    expect(await run(folder, '--root-fingerprint', '0'.repeat(64))).toMatchObject({
      exitCode: 1,
      out: 'NO: keys/root.json:- wrong-key\n',
    });
    const spoiled = text(genuine.get(JOURNAL)).replace('"mo":4', '"mo":5');
    const zip = join(dir, 'rusak.zip');
    writeFileSync(zip, zipSync({ ...Object.fromEntries(genuine), [JOURNAL]: utf8(spoiled) }));
    expect(await run(zip)).toMatchObject({ exitCode: 1, out: `NO: ${JOURNAL}:5 changed\n` });
    const whole = zipSync(Object.fromEntries(genuine));
    const at = Buffer.from(whole).lastIndexOf(JOURNAL) - 30;
    writeFileSync(zip, whole.with(at, whole[at]! ^ 1));
    expect(await run(zip)).toMatchObject({ exitCode: 1, out: `NO: ${JOURNAL}:- changed\n` });
    for (const unusable of [dir, join(dir, 'tiada'), PROGRAM]) {
      expect(await run(unusable)).toMatchObject({ exitCode: 2, out: '' });
    }
    expect(await run(folder, '--previous', zip)).toMatchObject({ exitCode: 2, out: '' });

    const digest = digestFile('pekan.txt', await digestOf(genuine));
    const kept = join(dir, digest.name);
    writeFileSync(kept, digest.bytes);
    expect(await run(folder, '--digest', kept, kept)).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(
        /^(?:pekan\.txt: 17 records of the site log are those of then\n){2}YES: /,
      ) as string,
    });
    const changed = join(dir, 'surat.txt');
    writeFileSync(changed, text(digest.bytes).replace('records 53', 'records 52'));
    expect(await run(folder, '--digest', kept, '--digest', changed)).toMatchObject({
      exitCode: 1,
      out: 'NO: surat.txt:6 inconsistent-with-digest\n',
    });
    expect(await run(folder, '--digest', PROGRAM)).toMatchObject({ exitCode: 2, out: '' });
  }, 60_000);
});
