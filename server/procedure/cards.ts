import type { Credential } from '#contract/api';
import type { CardMedia } from '#contract/card';
import { credentialHandle } from '#contract/commitment';
import type { EpochMs } from '#contract/clock';
import { err, ok, type Result } from '#contract/result';
import { newRowId } from '../auth/tokens.ts';
import { checkEnrolment } from '../domain/card-enrolment.ts';
import { endOfSiteDay } from '../domain/site-day-end.ts';
import { hmacSha256 } from '../signing/node-crypto.ts';
import { recordAudit } from '../store/audit-trail.ts';
import {
  findCredential,
  findHeldCard,
  insertCredential,
  setCredentialState,
  takeCardBack,
  type HeldCard,
} from '../store/credentials.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { findPerson } from '../store/people.ts';
import { hasDoor } from '../store/places.ts';
import { unknownHandlesAt } from '../store/presentations.ts';
import { renewPolicy } from './renew-policy.ts';
import { refusal, type Refusal, type Site } from './site.ts';

/** How long ago a card may have been presented at the door to be enrolled by it. */
export const PRESENTATION_LIFE_MS = 2 * 60_000;

type Outcome = Result<Credential, Refusal>;

/** What is told of a card beside its handle. */
interface CardFacts {
  readonly handle: string;
  readonly media: CardMedia;
  readonly lastFour: string;
}

interface CardOrder {
  readonly byId: string | null;
  readonly personId: string;
  readonly isForToday: boolean;
}

const isOver = (card: HeldCard, now: EpochMs): boolean => card.expiresAt !== null && card.expiresAt <= now;

async function giveCard(
  trx: Database,
  site: Site,
  card: CardFacts,
  order: CardOrder,
): Promise<Result<string, Refusal>> {
  const now = site.clock.epochMs();
  const person = await findPerson(trx, order.personId);
  if (person?.isActive !== true) {
    return err(refusal('invalid-input', [{ pointer: '/personId', code: 'unknown' }]));
  }
  const held = await findHeldCard(trx, { handle: card.handle });
  // A card of the pool that was lent for a day is free again the next morning, returned or not.
  if (held !== null && isOver(held, now)) await returnHeld(trx, held, null, now);
  const id = newRowId(site.random, 'cr');
  const isNew = await insertCredential(trx, {
    id,
    personId: person.id,
    ...card,
    enrolledAt: now,
    expiresAt: order.isForToday ? endOfSiteDay(site.timeZone, now) : null,
  });
  if (!isNew) return err(refusal('card-taken'));
  await recordCard(trx, now, order.byId, order.isForToday ? 'card.lent' : 'card.enrolled', id, {
    personId: person.id,
  });
  return ok(id);
}

const recordCard = (
  trx: Database,
  at: number,
  byId: string | null,
  act: string,
  id: string,
  facts: Readonly<Record<string, unknown>>,
): Promise<void> => recordAudit(trx, { at, byId, act, subject: id, facts });

async function returnHeld(trx: Database, card: HeldCard, byId: string | null, now: EpochMs): Promise<void> {
  await takeCardBack(trx, card);
  await recordCard(trx, now, byId, 'card.returned', card.id, { personId: card.personId });
}

async function changeCards(
  site: Site,
  change: (trx: Database) => Promise<Result<string, Refusal>>,
): Promise<Outcome> {
  const outcome = await inTransaction(
    site.db,
    async (trx): Promise<Result<{ credential: Credential; version: number }, Refusal>> => {
      const changed = await change(trx);
      if (!changed.ok) return changed;
      const credential = await findCredential(trx, changed.value);
      if (credential === null) return err(refusal('not-found'));
      return ok({ credential, version: (await renewPolicy(trx, site, site.clock.epochMs())).version });
    },
  );
  if (!outcome.ok) return outcome;
  site.policyChanges.publish(outcome.value.version);
  return ok(outcome.value.credential);
}

/**
 * Gives a card to a person, by its number. The number is forgotten here: what is kept is a keyed hash and four
 * digits.
 * @see rules SD71, SD72
 */
export async function enrolCard(
  site: Site,
  entry: { readonly personId: string; readonly card: string; readonly isForToday?: boolean },
  byId: string | null = null,
): Promise<Outcome> {
  const card = checkEnrolment(entry.card);
  if (!card.ok) return err(refusal('card-not-usable', [{ pointer: '/card', code: card.error }]));
  const facts = {
    handle: credentialHandle(hmacSha256, site.pepper, entry.card),
    media: card.value.media,
    lastFour: entry.card.slice(-4),
  };
  const order = { byId, personId: entry.personId, isForToday: entry.isForToday ?? false };
  return changeCards(site, (trx) => giveCard(trx, site, facts, order));
}

/**
 * Gives to a person the one unknown card that was presented at a door in the last two minutes. Its number is never
 * known here: the handle that the gateway journaled is enough.
 * @see rule SD71
 */
export async function enrolPresented(
  site: Site,
  entry: { readonly personId: string; readonly doorId: string; readonly isForToday: boolean },
  byId: string,
): Promise<Outcome> {
  return changeCards(site, async (trx): Promise<Result<string, Refusal>> => {
    if (!(await hasDoor(trx, entry.doorId))) {
      return err(refusal('invalid-input', [{ pointer: '/doorId', code: 'unknown' }]));
    }
    const now = site.clock.epochMs();
    const handles = await unknownHandlesAt(trx, site.vault, entry.doorId, {
      from: now - PRESENTATION_LIFE_MS,
      until: now + PRESENTATION_LIFE_MS,
    });
    const [handle] = handles;
    if (handle === undefined) return err(refusal('no-presentation'));
    if (handles.length > 1) return err(refusal('presentation-ambiguous'));
    return giveCard(trx, site, { handle, media: 'id', lastFour: '' }, { byId, ...entry });
  });
}

/** Suspends a card, restores it, or takes it as lost; it ends at the doors at once. */
export const changeCardState = (
  site: Site,
  id: string,
  state: Credential['state'],
  by: { readonly id: string | null; readonly reason: string | null } = { id: null, reason: null },
): Promise<Outcome> =>
  changeCards(site, async (trx) => {
    const before = await findCredential(trx, id);
    if (before === null) return err(refusal('not-found'));
    if (await setCredentialState(trx, id, state)) {
      await recordCard(trx, site.clock.epochMs(), by.id, 'card.state-changed', id, {
        personId: before.personId,
        before: before.state,
        after: state,
        reason: by.reason,
      });
    }
    return ok(id);
  });

/** Takes a card back from whoever has it; it may be given to somebody else. */
export async function returnCard(site: Site, id: string, byId: string): Promise<Result<null, Refusal>> {
  const version = await inTransaction(site.db, async (trx) => {
    const card = await findHeldCard(trx, { id });
    if (card === null) return null;
    const now = site.clock.epochMs();
    await returnHeld(trx, card, byId, now);
    return (await renewPolicy(trx, site, now)).version;
  });
  if (version === null) return err(refusal('not-found'));
  site.policyChanges.publish(version);
  return ok(null);
}
