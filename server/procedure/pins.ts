import { encodeBase64Url } from '#contract/bytes';
import { derivePin, type PinVerifier } from '#contract/pin';
import { err, ok, type Result } from '#contract/result';
import { checkPins, type PinPair } from '../domain/pin-policy.ts';
import { hmacSha256, scryptKey } from '../signing/node-crypto.ts';
import { recordAudit } from '../store/audit-trail.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { deletePin, findPinCard, pinCardsOf, savePin, type PinCard } from '../store/pins.ts';
import { renewPolicy } from './renew-policy.ts';
import { refusal, type Refusal, type Site } from './site.ts';

const SALT_BYTES = 16;

async function verifierOf(site: Site, handle: string, pin: string): Promise<PinVerifier> {
  const salt = site.random.bytes(SALT_BYTES);
  const keyed = (message: Uint8Array): Uint8Array => hmacSha256(site.pepper, message);
  return {
    s: encodeBase64Url(salt),
    h: encodeBase64Url(await derivePin(keyed, scryptKey, handle, pin, salt)),
  };
}

/** What a PIN is set for, with who sets it. */
export interface PinOrder {
  readonly byId: string;
  readonly pair: PinPair;
}

async function setPins(
  site: Site,
  cards: readonly PinCard[],
  { byId, pair }: PinOrder,
): Promise<Result<null, Refusal>> {
  const checked = checkPins(pair);
  if (!checked.ok) {
    const { field, fault } = checked.error;
    return err(refusal('pin-not-usable', [{ pointer: `/${field}`, code: fault }]));
  }
  // Before the transaction: the derivation is slow on purpose, and others have to write meanwhile.
  const verifiers: { card: PinCard; pin: PinVerifier; duress: PinVerifier | null }[] = [];
  for (const card of cards) {
    verifiers.push({
      card,
      pin: await verifierOf(site, card.handle, pair.pin),
      duress: pair.duress === null ? null : await verifierOf(site, card.handle, pair.duress),
    });
  }
  const now = site.clock.epochMs();
  const version = await inTransaction(site.db, async (trx) => {
    for (const { card, pin, duress } of verifiers) {
      await savePin(trx, { credentialId: card.id, pin, duress, setAt: now });
      await recordPin(trx, now, byId, 'pin.set', card);
    }
    return (await renewPolicy(trx, site, now)).version;
  });
  site.policyChanges.publish(version);
  return ok(null);
}

/** Whose card it was stands in the trail, and nothing of the PIN: not even whether there is one for duress. */
const recordPin = (
  trx: Database,
  at: number,
  byId: string,
  act: 'pin.set' | 'pin.removed',
  card: PinCard,
): Promise<void> => recordAudit(trx, { at, byId, act, subject: card.id, facts: { personId: card.personId } });

/** Sets the PIN of a card, for somebody who stands beside. @see rules SD15, SU12 */
export async function setCardPin(
  site: Site,
  credentialId: string,
  order: PinOrder,
): Promise<Result<null, Refusal>> {
  const card = await findPinCard(site.db, credentialId);
  return card === null ? err(refusal('not-found')) : setPins(site, [card], order);
}

/** Sets one's own PIN, for every card that one has. @see rules SD15, SU12 */
export async function setOwnPin(site: Site, personId: string, pair: PinPair): Promise<Result<null, Refusal>> {
  const cards = await pinCardsOf(site.db, personId);
  return cards.length === 0 ? err(refusal('no-credential')) : setPins(site, cards, { byId: personId, pair });
}

/** Forgets the PIN of a card. */
export async function removeCardPin(
  site: Site,
  credentialId: string,
  byId: string,
): Promise<Result<null, Refusal>> {
  const now = site.clock.epochMs();
  const outcome = await inTransaction(site.db, async (trx): Promise<Result<number | null, Refusal>> => {
    const card = await findPinCard(trx, credentialId);
    if (card === null) return err(refusal('not-found'));
    if (!(await deletePin(trx, card.id))) return ok(null);
    await recordPin(trx, now, byId, 'pin.removed', card);
    return ok((await renewPolicy(trx, site, now)).version);
  });
  if (!outcome.ok) return outcome;
  if (outcome.value !== null) site.policyChanges.publish(outcome.value);
  return ok(null);
}
