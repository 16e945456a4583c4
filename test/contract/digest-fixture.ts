import { verifyBundle } from '#contract/bundle';
import { utf8 } from '#contract/bytes';
import { encodeDigest, type Digest } from '#contract/digest';
import { createDigest, type DigestFile } from '#contract/digest-check';
import type { SiteLogEntry } from '#contract/site-log';
import { createRememberingPorts, type Files } from './bundle-edits.ts';
import { makeBundle, SITE, START_MS, type EvidenceOptions } from './evidence-fixture.ts';
import { sha256 } from './test-keys.ts';

export const ports = createRememberingPorts();

/** Evidence of one site that only grows: more records stand behind those of before. */
export const growingBundle = (records: number, options: EvidenceOptions = {}): Promise<Files> =>
  makeBundle({
    records,
    every: 4,
    journals: [{ gateway: 'gw-ruang-server', epoch: 1 }],
    siteEntries: (entries: SiteLogEntry[]) => entries.filter((entry) => entry.ty !== 'permit.revoked'),
    ...options,
  });

/** The digest of a bundle, as the program makes it. */
export async function digestOf(files: Files, atMs = START_MS): Promise<Digest> {
  const verdict = await verifyBundle(files, ports);
  if (!verdict.ok) throw new Error(verdict.error.words);
  const { fingerprint } = verdict.value;
  const digest = createDigest(sha256, files, { site: SITE, fingerprint, atMs, offsetMinutes: 420 });
  if (digest === null) throw new Error('nothing is signed yet');
  return digest;
}

export const digestFile = (name: string, digest: Digest | string): DigestFile => ({
  name,
  bytes: utf8(typeof digest === 'string' ? digest : encodeDigest(digest)),
});
