import type { EventDetail } from '#contract/api';
import { decodeBase64Url, encodeBase64 } from '#contract/bytes';
import { inclusionProof } from '#contract/merkle';
import { Fault } from '#contract/result';
import type { Site } from '../procedure/site.ts';
import { sha256 } from '../signing/node-crypto.ts';
import { listEvents } from '../store/events.ts';
import { loadLeafHashes, loadRecords, newestCheckpoint, type JournalKey } from '../store/journals.ts';

async function proofOf(site: Site, key: JournalKey, seq: number): Promise<EventDetail['proof']> {
  const newest = await newestCheckpoint(site.db, key);
  if (newest === null || seq >= newest.size) return null;
  const leaves = (await loadLeafHashes(site.db, key, newest.size)).map((text) => {
    const leaf = decodeBase64Url(text);
    if (!leaf.ok) throw new Fault('leaf-hash-damaged', { retryable: false });
    return leaf.value;
  });
  const hashes = inclusionProof(sha256, leaves, seq).map(encodeBase64);
  return { size: newest.size, hashes, checkpoint: newest.note };
}

function checkedRules(text: string): string[] {
  const { x } = JSON.parse(text) as { readonly x?: { readonly checked?: unknown } };
  return Array.isArray(x?.checked) ? x.checked.filter((rule) => typeof rule === 'string') : [];
}

/**
 * Loads an event with the bytes that were hashed and the proof that they are in the journal.
 * @param reader who asks; `isOnlyOwn` leaves out what is about other people
 * @returns null where there is none, or it is not for the caller
 */
export async function loadEventDetail(
  site: Site,
  place: { readonly gatewayId: string; readonly epoch: number; readonly seq: number },
  reader: { readonly id: string; readonly isOnlyOwn: boolean },
): Promise<EventDetail | null> {
  const filter = { place, readerId: reader.id, ...(reader.isOnlyOwn && { onlyPersonId: reader.id }) };
  const [listed] = await listEvents(site.db, filter, { after: null, limit: 1 });
  const [stored] = await loadRecords(site.db, place, place.seq, place.seq + 1);
  if (listed === undefined || stored === undefined) return null;
  return {
    ...listed.event,
    record: stored.text,
    leafHash: stored.leafHash,
    proof: await proofOf(site, place, place.seq),
    checked: checkedRules(stored.text),
  };
}
