import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyBundle } from '#contract/bundle';
import { BUNDLE_PATHS } from '#contract/bundle-format';
import type { Opening } from '#contract/commitment';
import { MAX_RANGES, rangesOf, type ErasedLeaves } from '#contract/erasure';
import { encodeSiteLogRecord, type SiteLogEntry } from '#contract/site-log';
import { erasedLeaves } from '../../server/domain/erasure-ranges.ts';
import { openSecondVerifier, whyNoPython, type SecondVerifier } from '../verifier/second-verifier.ts';
import { makeBundle, START_MS, type EvidenceOptions } from './evidence-fixture.ts';
import { ports } from './test-keys.ts';

const GW = 'gw-arsip';
const erased = (at: ErasedLeaves[], n = at.reduce((sum, each) => sum + each.n, 0)): SiteLogEntry => ({
  ty: 'privacy.erased',
  x: { n, at, basis: 'subject-request', by: 2 },
});
const leaves = (n: number, r: [number, number][], ep = 1): ErasedLeaves => ({ gw: GW, ep, n, r });

/** Leaves out the openings of these records of the journal gw-arsip/1. */
const without =
  (...seqs: number[]) =>
  (openings: Opening[]): Opening[] =>
    openings.filter(({ gw, ep, sq }) => gw !== GW || ep !== 1 || !seqs.includes(sq));

/** A bundle in which these erasures are recorded and these records of gw-arsip/1 have no openings. */
const bundle = (entries: SiteLogEntry[], seqs: number[], more: EvidenceOptions = {}) =>
  makeBundle({
    siteEntries: (all) => [...all, ...entries],
    openings: without(...seqs),
    ...more,
  });

describe('erasure and the auditor', () => {
  let second: SecondVerifier | null = null;
  beforeAll(async () => {
    if (whyNoPython() === null) second = openSecondVerifier(await makeBundle());
  });
  afterAll(() => second?.close());

  /** What both verifiers say; they must say the same. */
  const judge = async (files: Map<string, Uint8Array>) => {
    const verdict = await verifyBundle(files, ports);
    const short = verdict.ok
      ? { ok: true }
      : { ok: false, file: verdict.error.file, line: verdict.error.line, reason: verdict.error.reason };
    if (second !== null) expect(await second.verify(files)).toMatchObject(short);
    return verdict;
  };

  it('C70: what is recorded as erased needs no opening, and is counted', async () => {
    const verdict = await judge(
      await bundle(
        [
          erased([
            leaves(4, [
              [1, 1],
              [4, 4],
            ]),
          ]),
        ],
        [1, 4],
      ),
    );
    expect(verdict).toMatchObject({ ok: true, value: { erased: 4, counts: { openings: 20 } } });
  });

  it('C70: a run may span records that commit to nothing', async () => {
    expect(await judge(await bundle([erased([leaves(7, [[0, 8]])])], [1, 4, 7]))).toMatchObject({
      ok: true,
      value: { erased: 7 },
    });
  });

  it('C71: one unopenable commitment more than recorded is concealment', async () => {
    const verdict = await judge(await bundle([erased([leaves(3, [[1, 1]])])], [1, 4]));
    expect(verdict).toMatchObject({
      ok: false,
      error: { reason: 'erased-without-record', file: BUNDLE_PATHS.openings },
    });
  });

  it('C71: what is recorded as erased and can still be opened was not erased', async () => {
    const verdict = await judge(
      await bundle(
        [
          erased([
            leaves(4, [
              [1, 1],
              [4, 4],
            ]),
          ]),
        ],
        [1],
      ),
    );
    expect(verdict).toMatchObject({ ok: false, error: { reason: 'inserted', file: BUNDLE_PATHS.openings } });
  });

  it.each<[string, SiteLogEntry[], number[]]>([
    [
      'more commitments than the records make',
      [
        erased([
          leaves(5, [
            [1, 1],
            [4, 4],
          ]),
        ]),
      ],
      [1, 4],
    ],
    [
      'fewer commitments than the records make',
      [
        erased([
          leaves(3, [
            [1, 1],
            [4, 4],
          ]),
        ]),
      ],
      [1, 4],
    ],
    ['a sum that is not that of its parts', [erased([leaves(3, [[1, 1]])], 4)], [1]],
    ['the same record twice', [erased([leaves(3, [[1, 1]])]), erased([leaves(3, [[1, 1]])])], [1]],
    [
      'runs that overlap',
      [
        erased([
          leaves(4, [
            [1, 4],
            [4, 4],
          ]),
        ]),
      ],
      [1, 4],
    ],
    ['a run that ends before it begins', [erased([leaves(4, [[4, 1]])])], [1, 4]],
    [
      'records that do not exist',
      [
        erased([
          leaves(3, [
            [1, 1],
            [40, 41],
          ]),
        ]),
      ],
      [1],
    ],
    ['a journal that does not exist', [erased([leaves(3, [[1, 1]], 9)])], []],
  ])('C72: an erasure that tells of %s is named with its line', async (_name, entries, seqs) => {
    const files = await bundle(entries, seqs);
    const verdict = await judge(files);
    const lines = new TextDecoder().decode(files.get(BUNDLE_PATHS.siteLog)).trim().split('\n');
    expect(verdict).toMatchObject({
      ok: false,
      error: { reason: 'inconsistent', file: BUNDLE_PATHS.siteLog },
    });
    const line = verdict.ok ? 0 : (verdict.error.line ?? 0);
    expect(lines[line - 1]).toContain('privacy.erased');
  });

  it('C72: nothing can be erased before the server holds it', async () => {
    const early = (all: SiteLogEntry[]): SiteLogEntry[] => {
      const at = all.findIndex(({ ty }) => ty === 'journal.checkpointed');
      return [...all.slice(0, at), erased([leaves(3, [[1, 1]])]), ...all.slice(at)];
    };
    const verdict = await judge(await bundle([], [1], { siteEntries: early }));
    expect(verdict).toMatchObject({ ok: false, error: { reason: 'inconsistent' } });
  });

  it('C70: a bundle of a period counts erasures outside of it too', async () => {
    const period = {
      from: new Date(START_MS + 6 * 60_000).toISOString(),
      until: new Date(START_MS + 86_400_000).toISOString(),
    };
    const inside = erased([
      leaves(6, [
        [1, 1],
        [7, 7],
      ]),
    ]);
    expect(await judge(await bundle([inside], [1, 7], { period }))).toMatchObject({
      ok: true,
      value: { erased: 6 },
    });
    expect(await judge(await bundle([erased([leaves(3, [[1, 1]])])], [1, 7], { period }))).toMatchObject({
      ok: false,
      error: { reason: 'erased-without-record' },
    });
  });

  it('C73: the end of a month is recorded in the same way', async () => {
    const month: SiteLogEntry = {
      ty: 'retention.destroyed',
      x: { n: 3, at: [leaves(3, [[1, 1]])], month: '2026-03' },
    };
    expect(await judge(await bundle([month, erased([leaves(1, [[4, 4]])])], [1, 4]))).toMatchObject({
      ok: true,
      value: { erased: 4 },
    });
  });

  it('SD27: what is told is exact, rises, and is cut into records that fit', () => {
    const places = Array.from({ length: 2500 }, (_, index) => ({
      gatewayId: index % 2 === 0 ? 'gw-b' : 'gw-a',
      epoch: 1,
      seq: index * 3,
    })).flatMap((place) => [place, place]);
    const pieces = erasedLeaves(places.toReversed());
    expect(pieces.map((piece) => piece.reduce((sum, { r }) => sum + r.length, 0))).toEqual([1000, 1000, 500]);
    expect(pieces.flat().reduce((sum, { n }) => sum + n, 0)).toBe(5000);
    expect(pieces.flat().map(({ gw }) => gw)).toEqual(['gw-a', 'gw-a', 'gw-b', 'gw-b']);
    for (const piece of pieces) {
      const record = {
        v: 1,
        k: 'site',
        site: 'pemda',
        sq: 1,
        t: 1,
        ph: 'A'.repeat(43),
        ...erased([...piece]),
      } as const;
      expect(encodeSiteLogRecord(record as never).length).toBeLessThan(65_535);
    }
    expect(MAX_RANGES).toBe(1000);
    expect(rangesOf([1, 2, 3, 7, 9, 10])).toEqual([
      [1, 3],
      [7, 7],
      [9, 10],
    ]);
    expect(erasedLeaves([])).toEqual([]);
  });
});
