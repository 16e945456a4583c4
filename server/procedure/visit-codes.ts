import type { Person } from '#contract/api';
import type { VisitCodeTicket } from '#contract/api-door';
import type { EpochMs } from '#contract/clock';
import { visitCodeHandle } from '#contract/pin';
import { err, Fault, ok, type Result } from '#contract/result';
import { newRowId } from '../auth/tokens.ts';
import { mayDo } from '../domain/permissions.ts';
import { drawVisitCode } from '../domain/visit-code.ts';
import { hmacSha256, scryptKey } from '../signing/node-crypto.ts';
import { recordAudit } from '../store/audit-trail.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { findPermit, type StoredPermit } from '../store/permits.ts';
import { loadDoorRules } from '../store/site-rules.ts';
import { insertVisitCode, suspendCodesOf } from '../store/visit-codes.ts';
import { renewPolicy } from './renew-policy.ts';
import { revisePermit } from './revise-permits.ts';
import { refusal, type Refusal, type Site } from './site.ts';

/** Draws before something is taken to be broken; the first nearly always does. */
const MOST_DRAWS = 20;

/** A visit code with its handle. */
export interface DrawnCode {
  readonly code: string;
  readonly handle: string;
}

/** Draws a code that nobody chose, with the handle that the door knows it by; slow on purpose. */
export async function drawCode(site: Site): Promise<DrawnCode> {
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    const code = drawVisitCode(site.random.bytes(4));
    if (code === null) continue;
    const keyed = (message: Uint8Array): Uint8Array => hmacSha256(site.pepper, message);
    return { code, handle: await visitCodeHandle(keyed, scryptKey, site.id, code) };
  }
  throw new Fault('random-source-broken', { retryable: false });
}

async function loadPermit(
  db: Database,
  id: string,
  by: Person,
  now: EpochMs,
): Promise<Result<StoredPermit, Refusal>> {
  const permit = await findPermit(db, id);
  const isTheirs = permit?.sub === by.id || permit?.requesterId === by.id;
  if (permit === null || (!isTheirs && !mayDo(by.roles, 'visit-codes.issue.all'))) {
    return err(refusal('not-found'));
  }
  if (permit.revokedAt !== null) return err(refusal('step-not-allowed'));
  if (permit.validUntil <= now) return err(refusal('window-in-past'));
  const rules = await loadDoorRules(db);
  return permit.doors.some((door) => rules[door]?.codes === true)
    ? ok(permit)
    : err(refusal('codes-not-allowed'));
}

/**
 * Makes a visit code for a permit: one that nobody chose, told once, in the place of the one before. The permit
 * is revised to name it, and lets a visitor without a card in once.
 * @see rules SD16, SD17, SU14
 */
export async function issueVisitCode(
  site: Site,
  by: Person,
  permitId: string,
): Promise<Result<VisitCodeTicket, Refusal>> {
  const now = site.clock.epochMs();
  // Looked at before the slow derivation, and again inside of the transaction.
  const early = await loadPermit(site.db, permitId, by, now);
  if (!early.ok) return early;
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    const drawn = await drawCode(site);
    const outcome = await inTransaction(site.db, (trx) => storeCode(trx, site, by, permitId, drawn, now));
    if (!outcome.ok) return outcome;
    if (outcome.value === null) continue;
    const { permit, version } = outcome.value;
    site.policyChanges.publish(version);
    return ok({
      permitId,
      code: drawn.code,
      doors: [...permit.doors],
      validFrom: new Date(permit.validFrom).toISOString(),
      validUntil: new Date(permit.validUntil).toISOString(),
    });
  }
  throw new Fault('visit-codes-exhausted', { retryable: false });
}

/** @returns null where these digits were given out before */
async function storeCode(
  trx: Database,
  site: Site,
  by: Person,
  permitId: string,
  { handle }: DrawnCode,
  now: EpochMs,
): Promise<Result<{ readonly permit: StoredPermit; readonly version: number } | null, Refusal>> {
  const permit = await loadPermit(trx, permitId, by, now);
  if (!permit.ok) return permit;
  const { sub, validUntil } = permit.value;
  await suspendCodesOf(trx, permitId);
  const isNew = await insertVisitCode(trx, {
    id: newRowId(site.random, 'cr'),
    personId: sub,
    permitId,
    handle,
    at: now,
    expiresAt: validUntil,
  });
  if (!isNew) return ok(null);
  await revisePermit(trx, site, permit.value, now, true);
  await recordAudit(trx, {
    at: now,
    byId: by.id,
    act: 'visit-code.issued',
    subject: permitId,
    facts: { personId: sub },
  });
  return ok({ permit: permit.value, version: (await renewPolicy(trx, site, now)).version });
}
