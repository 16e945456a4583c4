import type { EnrolResponse } from '#contract/api';
import { decodeBase64Url, encodeBase64Url, utf8 } from '#contract/bytes';
import { err, ok, type Result } from '#contract/result';
import { newToken, tokenHash } from '../auth/tokens.ts';
import { verifyEd25519 } from '../signing/node-crypto.ts';
import { inTransaction } from '../store/database.ts';
import {
  assignDoor,
  doorsOf,
  enrolGatewayKey,
  ensureGateway,
  findGateway,
  insertEnrolmentToken,
  useEnrolmentToken,
} from '../store/gateways.ts';
import { hasDoor } from '../store/places.ts';
import { appendSiteLog } from '../store/site-log.ts';
import { refusal, siteLogPort, type Refusal, type Site } from './site.ts';

/** How long a token waits to be used. */
const TOKEN_LIFE_MS = 60 * 60_000;

/** A token for one gateway, shown once. */
export interface EnrolmentTicket {
  readonly gatewayId: string;
  readonly token: string;
  readonly expiresAt: string;
}

/**
 * Makes a one-time token with which a gateway enrols its key. For a gateway that has one already, the new key
 * opens the next epoch of its journal.
 */
export async function orderEnrolment(
  site: Site,
  order: { readonly id: string; readonly doors: readonly string[] },
): Promise<Result<EnrolmentTicket, Refusal>> {
  const token = newToken(site.random);
  const expiresAt = site.clock.epochMs() + TOKEN_LIFE_MS;
  return inTransaction(site.db, async (trx): Promise<Result<EnrolmentTicket, Refusal>> => {
    // Looked at before anything is stored, so that a refusal leaves nothing behind.
    const known = await findGateway(trx, order.id);
    if (known?.state === 'revoked') return err(refusal('name-taken'));
    for (const [index, door] of order.doors.entries()) {
      if (!(await hasDoor(trx, door))) {
        return err(refusal('invalid-input', [{ pointer: `/doors/${index}`, code: 'unknown' }]));
      }
    }
    await ensureGateway(trx, order.id);
    for (const [index, door] of order.doors.entries()) {
      if (!(await assignDoor(trx, door, order.id))) {
        throw new DoorTaken(index);
      }
    }
    await insertEnrolmentToken(trx, { hash: tokenHash(token), gatewayId: order.id, expiresAt });
    return ok({ gatewayId: order.id, token, expiresAt: new Date(expiresAt).toISOString() });
  }).catch((error: unknown) => {
    if (!(error instanceof DoorTaken)) throw error;
    return err(refusal('invalid-input', [{ pointer: `/doors/${error.index}`, code: 'taken' }]));
  });
}

/** Thrown to undo the transaction, and caught right outside of it. */
class DoorTaken extends Error {
  readonly index: number;

  constructor(index: number) {
    super('door taken');
    this.index = index;
  }
}

/**
 * Enrols the key of a gateway against its token.
 * @see rule SU8
 */
export async function enrolGateway(
  site: Site,
  claim: { readonly token: string; readonly publicKey: string; readonly proof: string },
): Promise<Result<EnrolResponse, Refusal>> {
  const key = decodeBase64Url(claim.publicKey);
  const proof = decodeBase64Url(claim.proof);
  // Before the token is used up: a caller who does not hold the key has not spent it.
  if (
    !key.ok ||
    !proof.ok ||
    !verifyEd25519(key.value, utf8(`palang-enrol/v1\n${claim.token}`), proof.value)
  ) {
    return err(refusal('enrolment-refused'));
  }
  const now = site.clock.epochMs();
  return inTransaction(site.db, async (trx): Promise<Result<EnrolResponse, Refusal>> => {
    const gatewayId = await useEnrolmentToken(trx, tokenHash(claim.token), now);
    if (gatewayId === null) return err(refusal('enrolment-refused'));
    const epoch = await enrolGatewayKey(trx, gatewayId, claim.publicKey, now);
    await appendSiteLog(
      trx,
      siteLogPort(site),
      [{ ty: 'gateway.enrolled', x: { gw: gatewayId, ep: epoch, key: claim.publicKey } }],
      now,
    );
    return ok({
      gatewayId,
      siteId: site.id,
      issuer: site.signer.issuer,
      epoch,
      doors: [...(await doorsOf(trx, gatewayId))],
      pepper: encodeBase64Url(site.pepper),
      root: [...site.rootChain],
    });
  });
}
