import { utf8 } from '#contract/bytes';
import { parseSignedCheckpoint } from '#contract/checkpoint';
import { asMonoMs } from '#contract/clock';
import { consistencyProof, leafHash } from '#contract/merkle';
import { siteLogOrigin } from '#contract/record';
import { encodeWitnessRequest, nameOnLine, WITNESS_PATH } from '#contract/witness';
import type { Site } from '../procedure/site.ts';
import { sha256 } from '../signing/node-crypto.ts';
import { inTransaction } from '../store/database.ts';
import { addSiteSignature, loadSiteRecords, newestSiteNote } from '../store/site-log.ts';

const EVERY_MS = 60_000;
const ANSWER_WITHIN_MS = 10_000;
const MAX_ANSWER = 4096;

/** How far each witness is known to be, by address; it is only a guess, and the witness corrects it. */
export type WitnessSizes = Map<string, number>;

type Answer =
  | { readonly kind: 'signed'; readonly line: string }
  | { readonly kind: 'another-size'; readonly size: number }
  | { readonly kind: 'refused'; readonly status: number };

async function ask(url: string, body: string, fetch: typeof globalThis.fetch): Promise<Answer> {
  const answer = await fetch(new URL(url.replace(/\/$/, '') + WITNESS_PATH), {
    method: 'POST',
    body,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    redirect: 'error',
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  const text = (await answer.text()).slice(0, MAX_ANSWER);
  if (answer.status === 200) return { kind: 'signed', line: text };
  const size = /^(0|[1-9][0-9]{0,15})\n?$/.exec(text)?.[1];
  return answer.status === 409 && size !== undefined
    ? { kind: 'another-size', size: Number(size) }
    : { kind: 'refused', status: answer.status };
}

/**
 * Shows the newest checkpoint of the site log to each witness and keeps its cosignature beside our own signature. A
 * witness that is away, or that refuses, holds up nothing; that it refuses is told in the log.
 * @see rule SA42
 */
export async function askWitnesses(
  site: Pick<Site, 'id' | 'db' | 'log'>,
  urls: readonly string[],
  sizes: WitnessSizes,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): Promise<void> {
  const newest = await inTransaction(site.db, async (trx) => {
    const note = await newestSiteNote(trx);
    return note === null ? null : { note, records: await loadSiteRecords(trx) };
  });
  const parsed = newest === null ? null : parseSignedCheckpoint(utf8(newest.note));
  if (newest === null || parsed?.ok !== true) return;
  const { size } = parsed.value.checkpoint;
  const leaves = newest.records.slice(0, size).map((bytes) => leafHash(sha256, bytes));
  for (const url of urls) {
    if (sizes.get(url) === size) continue;
    try {
      await showTo(url);
    } catch (error) {
      site.log.warn({ error, url }, 'a witness does not answer');
    }
  }

  async function showTo(url: string): Promise<void> {
    for (let turn = 0; turn < 2; turn++) {
      const oldSize = sizes.get(url) ?? 0;
      const proof = consistencyProof(sha256, leaves, oldSize);
      const answer = await ask(
        url,
        encodeWitnessRequest({ oldSize, proof, note: newest?.note ?? '' }),
        fetch,
      );
      if (answer.kind === 'another-size' && answer.size <= size && turn === 0) {
        sizes.set(url, answer.size);
        continue;
      }
      if (answer.kind !== 'signed') {
        // It holds more than we do, or another history: this database was put back, or somebody wrote it anew.
        site.log.error({ url, ...answer }, 'a witness does not sign the site log');
        return;
      }
      const name = nameOnLine(answer.line);
      // A line under our own name would count as our signature, and be a wrong one.
      if (name === null || name === siteLogOrigin(site.id)) {
        site.log.error({ url }, 'a witness answers with something else than a signature');
        return;
      }
      await addSiteSignature(site.db, size, answer.line);
      sizes.set(url, size);
      return;
    }
  }
}

/** Shows every new head to the witnesses until the signal aborts. */
export async function askWitnessesUntil(
  site: Site,
  urls: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const sizes: WitnessSizes = new Map();
  while (urls.length > 0 && !signal.aborted) {
    try {
      await askWitnesses(site, urls, sizes);
    } catch (error) {
      site.log.error({ error }, 'the witnesses could not be asked');
    }
    await site.clock.sleepUntil(asMonoMs(site.clock.monoMs() + EVERY_MS), signal);
  }
}
