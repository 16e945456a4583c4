import { journalUploadSchema } from '#contract/api';
import { decodeBase64Url } from '#contract/bytes';
import { decodeJson } from '#contract/decode-json';
import { epochProofMessage, type EpochRequest } from '#contract/epoch';
import { err, ok, type Result } from '#contract/result';
import { keepBeside } from '../audit/keep-beside.ts';
import { verifyEd25519 } from '../signing/node-crypto.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { newestEpoch, reserveEpoch } from '../store/epochs.ts';
import { findGateway, revokeGatewayKey, type Gateway } from '../store/gateways.ts';
import { loadJournal } from '../store/journals.ts';
import { appendSiteLog } from '../store/site-log.ts';
import { refusal, siteLogPort, type Refusal, type Site } from './site.ts';

/**
 * Gives the next epoch of a gateway's journal to a key that the caller holds. The site log says so at once, so that
 * the gateway may open it whenever it has to, without asking again.
 * @see rule SA37
 */
export async function giveEpoch(
  site: Site,
  gateway: Gateway,
  request: EpochRequest,
): Promise<Result<{ readonly epoch: number }, Refusal>> {
  const key = decodeBase64Url(request.key);
  const proof = decodeBase64Url(request.proof);
  const isHeld =
    key.ok && proof.ok && verifyEd25519(key.value, epochProofMessage(gateway.id, request.key), proof.value);
  if (!isHeld) return err(refusal('invalid-input', [{ pointer: '/proof', code: 'not-by-this-key' }]));
  const now = site.clock.epochMs();
  return inTransaction(site.db, async (trx): Promise<Result<{ readonly epoch: number }, Refusal>> => {
    const given = await reserveEpoch(trx, gateway.id, request.key, now, request.after);
    if (given === null) return err(refusal('too-many-epochs'));
    const { epoch } = given;
    const x = { gw: gateway.id, ep: epoch, key: request.key };
    if (given.isNew) await appendSiteLog(trx, siteLogPort(site), [{ ty: 'gateway.enrolled', x }], now);
    return ok({ epoch });
  });
}

const journalPathForm = /\/gateway\/journal\/([1-9][0-9]{0,14})$/;

const keyIdForm = /;keyid="([a-z0-9-]{1,64})";/;

/**
 * Keeps what the key of a revoked gateway still uploads: evidence, and never merged.
 * @param signer the `signature-input` of the request, whose signature has been verified
 * @param path of the request; only uploads are kept
 * @see rule SA35
 */
export async function keepRevokedUpload(
  site: Site,
  signer: string,
  path: string,
  body: string,
): Promise<void> {
  const epoch = Number(journalPathForm.exec(path)?.[1] ?? '0');
  const upload = epoch === 0 ? null : journalUploadSchema.safeParse(decodeJson(body));
  if (upload?.success !== true) return;
  const gatewayId = keyIdForm.exec(signer)?.[1];
  if (gatewayId === undefined) return;
  const key = { gatewayId, epoch };
  const found = { why: 'revoked', pointer: '/', reason: 'gateway-revoked' } as const;
  await inTransaction(site.db, (trx) => keepBeside(trx, site, key, upload.data, found, site.clock.epochMs()));
}

/** What is known of a gateway that ends. */
export interface Decommissioning {
  readonly gateway: string;
  /** Its newest epoch that has a record, and how many the server holds. */
  readonly epoch: number;
  readonly size: number;
}

async function heldOf(trx: Database, id: string): Promise<Decommissioning> {
  const epoch = await newestEpoch(trx, id);
  const { size } = await loadJournal(trx, { gatewayId: id, epoch });
  return { gateway: id, epoch, size };
}

/**
 * Ends a gateway: its key counts no more. Of a lost one the site log says from where on its journal is missing.
 * @param known how many records it is known to have made after that, by its second medium or its door controller
 * @see rule SA39
 */
export async function decommissionGateway(
  site: Site,
  id: string,
  options: { readonly isLost: boolean; readonly known?: number },
): Promise<Result<Decommissioning, Refusal>> {
  const now = site.clock.epochMs();
  return inTransaction(site.db, async (trx): Promise<Result<Decommissioning, Refusal>> => {
    const gateway = await findGateway(trx, id);
    if (gateway?.state !== 'enrolled') return err(refusal('not-found'));
    const ended = await heldOf(trx, id);
    await revokeGatewayKey(trx, id);
    const { known } = options;
    const tail = { gw: id, ep: ended.epoch, from: ended.size, ...(known !== undefined && { known }) };
    await appendSiteLog(
      trx,
      siteLogPort(site),
      [
        { ty: 'gateway.revoked', x: { gw: id, ep: gateway.epoch } },
        ...(options.isLost ? [{ ty: 'tail.unrecovered', x: tail } as const] : []),
      ],
      now,
    );
    return ok(ended);
  });
}
