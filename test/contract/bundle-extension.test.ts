import { describe, expect, it } from 'vitest';
import { verifyBundle } from '#contract/bundle';
import { checkExtension } from '#contract/bundle-extension';
import { BUNDLE_PATHS } from '#contract/bundle-format';
import { encodeBase64Url } from '#contract/bytes';
import type { RootDocument } from '#contract/root-document';
import type { SiteLogEntry } from '#contract/site-log';
import { createRememberingPorts, type Files } from './bundle-edits.ts';
import {
  JOURNALS,
  makeBundle,
  rootBody,
  rootKey,
  signRoot,
  type EvidenceOptions,
} from './evidence-fixture.ts';
import { sha256, testKey } from './test-keys.ts';

const ports = createRememberingPorts();
const JOURNAL = 'journal/gw-ruang-server/1.jsonl';

/**
 * The evidence of one site at a moment of its life: enrolments first, then the heads as they grew, so that a later
 * moment only appends.
 */
async function bundleAt(records: number, options: EvidenceOptions = {}): Promise<Files> {
  const files = await makeBundle({
    records,
    every: 4,
    siteEntries: (entries) => entries.filter((entry) => entry.ty !== 'permit.revoked'),
    ...options,
    journals: options.journals ?? JOURNALS.slice(0, 1),
  });
  const verdict = await verifyBundle(files, ports);
  if (!verdict.ok) throw new Error(verdict.error.words);
  return files;
}

const early = await bundleAt(4);
const late = await bundleAt(12);

describe('a bundle and an older one', () => {
  it('C30: what goes on where the older one ended is an extension, counted in records', () => {
    // Eight records of the journal and two heads in the site log.
    expect(checkExtension(sha256, late, early)).toEqual({ ok: true, value: { addedRecords: 10 } });
    expect(checkExtension(sha256, late, late)).toEqual({ ok: true, value: { addedRecords: 0 } });
  });

  it('C30: an older state that is shown again is named, with the first record that is gone', () => {
    expect(checkExtension(sha256, early, late)).toMatchObject({
      ok: false,
      error: { file: BUNDLE_PATHS.siteLog, line: 7, seq: 6, reason: 'replayed' },
    });
  });

  it('C30: a journal that was rolled back alone is named', () => {
    const rolled = new Map(late).set(JOURNAL, early.get(JOURNAL)!);
    expect(checkExtension(sha256, rolled, late)).toMatchObject({
      ok: false,
      error: { file: JOURNAL, line: 5, reason: 'replayed' },
    });
    const gone = new Map(late);
    gone.delete(JOURNAL);
    expect(checkExtension(sha256, gone, late)).toMatchObject({
      ok: false,
      error: { file: JOURNAL, line: null, reason: 'removed' },
    });
  });

  it('C30: a fork that verifies by itself is named at the first record of the other history', async () => {
    for (const seq of [0, 2, 3]) {
      const fork = await bundleAt(12, { facts: (sq) => (sq === seq ? { mo: 99 } : {}) });
      // The site log holds the root of the journal: the fork shows there first, at the first head.
      expect(checkExtension(sha256, fork, early)).toMatchObject({
        ok: false,
        error: { file: BUNDLE_PATHS.siteLog, line: 6, reason: 'inconsistent' },
      });
      const journalOnly = new Map(late).set(JOURNAL, fork.get(JOURNAL)!);
      expect(checkExtension(sha256, journalOnly, early)).toMatchObject({
        ok: false,
        error: { file: JOURNAL, line: seq + 1, seq, reason: 'inconsistent' },
      });
    }
  });

  it('C30: a fork behind what the older bundle held contradicts nothing that it knows', async () => {
    const fork = await bundleAt(12, { facts: (sq) => (sq === 9 ? { mo: 99 } : {}) });
    expect(checkExtension(sha256, fork, early)).toMatchObject({ ok: true });
    expect(checkExtension(sha256, fork, late)).toMatchObject({
      ok: false,
      error: { reason: 'inconsistent' },
    });
  });

  it('C30: a site log that was written anew is a fork, also where the journals are the same', async () => {
    const extra: SiteLogEntry = { ty: 'manifest.signed', x: { v: 2, mh: 'A'.repeat(43) } };
    const other = await bundleAt(12, {
      siteEntries: (entries) => [
        ...entries.slice(0, 3),
        extra,
        ...entries.slice(3).filter((entry) => entry.ty !== 'permit.revoked'),
      ],
    });
    expect(checkExtension(sha256, other, late)).toMatchObject({
      ok: false,
      error: { file: BUNDLE_PATHS.siteLog, line: 4, seq: 3, reason: 'inconsistent' },
    });
  });

  it('C30: root documents go on, too', async () => {
    const second = (at: number): RootDocument => signRoot(rootBody(2, { at }), { 'root-1': rootKey });
    const first = signRoot(rootBody(1), { 'root-1': rootKey });
    const rotated = await bundleAt(12, { chain: [first, second(1)] });
    expect(checkExtension(sha256, rotated, late)).toMatchObject({ ok: true });
    expect(checkExtension(sha256, late, rotated)).toMatchObject({
      ok: false,
      error: { file: BUNDLE_PATHS.root, reason: 'replayed' },
    });
    const forked = await bundleAt(12, { chain: [first, second(2)] });
    expect(checkExtension(sha256, forked, rotated)).toMatchObject({
      ok: false,
      error: { file: BUNDLE_PATHS.root, reason: 'inconsistent' },
    });
  });

  it('C30: the bundle of another site is not an extension', async () => {
    const key = testKey('root of others');
    const body = rootBody(1, { keys: { ...rootBody(1).keys, 'root-1': encodeBase64Url(key.publicKey) } });
    const other = await bundleAt(12, { chain: [signRoot(body, { 'root-1': key })] });
    expect(checkExtension(sha256, other, late)).toMatchObject({
      ok: false,
      error: { file: BUNDLE_PATHS.root, reason: 'wrong-key' },
    });
  });
});
