import { describe, expect, it } from 'vitest';
import { BUNDLE_PATHS } from '#contract/bundle-format';
import { encodeBase64Url } from '#contract/bytes';
import { encodeDigest } from '#contract/digest';
import { checkDigests, createDigest } from '#contract/digest-check';
import { joinLines, linesOf, type Files } from './bundle-edits.ts';
import { digestFile, digestOf, growingBundle, ports } from './digest-fixture.ts';
import {
  linkSiteLog,
  logKey,
  makeBundle,
  rootBody,
  rootKey,
  signRoot,
  signSiteHead,
  SITE,
  START_MS,
} from './evidence-fixture.ts';
import { sha256, testKey } from './test-keys.ts';

const WEEK_MS = 7 * 86_400_000;
const states = [await growingBundle(4), await growingBundle(8), await growingBundle(12)] as const;
const [first, second, third] = states;
const digests = [await digestOf(first), await digestOf(second, START_MS + WEEK_MS)] as const;
const files = [digestFile('pekan-1.txt', digests[0]), digestFile('pekan-2.txt', digests[1])] as const;
const check = (bundle: Files, ...kept: Parameters<typeof checkDigests>[2]) =>
  checkDigests(ports, bundle, kept);
const edited = (from: string | RegExp, to: string) =>
  digestFile('surat.txt', encodeDigest(digests[0]).replace(from, to));

describe('a bundle and the digests that others have kept', () => {
  it('C33: two consecutive digests hold for each bundle that goes on from them', async () => {
    const weeks = [
      { file: 'pekan-1.txt', week: '2025-11-24', madeAt: '2025-11-24T08:00:00+07:00', size: 6 },
      { file: 'pekan-2.txt', week: '2025-12-01', madeAt: '2025-12-01T08:00:00+07:00', size: 7 },
    ];
    expect(await check(third, ...files)).toEqual({ ok: true, value: weeks });
    expect(await check(second, ...files)).toEqual({ ok: true, value: weeks });
    expect(await check(third, ...files.toReversed())).toEqual({ ok: true, value: weeks.toReversed() });
    expect(await check(third)).toEqual({ ok: true, value: [] });
  });

  it('C33: counts are those of the site log at that size', async () => {
    expect(digests.map(({ journals, records }) => ({ journals, records }))).toEqual([
      { journals: 1, records: 6 + 4 },
      { journals: 1, records: 7 + 8 },
    ]);
    const whole = await digestOf(await makeBundle());
    expect(whole).toMatchObject({ journals: 3, records: 53 });
    // A head that is written down after a larger one takes nothing back.
    const reversed = await growingBundle(8, {
      siteEntries: (entries) => [...entries.slice(0, 5), ...entries.slice(5, 7).toReversed()],
    });
    expect(await digestOf(reversed)).toMatchObject({ journals: 1, records: 7 + 8 });
  });

  it('C33: history that was rewritten between two digests shows at the second, with the range', async () => {
    const forged = await growingBundle(12, { facts: (sq) => (sq === 6 ? { mo: 99 } : {}) });
    expect(await check(forged, files[0])).toMatchObject({ ok: true });
    for (const kept of [files, files.toReversed()]) {
      expect(await check(forged, ...kept)).toEqual({
        ok: false,
        error: {
          file: 'pekan-2.txt',
          line: 12,
          seq: null,
          reason: 'inconsistent-with-digest',
          words:
            'Between records 6 and 6 the site log of the bundle is not the one that this digest stands for.',
        },
      });
    }
  });

  it('C33: history that was rewritten before the first digest shows at the first', async () => {
    const forged = await growingBundle(12, { facts: (sq) => (sq === 1 ? { mo: 99 } : {}) });
    expect(await check(forged, ...files)).toMatchObject({
      ok: false,
      error: { file: 'pekan-1.txt', line: 12, reason: 'inconsistent-with-digest' },
    });
  });

  it('C33: every record of the site log that is rewritten by its own server shows', async () => {
    const records = linesOf(second, BUNDLE_PATHS.siteLog);
    for (let at = 0; at < records.length; at++) {
      const entries = records.map((bytes, index) => {
        const { ty, x } = JSON.parse(Buffer.from(bytes).toString()) as { ty: string; x: object };
        return (index === at ? { ty: 'permit.issued', x: { h: 'A'.repeat(43) } } : { ty, x }) as never;
      });
      const relinked = linkSiteLog(entries);
      const forged = new Map(second)
        .set(BUNDLE_PATHS.siteLog, joinLines(relinked))
        .set(BUNDLE_PATHS.siteCheckpoints, Buffer.from(signSiteHead(relinked, relinked.length)));
      expect({ at, ...(await check(forged, files[1])) }).toMatchObject({
        at,
        ok: false,
        error: { file: 'pekan-2.txt', line: 12, reason: 'inconsistent-with-digest' },
      });
    }
  });

  it('C33: a bundle that is older than a digest is told so', async () => {
    expect(await check(first, ...files)).toMatchObject({
      ok: false,
      error: {
        file: 'pekan-2.txt',
        line: 11,
        reason: 'replayed',
        words: 'This digest covers 7 records of the site log, and the bundle ends before: it is older.',
      },
    });
  });

  it('C33: the digest of another site, or of other keys, is told so', async () => {
    expect(await check(third, edited('site dinas-contoh', 'site dinas-lain'))).toMatchObject({
      ok: false,
      error: {
        file: 'surat.txt',
        line: 2,
        reason: 'wrong-key',
        words: 'This is the digest of another site.',
      },
    });
    const key = testKey('root of others');
    const body = rootBody(1, { keys: { ...rootBody(1).keys, 'root-1': encodeBase64Url(key.publicKey) } });
    const other = await growingBundle(12, { chain: [signRoot(body, { 'root-1': key })] });
    expect(await check(other, ...files)).toMatchObject({
      ok: false,
      error: { file: 'pekan-1.txt', line: 7, reason: 'wrong-key' },
    });
  });

  it('C33: a text that was tampered with is named by its line', async () => {
    const cases = [
      [edited('records 10', 'records 11'), 6, 'inconsistent-with-digest'],
      [edited('journals 1', 'journals 2'), 5, 'inconsistent-with-digest'],
      [edited('week 2025-11-24', 'week 2025-11-17'), 3, 'malformed'],
      [edited(/root-keys ..../, 'root-keys 0000'), 7, 'wrong-key'],
      [edited('/site-log\n6\n', '/site-log\n7\n'), 10, 'changed'],
      [edited('/site-log\n6\n', '/site-lag\n6\n'), 10, 'changed'],
      [edited('\u2014 dinas-contoh/site-log', '\u2014 dinas-lain/site-log'), 10, 'unsigned'],
    ] as const;
    for (const [file, line, reason] of cases) {
      expect(await check(third, file)).toMatchObject({
        ok: false,
        error: { file: 'surat.txt', line, reason },
      });
    }
    // The other root, which is well formed, under the signature of the first.
    const root = digests[1].note.split('\n')[2] ?? '';
    expect(await check(third, edited(digests[0].note.split('\n')[2] ?? '', root))).toMatchObject({
      ok: false,
      error: { line: 10, reason: 'changed' },
    });
  });

  it('C33: a note by a key that never had the role is refused, one by a key of an older root document holds', async () => {
    const records = linesOf(first, BUNDLE_PATHS.siteLog);
    const forged = { ...digests[0], note: signSiteHead(records, records.length, testKey('stranger')) };
    expect(await check(third, digestFile('surat.txt', forged))).toMatchObject({
      ok: false,
      error: { line: 10, reason: 'wrong-key' },
    });
    const next = testKey('log 2');
    const keys = { ...rootBody(2).keys, 'log-2': encodeBase64Url(next.publicKey) };
    const roles = { ...rootBody(2).roles, log: { keys: ['log-2'], threshold: 1 } };
    const rotated = await growingBundle(12, {
      chain: [
        signRoot(rootBody(1), { 'root-1': rootKey }),
        signRoot(rootBody(2, { keys, roles }), { 'root-1': rootKey }),
      ],
    });
    expect(await check(rotated, ...files)).toMatchObject({ ok: true });
    const byNew = { ...digests[0], note: signSiteHead(records, records.length, next) };
    expect(await check(rotated, digestFile('surat.txt', byNew))).toMatchObject({ ok: true });
    expect(await check(third, digestFile('surat.txt', byNew))).toMatchObject({
      error: { reason: 'wrong-key' },
    });
  });

  it('C33: two roots of one size, both signed, cannot both hold', async () => {
    const records = linesOf(first, BUNDLE_PATHS.siteLog);
    const other = [...records.slice(0, -1), records[0]!];
    const split = { ...digests[0], note: signSiteHead(other, other.length, logKey) };
    expect(await check(third, files[0], digestFile('inspektorat.txt', split))).toMatchObject({
      ok: false,
      error: { file: 'inspektorat.txt', line: 12, reason: 'inconsistent-with-digest' },
    });
  });

  it('C33: what holds no digest, and a site that has signed nothing, have none', async () => {
    expect(await check(third, digestFile('surat.txt', 'Yth.'))).toMatchObject({
      ok: false,
      error: { file: 'surat.txt', line: null, reason: 'malformed' },
    });
    const about = { site: SITE, fingerprint: '', atMs: 0, offsetMinutes: 0 };
    expect(
      createDigest(sha256, new Map(third).set(BUNDLE_PATHS.siteCheckpoints, new Uint8Array()), about),
    ).toBeNull();
  });
});
