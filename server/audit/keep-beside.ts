import type { JournalUpload } from '#contract/api';
import { logKeysOf } from '#contract/bundle-keys';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { parseSignedCheckpoint, verifyCosignature } from '#contract/checkpoint';
import type { EpochMs } from '#contract/clock';
import { journalOrigin } from '#contract/record';
import { decodeSiteLogRecord, type ConflictReason } from '#contract/site-log';
import { siteLogPort, type Site } from '../procedure/site.ts';
import { sha256, verifyEd25519 } from '../signing/node-crypto.ts';
import type { Database } from '../store/database.ts';
import { insertConflict } from '../store/epochs.ts';
import type { JournalKey } from '../store/journals.ts';
import { appendSiteLog, loadSiteRecordsOf } from '../store/site-log.ts';

/** One text for one batch. A batch is larger than any canonical text may be, so its fields are written in their order. */
function textOf({ gen, from, prev, entries, openings, checkpoint, cosigned }: JournalUpload): string {
  const opened = openings.map(({ gw, ep, sq, field, salt, value }) => ({ gw, ep, sq, field, salt, value }));
  return JSON.stringify({ gen, from, prev, entries, openings: opened, checkpoint, cosigned });
}

/** Keeps a batch that is not merged, and writes down that there is one, so that it cannot be lost unseen. @see rule SA35 */
export async function keepBeside(
  trx: Database,
  site: Site,
  key: JournalKey,
  upload: JournalUpload,
  found: { readonly why: ConflictReason; readonly pointer: string; readonly reason: string },
  now: EpochMs,
): Promise<void> {
  const text = textOf(upload);
  const hash = encodeBase64Url(sha256(utf8(text)));
  // Its openings are personal, and no person's key fits a batch that contradicts what is known: sealed as a whole.
  const sealed = site.pii.seal(`conflict/${hash}`, text);
  if (!(await insertConflict(trx, { ...key, ...found, hash, at: now, upload: sealed }))) return;
  site.log.error(
    { gateway: key.gatewayId, epoch: key.epoch, why: found.why },
    'a journal batch was not merged',
  );
  const x = { gw: key.gatewayId, ep: key.epoch, why: found.why, h: hash };
  await appendSiteLog(trx, siteLogPort(site), [{ ty: 'journal.conflicted', x }], now);
}

/** Writes down, once, that this server had cosigned more than it now holds. @see rule SA36 */
export async function noteRollback(
  trx: Database,
  site: Site,
  key: JournalKey,
  size: number,
  cosigned: string | undefined,
  now: EpochMs,
): Promise<void> {
  const note = cosigned === undefined ? null : parseSignedCheckpoint(utf8(cosigned));
  if (note?.ok !== true) return;
  const { checkpoint } = note.value;
  if (checkpoint.origin !== journalOrigin(site.id, key.gatewayId, key.epoch) || checkpoint.size <= size)
    return;
  const logKeys = logKeysOf(site.rootChain.map(({ root }) => root));
  const ports = { sha256, verify: verifyEd25519 };
  const verdicts = await Promise.all(logKeys.map((each) => verifyCosignature(ports, note.value, each)));
  if (!verdicts.some(({ ok: isOurs }) => isOurs)) return;
  const x = {
    gw: key.gatewayId,
    ep: key.epoch,
    size,
    had: checkpoint.size,
    root: encodeBase64Url(checkpoint.root),
  };
  const known = (await loadSiteRecordsOf(trx, 'server.rollback')).some((bytes) => {
    const record = decodeSiteLogRecord(bytes);
    if (!record.ok || record.value.ty !== 'server.rollback') return false;
    const { gw, ep, had, root } = record.value.x;
    return gw === x.gw && ep === x.ep && had === x.had && root === x.root;
  });
  if (known) return;
  site.log.error({ gateway: key.gatewayId, epoch: key.epoch }, 'this server held more of a journal once');
  await appendSiteLog(trx, siteLogPort(site), [{ ty: 'server.rollback', x }], now);
}
