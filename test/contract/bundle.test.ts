import { describe, expect, it } from 'vitest';
import { verifyBundle, type BundleOptions, type BundleVerdict } from '#contract/bundle';
import type { BundleFailure, BundleReason } from '#contract/bundle-failure';
import {
  BUNDLE_PATHS,
  encodeBundleIndex,
  encodeCheckpoints,
  encodeOpening,
  parseBundleIndex,
  splitCheckpoints,
} from '#contract/bundle-format';
import { concatBytes, encodeBase64Url, utf8 } from '#contract/bytes';
import type { Opening } from '#contract/commitment';
import {
  decodeRecord,
  encodeRecord,
  NO_PREVIOUS_HASH,
  recordHash,
  type JournalRecord,
} from '#contract/record';
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
} from './bundle-edits.ts';
import {
  gatewayKey,
  JOURNALS,
  logKey,
  makeBundle,
  rootBody,
  rootKey,
  signRoot,
  SITE,
  START_MS,
} from './evidence-fixture.ts';
import { sha256, testKey } from './test-keys.ts';

const JOURNAL = 'journal/gw-arsip/1.jsonl';
const NOTES = 'journal/gw-arsip/1.checkpoints';
const RECORD_FILES = [JOURNAL, 'journal/gw-ruang-server/1.jsonl', BUNDLE_PATHS.siteLog] as const;

const ports = createRememberingPorts();

const genuine = await makeBundle();

const withLines = (path: string, edit: (lines: Uint8Array[]) => Uint8Array[]): Files =>
  withFile(genuine, path, joinLines(edit(linesOf(genuine, path))));

const withNotes = (edit: (notes: string[]) => string[]): Files =>
  withFile(genuine, NOTES, encodeCheckpoints(edit(notesOf(genuine, NOTES))));

async function failureOf(files: Files, options: BundleOptions = {}): Promise<BundleFailure> {
  const verdict = await verifyBundle(files, ports, options);
  if (verdict.ok) throw new Error('the bundle verifies');
  if (verdict.error.words === '') throw new Error('the failure has no words');
  return verdict.error;
}

const placeOf = async (files: Files) => {
  const { file, line, reason } = await failureOf(files);
  return { file, line, reason };
};

/** What a failure at this place is, for one of these reasons. */
const at = (file: string, line: number | null, ...reasons: BundleReason[]) => ({
  file,
  line,
  reason: expect.toBeOneOf(reasons) as BundleReason,
});

describe('a genuine bundle', () => {
  it('C12: verifies with counts, roots, signers and fingerprint', async () => {
    const verdict = await verifyBundle(genuine, ports);
    expect(verdict).toMatchObject({
      ok: true,
      value: {
        site: SITE,
        period: null,
        isSingleOfficial: true,
        counts: { logs: 4, records: 36 + 17, checkpoints: 11, openings: 24 },
      },
    });
    if (!verdict.ok) return;
    expect(verdict.value.fingerprint).toMatch(/^(?:[0-9a-f]{4} ){15}[0-9a-f]{4}$/);
    expect(verdict.value.logs.map((log) => [log.origin, log.size, log.signedBy])).toEqual([
      [`${SITE}/site-log`, 17, encodeBase64Url(logKey.publicKey)],
      ...JOURNALS.toSorted((a, b) => (a.gateway < b.gateway ? -1 : 1)).map((id) => [
        `${SITE}/${id.gateway}/${id.epoch}`,
        12,
        encodeBase64Url(gatewayKey(id).publicKey),
      ]),
    ]);
    expect(verdict.value.logs.map((log) => log.cosignedAtSeconds)).toEqual(
      [null, 12, 12, 12].map((minutes) => (minutes === null ? null : START_MS / 1000 + minutes * 60)),
    );
  });

  it.each([
    ['without journals', { journals: [] }],
    ['with one record', { records: 1 }],
    ['with a checkpoint a record', { every: 1 }],
    ['with one checkpoint', { records: 33, every: 100 }],
  ])('C12: verifies %s', async (_name, options) => {
    expect(await verifyBundle(await makeBundle(options), ports)).toMatchObject({ ok: true });
  });

  it('C12: verifies whatever order the files come in', async () => {
    const verdict = await verifyBundle(new Map([...genuine].reverse()), ports);
    expect(verdict).toEqual(await verifyBundle(genuine, ports));
  });

  it('C12: holds the openings of its period only, the start included and the end not', async () => {
    const instant = (minute: number): string => new Date(START_MS + minute * 60_000).toISOString();
    const period = { from: instant(4), until: instant(7) };
    const files = await makeBundle({ period });
    const places = linesOf(files, BUNDLE_PATHS.openings).map(
      (line) => (JSON.parse(text(line)) as Opening).sq,
    );
    expect(new Set(places)).toEqual(new Set([4]));
    expect(await verifyBundle(files, ports)).toMatchObject({
      ok: true,
      value: { period, counts: { records: 53, openings: 3 } },
    });
  });

  it('C12: tells how far it is, up to the end', async () => {
    const steps: [number, number][] = [];
    const files = await makeBundle({ records: 3000, every: 500, journals: JOURNALS.slice(0, 1) });
    const verdict: BundleVerdict = await verifyBundle(files, ports, {
      onProgress: (done, total) => {
        steps.push([done, total]);
      },
    });
    expect(verdict.ok).toBe(true);
    expect(steps.length).toBeGreaterThan(4);
    expect(steps.map(([done]) => done)).toEqual(steps.map(([done]) => done).toSorted((a, b) => a - b));
    expect(steps.every(([done, total]) => done <= total)).toBe(true);
  });
});

describe.each(RECORD_FILES)('a record file that was tampered with: %s', (path) => {
  const lines = linesOf(genuine, path);

  it('C14: one flipped bit names the record that was changed', async () => {
    for (const [i, line] of lines.entries()) {
      for (let place = i % 5; place < line.length; place += 23) {
        const files = withLines(path, (all) => replaceAt(all, i, flipBit(line, place, (place + i) % 7)));
        expect(await placeOf(files)).toEqual(at(path, i + 1, 'changed', 'inserted', 'malformed'));
      }
    }
  });

  it('C14: a changed value in canonical form names the record that was changed', async () => {
    for (const [i, line] of lines.entries()) {
      const t = (JSON.parse(text(line)) as { t: number }).t;
      const forged = utf8(text(line).replace(`"t":${t}`, `"t":${t + 1}`));
      expect(await placeOf(withLines(path, (all) => replaceAt(all, i, forged)))).toEqual(
        at(path, i + 1, 'changed'),
      );
    }
  });

  it('C14: a changed link or number names the record that was changed', async () => {
    for (const [i, line] of lines.entries()) {
      const { ph, sq } = JSON.parse(text(line)) as { ph: string; sq: number };
      const other = ph === NO_PREVIOUS_HASH ? 'B'.repeat(43) : NO_PREVIOUS_HASH;
      const links = [
        utf8(text(line).replace(ph, other)),
        utf8(text(line).replace(`"sq":${sq}`, `"sq":${sq + 40}`)),
      ];
      for (const forged of links) {
        expect(await placeOf(withLines(path, (all) => replaceAt(all, i, forged)))).toEqual(
          at(path, i + 1, 'changed'),
        );
      }
    }
  });

  it('C14: a record that is taken out is named', async () => {
    for (const i of lines.keys()) {
      expect(await placeOf(withLines(path, (all) => replaceAt(all, i)))).toEqual(at(path, i + 1, 'removed'));
      const failure = await failureOf(withLines(path, (all) => replaceAt(all, i)));
      expect(failure.seq).toBe(i);
    }
  });

  it('C14: a record that is put in twice is named', async () => {
    for (const [i, line] of lines.entries()) {
      expect(await placeOf(withLines(path, (all) => replaceAt(all, i, line, line)))).toEqual(
        at(path, i + 2, 'inserted'),
      );
      for (const elsewhere of [0, lines.length]) {
        if (Math.abs(elsewhere - i) < 2) continue;
        const files = withLines(path, (all) => all.toSpliced(elsewhere, 0, line));
        expect(await placeOf(files)).toEqual(at(path, elsewhere + 1, 'inserted', 'removed', 'reordered'));
      }
    }
  });

  it('C14: a record that fits by number and link is named as put in', async () => {
    for (const [i, line] of lines.entries()) {
      const t = (JSON.parse(text(line)) as { t: number }).t;
      const forged = utf8(text(line).replace(`"t":${t}`, `"t":${t - 1}`));
      const files = withLines(path, (all) => all.toSpliced(i, 0, forged));
      expect(await placeOf(files)).toEqual(at(path, i + 1, 'inserted'));
    }
  });

  it('C14: two records that changed places are named', async () => {
    for (let i = 0; i + 1 < lines.length; i++) {
      expect(await placeOf(withLines(path, (all) => swapped(all, i, i + 1)))).toEqual(
        at(path, i + 1, 'reordered'),
      );
      const withLast = withLines(path, (all) => swapped(all, i, lines.length - 1));
      expect(await placeOf(withLast)).toEqual(at(path, i + 1, 'reordered'));
    }
  });

  it('C14: a file that was cut off names the first record that is gone', async () => {
    for (const i of lines.keys()) {
      expect(await placeOf(withLines(path, (all) => all.slice(0, i)))).toEqual(at(path, i + 1, 'removed'));
      const whole = genuine.get(path)!;
      const cutInside = whole.subarray(0, joinLines(lines.slice(0, i)).length + 20);
      expect(await placeOf(withFile(genuine, path, cutInside))).toEqual(
        at(path, i + 1, 'changed', 'malformed'),
      );
    }
  });

  it('C14: other bytes between the records are named', async () => {
    const whole = genuine.get(path)!;
    const last = lines.length;
    expect(await placeOf(withFile(genuine, path, whole.slice(0, -1)))).toEqual(at(path, last, 'changed'));
    for (const [extra, reason] of [
      ['\n', 'inserted'],
      ['x', 'inserted'],
      ['{}\n', 'inserted'],
    ] as const) {
      expect(await placeOf(withFile(genuine, path, concatBytes(whole, utf8(extra))))).toEqual(
        at(path, last + 1, reason),
      );
    }
    expect(await placeOf(withFile(genuine, path, concatBytes(utf8('\n'), whole)))).toEqual(
      at(path, 1, 'inserted'),
    );
    expect(await placeOf(withFile(genuine, path, utf8(text(whole).replaceAll('\n', '\r\n'))))).toEqual(
      at(path, 1, 'malformed'),
    );
  });

  it('C14: a stretch that was forged with new links after it is named where a signature covers it', async () => {
    for (const i of lines.keys()) {
      let ph = '';
      const files = withLines(path, (all) =>
        all.map((line, index) => {
          if (index < i) return line;
          const record = JSON.parse(text(line)) as { t: number; ph: string };
          const linked = text(line)
            .replace(`"ph":"${record.ph}"`, `"ph":"${index === i ? record.ph : ph}"`)
            .replace(`"t":${record.t}`, `"t":${record.t + (index === i ? 1 : 0)}`);
          ph = recordHash(sha256, utf8(linked));
          return utf8(linked);
        }),
      );
      const failure = await failureOf(files);
      expect(failure).toMatchObject({ file: path, reason: 'changed' });
      expect(failure.line).toBeGreaterThan(i);
    }
  });
});

describe('records that nobody signed for', () => {
  const lines = linesOf(genuine, JOURNAL);
  const appended = (changes: Partial<JournalRecord> = {}): Uint8Array => {
    const last = decodeRecord(lines.at(-1)!);
    if (!last.ok) throw new Error('not a record');
    const { c: _c, ...rest } = last.value;
    return encodeRecord({ ...rest, sq: 12, ph: recordHash(sha256, lines.at(-1)!), ...changes });
  };

  it('C15: a record after the newest checkpoint is unsigned', async () => {
    expect(await placeOf(withLines(JOURNAL, (all) => [...all, appended()]))).toEqual(
      at(JOURNAL, 13, 'unsigned'),
    );
  });

  it('C15: a record of another gateway or epoch does not belong', async () => {
    for (const changes of [{ gw: 'gw-lain' }, { ep: 2 }]) {
      const files = withLines(JOURNAL, (all) => [...all, appended(changes)]);
      expect(await placeOf(files)).toEqual(at(JOURNAL, 13, 'inserted'));
    }
  });

  it('C15: a log without checkpoints is unsigned from its first record', async () => {
    expect(await placeOf(withFile(genuine, NOTES, new Uint8Array()))).toEqual(at(JOURNAL, 1, 'unsigned'));
    const site = withFile(genuine, BUNDLE_PATHS.siteCheckpoints, new Uint8Array());
    expect(await placeOf(site)).toEqual(at(BUNDLE_PATHS.siteLog, 1, 'unsigned'));
  });

  it('C15: a checkpoint taken away at the end leaves its records unsigned', async () => {
    expect(await placeOf(withNotes((notes) => notes.slice(0, -1)))).toEqual(at(JOURNAL, 11, 'unsigned'));
  });

  it('C19: a tail that is cut off with its checkpoints contradicts the site log', async () => {
    const shorter = withFile(genuine, JOURNAL, joinLines(lines.slice(0, 10)));
    const notes = encodeCheckpoints(notesOf(genuine, NOTES).slice(0, 2));
    expect(await placeOf(withFile(shorter, NOTES, notes))).toEqual(at(JOURNAL, 11, 'removed'));
  });

  it('C19: a checkpoint taken from the middle contradicts the site log', async () => {
    expect(await placeOf(withNotes((notes) => replaceAt(notes, 1)))).toEqual(at(NOTES, 8, 'removed'));
  });

  it('C19: a journal that is gone as a whole contradicts the site log', async () => {
    const without = withFile(withFile(genuine, JOURNAL, null), NOTES, null);
    const openings = linesOf(genuine, BUNDLE_PATHS.openings).filter(
      (line) => !text(line).includes('"ep":1,"field":"sub","gw":"gw-arsip"'),
    );
    const kept = openings.filter((line) => {
      const opening = JSON.parse(text(line)) as Opening;
      return opening.gw !== 'gw-arsip' || opening.ep !== 1;
    });
    const files = withFile(without, BUNDLE_PATHS.openings, joinLines(kept));
    expect(await placeOf(files)).toEqual(at(JOURNAL, null, 'file-missing'));
  });

  it('C19: another root than the acknowledged one is inconsistent', async () => {
    const files = await makeBundle({
      siteEntries: (entries) =>
        entries.map((entry) =>
          entry.ty === 'journal.checkpointed' && entry.x.gw === 'gw-arsip' && entry.x.size === 10
            ? { ...entry, x: { ...entry.x, root: NO_PREVIOUS_HASH } }
            : entry,
        ),
    });
    const failure = await failureOf(files);
    expect(failure).toMatchObject({ file: BUNDLE_PATHS.siteLog, reason: 'inconsistent' });
    expect(text(linesOf(files, BUNDLE_PATHS.siteLog)[failure.line! - 1])).toContain(NO_PREVIOUS_HASH);
  });

  it('C19: a journal whose gateway the site log never enrolled counts for nothing', async () => {
    const files = await makeBundle({
      siteEntries: (entries) =>
        entries.filter((entry) => entry.ty !== 'gateway.enrolled' || entry.x.gw !== 'gw-arsip'),
    });
    expect(await placeOf(files)).toEqual(at(JOURNAL, 1, 'wrong-key'));
  });

  it('C19: two keys for one epoch are inconsistent', async () => {
    const key = encodeBase64Url(testKey('second').publicKey);
    const files = await makeBundle({
      siteEntries: (entries) => [...entries, { ty: 'gateway.enrolled', x: { gw: 'gw-arsip', ep: 1, key } }],
    });
    expect(await placeOf(files)).toEqual(at(BUNDLE_PATHS.siteLog, 18, 'inconsistent'));
  });

  it('C19: a site that was opened under other root keys is inconsistent', async () => {
    const files = await makeBundle({
      siteEntries: (entries) =>
        entries.map((entry) =>
          entry.ty === 'site.opened' ? { ...entry, x: { root: NO_PREVIOUS_HASH } } : entry,
        ),
    });
    expect(await placeOf(files)).toEqual(at(BUNDLE_PATHS.siteLog, 1, 'inconsistent'));
  });
});

describe('checkpoints that were tampered with', () => {
  const notes = notesOf(genuine, NOTES);
  const lineOf = (note: number): number => 1 + note * 7;

  it('C13: one flipped bit names the note that was changed', async () => {
    for (const path of [NOTES, BUNDLE_PATHS.siteCheckpoints]) {
      const whole = genuine.get(path)!;
      const parts = Array.from(splitCheckpoints(whole));
      for (const part of parts) {
        for (let place = 0; place < part.bytes.length; place += 5) {
          const offset = part.bytes.byteOffset - whole.byteOffset + place;
          const failure = await failureOf(withFile(genuine, path, flipBit(whole, offset, place % 7)));
          expect(failure.file).toBe(path);
          expect(failure.line).toBe(part.line);
        }
      }
    }
  });

  it('C13: a note put in twice, out of place or from another log is named', async () => {
    const [first, second, third] = notes as [string, string, string];
    expect(await placeOf(withNotes(() => [first, second, second, third]))).toEqual(
      at(NOTES, lineOf(2), 'inserted'),
    );
    expect(await placeOf(withNotes(() => [first, second, third, first]))).toEqual(
      at(NOTES, lineOf(3), 'inserted'),
    );
    expect(await placeOf(withNotes(() => [second, first, third]))).toEqual(at(NOTES, lineOf(1), 'reordered'));
    const foreign = notesOf(genuine, 'journal/gw-arsip/2.checkpoints')[1]!;
    expect(await placeOf(withNotes(() => [first, foreign, third]))).toEqual(at(NOTES, lineOf(1), 'changed'));
  });

  it('C13: empty and cut notes are named', async () => {
    const whole = genuine.get(NOTES)!;
    expect(await placeOf(withFile(genuine, NOTES, whole.slice(0, -1)))).toEqual(
      at(NOTES, lineOf(2), 'malformed'),
    );
    expect(await placeOf(withFile(genuine, NOTES, concatBytes(whole, utf8('---\n'))))).toEqual(
      at(NOTES, lineOf(3), 'malformed'),
    );
    expect(await placeOf(withFile(genuine, NOTES, concatBytes(utf8('---\n'), whole)))).toEqual(
      at(NOTES, 1, 'malformed'),
    );
    expect(await placeOf(withFile(genuine, NOTES, concatBytes(whole, utf8('\n'))))).toEqual(
      at(NOTES, lineOf(2), 'malformed'),
    );
  });

  it('C13: a journal signed by another key than the enrolled one is refused', async () => {
    expect(await placeOf(await makeBundle({ gatewayKey: testKey('thief') }))).toEqual(
      at(NOTES, 1, 'wrong-key'),
    );
  });

  it('C13: a journal that the server has not cosigned is unsigned', async () => {
    expect(await placeOf(await makeBundle({ cosigner: null }))).toEqual(at(NOTES, 1, 'unsigned'));
    expect(await placeOf(await makeBundle({ cosigner: testKey('thief') }))).toEqual(
      at(NOTES, 1, 'wrong-key'),
    );
  });
});

describe('openings that were tampered with', () => {
  const path = BUNDLE_PATHS.openings;
  const lines = linesOf(genuine, path);

  it('C16: one flipped bit names the opening that was changed', async () => {
    for (const [i, line] of lines.entries()) {
      for (let place = i % 7; place < line.length; place += 17) {
        const failure = await failureOf(
          withLines(path, (all) => replaceAt(all, i, flipBit(line, place, (place + i) % 7))),
        );
        expect(failure).toMatchObject({ file: path, line: i + 1 });
      }
    }
  });

  it('C16: another value or salt does not open the commitment', async () => {
    for (const [i, line] of lines.entries()) {
      const opening = JSON.parse(text(line)) as Opening;
      for (const change of [{ value: 's_orang-lain' }, { salt: NO_PREVIOUS_HASH }]) {
        const forged = encodeOpening({ ...opening, ...change });
        expect(await placeOf(withLines(path, (all) => replaceAt(all, i, forged)))).toEqual(
          at(path, i + 1, 'opening-mismatch'),
        );
      }
    }
  });

  it('C17: an opening that is gone without a record of its erasure is named', async () => {
    for (const i of lines.keys()) {
      expect(await placeOf(withLines(path, (all) => replaceAt(all, i)))).toEqual(
        at(path, i + 1, 'erased-without-record'),
      );
      expect(await placeOf(withLines(path, (all) => all.slice(0, i)))).toEqual(
        at(path, i + 1, 'erased-without-record'),
      );
    }
  });

  it('C16: openings put in twice or in other places are named', async () => {
    for (const [i, line] of lines.entries()) {
      expect(await placeOf(withLines(path, (all) => replaceAt(all, i, line, line)))).toEqual(
        at(path, i + 2, 'inserted'),
      );
      expect(await placeOf(withLines(path, (all) => replaceAt(all, i, utf8('{}'), line)))).toEqual(
        at(path, i + 1, 'inserted'),
      );
    }
    for (let i = 1; i < lines.length; i++) {
      const files = withLines(path, (all) => swapped(all, i - 1, i));
      expect(await placeOf(files)).toEqual(at(path, i, 'reordered'));
    }
    const stranger = encodeOpening({ ...(JSON.parse(text(lines[0])) as Opening), gw: 'gw-zz' });
    const files = withLines(path, (all) => [...all, stranger]);
    expect(await placeOf(files)).toEqual(at(path, lines.length + 1, 'inserted'));
  });

  it('C16: the missing end of the last line is named', async () => {
    expect(await placeOf(withFile(genuine, path, genuine.get(path)!.slice(0, -1)))).toEqual(
      at(path, lines.length, 'changed'),
    );
  });

  it('C16: an opening outside the period does not belong', async () => {
    const period = {
      from: new Date(START_MS).toISOString(),
      until: new Date(START_MS + 60_000 * 4).toISOString(),
    };
    const files = await makeBundle({ period });
    const extra = lines.find((line) => text(line).includes('"sq":4'))!;
    const kept = linesOf(files, path);
    const inside = kept.filter((line) => text(line).includes('"gw":"gw-arsip"'));
    const outside = kept.filter((line) => !inside.includes(line));
    const one = inside.filter((line) => text(line).includes('"ep":1'));
    const two = inside.filter((line) => !one.includes(line));
    const forged = withFile(files, path, joinLines([...one, extra, ...two, ...outside]));
    expect(await placeOf(forged)).toEqual(at(path, one.length + 1, 'inserted'));
  });
});

describe('the bundle as a set of files', () => {
  it('C18: each file that is gone or too many is named', async () => {
    for (const path of genuine.keys()) {
      const without = new Map(genuine);
      without.delete(path);
      expect(await placeOf(without)).toEqual(at(path, null, 'file-missing'));
    }
    for (const path of ['journal/gw-arsip/3.jsonl', 'keys/root.json.bak', 'notes.txt', '../evil']) {
      expect(await placeOf(new Map(genuine).set(path, utf8('x')))).toEqual(at(path, null, 'file-unexpected'));
    }
  });

  it('C18: a file that is listed and has no place in a bundle is named', async () => {
    expect(await placeOf(withFile(genuine, 'notes.txt', utf8('x')))).toEqual(
      at('notes.txt', null, 'file-unexpected'),
    );
    expect(await placeOf(withFile(genuine, NOTES, null))).toEqual(at(NOTES, null, 'file-missing'));
    expect(await placeOf(withFile(genuine, BUNDLE_PATHS.openings, null))).toEqual(
      at(BUNDLE_PATHS.openings, null, 'file-missing'),
    );
  });

  it('C18: one flipped bit anywhere in the index or the keys is seen', async () => {
    for (const path of [BUNDLE_PATHS.index, BUNDLE_PATHS.root]) {
      const whole = genuine.get(path)!;
      for (let place = 0; place < whole.length; place++) {
        const failure = await failureOf(new Map(genuine).set(path, flipBit(whole, place, place % 7)));
        expect(failure.file).toBe(path);
      }
    }
  });

  it('C18: a record is named before the file whose hash it spoils', async () => {
    const lines = linesOf(genuine, JOURNAL);
    const spoiled = joinLines(replaceAt(lines, 4, flipBit(lines[4]!, 30, 0)));
    expect(await placeOf(new Map(genuine).set(JOURNAL, spoiled))).toEqual(
      at(JOURNAL, 5, 'changed', 'malformed'),
    );
  });

  it('C18: wrong counts and wrong hashes are seen', async () => {
    const index = parseBundleIndex(sha256, genuine.get(BUNDLE_PATHS.index)!);
    if (!index.ok) throw new Error('no index');
    const { digest: _digest, ...rest } = index.value;
    for (const name of ['logs', 'records', 'checkpoints', 'openings'] as const) {
      const counts = { ...rest.counts, [name]: rest.counts[name] + 1 };
      const files = new Map(genuine).set(BUNDLE_PATHS.index, encodeBundleIndex(sha256, { ...rest, counts }));
      expect(await placeOf(files)).toEqual(at(BUNDLE_PATHS.index, null, 'inconsistent'));
    }
    const hashes = { ...rest.files, [BUNDLE_PATHS.openings]: '0'.repeat(64) };
    const files = new Map(genuine).set(
      BUNDLE_PATHS.index,
      encodeBundleIndex(sha256, { ...rest, files: hashes }),
    );
    expect(await placeOf(files)).toEqual(at(BUNDLE_PATHS.openings, null, 'changed'));
  });

  it('C18: an index of another format is refused', async () => {
    const old = utf8(text(genuine.get(BUNDLE_PATHS.index)).replace('palang-evidence/1', 'palang-evidence/9'));
    expect(await placeOf(new Map(genuine).set(BUNDLE_PATHS.index, old))).toEqual(
      at(BUNDLE_PATHS.index, null, 'malformed'),
    );
    for (const garbage of ['', '{}', 'null', '[]', '\u0000']) {
      const files = new Map(genuine).set(BUNDLE_PATHS.index, utf8(garbage));
      expect(await placeOf(files)).toEqual(at(BUNDLE_PATHS.index, null, 'malformed'));
    }
  });
});

describe('the root keys of a bundle', () => {
  it('C11: a chain that is signed by other keys is refused', async () => {
    const forged = signRoot(rootBody(1), { 'root-1': testKey('thief') });
    expect(await placeOf(await makeBundle({ chain: [forged] }))).toEqual(
      at(BUNDLE_PATHS.root, null, 'unsigned'),
    );
  });

  it('C11: a chain that leaves a version out is refused', async () => {
    const chain = [1, 3].map((version) => signRoot(rootBody(version), { 'root-1': rootKey }));
    expect(await placeOf(await makeBundle({ chain }))).toEqual(at(BUNDLE_PATHS.root, null, 'inconsistent'));
  });

  it('C11: the keys of another site are refused', async () => {
    const chain = [signRoot(rootBody(1, { site: 'dinas-lain' }), { 'root-1': rootKey })];
    expect(await placeOf(await makeBundle({ chain }))).toEqual(at(BUNDLE_PATHS.root, null, 'wrong-key'));
  });

  it('C13: checkpoints stay good after the log key was replaced', async () => {
    const keys = { ...rootBody(1).keys, 'log-2': encodeBase64Url(testKey('log 2').publicKey) };
    const second = rootBody(2, {
      keys,
      roles: { ...rootBody(1).roles, log: { keys: ['log-2'], threshold: 1 } },
    });
    const chain = [signRoot(rootBody(1), { 'root-1': rootKey }), signRoot(second, { 'root-1': rootKey })];
    expect(await verifyBundle(await makeBundle({ chain }), ports)).toMatchObject({ ok: true });
  });

  it('C12: the fingerprint on paper decides, however it is written', async () => {
    const verdict = await verifyBundle(genuine, ports);
    if (!verdict.ok) throw new Error('not genuine');
    const { fingerprint } = verdict.value;
    for (const written of [fingerprint, fingerprint.toUpperCase(), fingerprint.replaceAll(' ', ':')]) {
      expect(await verifyBundle(genuine, ports, { rootFingerprint: written })).toMatchObject({ ok: true });
    }
    const other = fingerprint.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
    for (const wrong of [other, fingerprint.slice(0, -1), '']) {
      const failure = await failureOf(genuine, { rootFingerprint: wrong });
      expect(failure).toMatchObject({ file: BUNDLE_PATHS.root, reason: 'wrong-key' });
    }
  });
});
