import { timingSafeEqual } from 'node:crypto';
import type { Logger } from 'pino';
import { decodeBase64Url } from '#contract/bytes';
import { asMonoMs, type Clock, type MonoMs } from '#contract/clock';
import { isWithinWeekly } from '#contract/permit';
import { derivePin, visitCodeHandle, visitCodeSchema, type DeriveKey, type PinVerifier } from '#contract/pin';
import { Fault } from '#contract/result';
import type { Key, ReaderSignal } from '../../firmware-bridge/bridge.ts';
import type { DoorConfig } from '../config.ts';
import { hmacSha256 } from '../crypto-ports.ts';
import { decide, type Decision, type Facts, type PinFact } from '../decision/decide.ts';
import {
  decodeLockOuts,
  isLockedOut,
  takeFailure,
  takeSuccess,
  type LockOutBegun,
  type LockOuts,
} from '../decision/lock-out.ts';
import type { Journal, NewRecord } from '../journal/journal.ts';
import type { PolicyInForce } from '../permits/policy-index.ts';
import { stayEnd } from '../presence/overstay.ts';
import { findPlace, type Entry, type Presence } from '../presence/presence.ts';
import { createTicker } from '../ticker.ts';
import { createPinPad, type Keyed } from './pin-pad.ts';

/** A grant that still waits for its outcome. */
export type Awaited = Entry & { readonly sub: string };

/** What the door itself knows when somebody stands before it. */
export interface DoorView {
  readonly present: Presence;
  /** Grants that still wait for their outcome. */
  readonly awaited: readonly Awaited[];
  readonly lockdown: { readonly allow: readonly string[] } | null;
  readonly isFire: boolean;
  /** Null where no other door is interlocked with this one. */
  readonly isNeighbourShut: boolean | null;
}

export interface EntryPorts {
  readonly journal: Pick<Journal, 'epoch' | 'isWritable' | 'size'>;
  readonly settings: Pick<Journal, 'readSetting'>;
  readonly policy: () => PolicyInForce | null;
  readonly clock: Clock;
  readonly pepper: Uint8Array;
  readonly siteId: string;
  /** Slow and on another thread. */
  readonly derive: DeriveKey;
  readonly view: () => DoorView;
  /** When the reader came online; undefined where it is not. */
  readonly onlineSince: (reader: string) => number | undefined;
  /** Appends the records that an act rests on. @returns whether they are on the disk */
  readonly record: (records: readonly NewRecord[], settings?: Readonly<Record<string, string>>) => boolean;
  /** Lets in whom these grants concern, with one pulse named by the last of them. */
  readonly admit: (entries: readonly Awaited[], atMs: MonoMs) => void;
  readonly show: (reader: string, signal: ReaderSignal) => void;
  readonly crashPoint: (name: 'before-decide' | 'after-decide' | 'after-commit') => void;
  readonly log: Logger;
}

/** Judges whoever presents a card or a code at a reader outside. */
export interface EntryDesk {
  takeCard(reader: string, handle: string, atMs: MonoMs): void;
  takeKey(reader: string, key: Key, atMs: MonoMs): void;
  /** Forgets what was begun at a reader that went or came back: nobody knows who stands there. */
  dropReader(reader: string): void;
  close(): void;
}

/** One presentation, complete. */
interface Presentation {
  readonly reader: string;
  readonly handle: string;
  readonly atMs: MonoMs;
  readonly pin: PinFact;
  readonly isDuress: boolean;
  readonly media: 'card' | 'code';
}

/** Who stands at the door together with another. */
interface Partner {
  readonly sub: string;
  readonly heads: number;
}

/** The first of two, until the second comes. */
interface Waiting extends Partner {
  readonly presentation: Presentation;
  /** Number of the record that says so. */
  readonly of: number;
  readonly untilMs: MonoMs;
}

interface Judged {
  readonly presentation: Presentation;
  readonly facts: Facts;
  readonly decision: Decision;
  readonly policy: PolicyInForce | null;
}

/** Where what must outlast a restart stands: handles, so in the settings and in no record. */
const lockOutSetting = (door: string): string => `lock-outs/${door}`;
const usesSetting = (jti: string): string => `uses/${jti}`;
const codeSetting = (handle: string): string => `code-used/${handle}`;

const readerKey = (reader: string): string => `reader/${reader}`;
const cardKey = (handle: string): string => `card/${handle}`;

/** What a wrong try is; to come too early, or to forget the PIN, is none. */
const FAILURES: ReadonlySet<string> = new Set(['wrong-pin', 'unknown-credential']);

/** In the place of a PIN that a card does not have, so that it costs the same time; nothing derives to it. */
const NO_PIN: PinVerifier = { s: 'A'.repeat(22), h: 'A'.repeat(43) };

/** So long is the grant seen before the reader warns of old orders, and so long is the warning seen. */
const STALE_AFTER_MS = 1200;
const STALE_FOR_MS = 3000;

/** What was written down of wrong tries; null where it is damaged. */
function readLockOuts(text: string | null): LockOuts | null {
  if (text === null) return {};
  try {
    return decodeLockOuts(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * Opens the desk of one door. A card without a PIN is judged and recorded in the turn in which it comes; with one,
 * in the turn in which the PIN has been derived, from the facts of that moment.
 * @see rules GL28 to GL42, GL65 to GL70
 */
export function openEntryDesk(config: DoorConfig, ports: EntryPorts): EntryDesk {
  const { journal, clock, show } = ports;
  const door = config.id;
  const { forgiveMs } = config.presence;
  const seesExits = config.readers.exit !== undefined;
  const writtenLockOuts = readLockOuts(ports.settings.readSetting(lockOutSetting(door)));
  if (writtenLockOuts === null) ports.log.error('what was kept of wrong tries is damaged');
  let lockOuts = writtenLockOuts ?? {};
  let first: Waiting | null = null;
  let isClosed = false;
  /** Secrets are derived one after the other, however fast somebody types. */
  let deriving: Promise<void> = Promise.resolve();
  let derivingCount = 0;
  const waitTicker = createTicker(clock, () => {
    if (first === null || clock.monoMs() < first.untilMs) return;
    show(first.presentation.reader, 'idle');
    first = null;
  });
  /** A reader that is to warn of old orders, or does. */
  let stale: { readonly reader: string; readonly isShown: boolean } | null = null;
  const staleTicker = createTicker(clock, () => {
    if (stale === null) return;
    const { reader, isShown } = stale;
    show(reader, isShown ? 'idle' : 'wait');
    stale = isShown ? null : { reader, isShown: true };
    staleTicker.setDue(isShown ? null : asMonoMs(clock.monoMs() + STALE_FOR_MS));
  });
  const pad = createPinPad(clock, {
    onKeyed: takeKeyed,
    onAbandoned: (reader, handle, atMs) => {
      if (handle !== null) judge({ reader, handle, atMs, pin: 'missing', isDuress: false, media: 'card' });
      else show(reader, 'idle');
    },
  });

  const doorRules = (policy: PolicyInForce | null) => policy?.index.rules.doors[door];

  function isPinWanted(policy: PolicyInForce | null): boolean {
    const windows = doorRules(policy)?.pin ?? [];
    return windows.length > 0 && isWithinWeekly(windows, clock.epochMs());
  }

  function areCodesTaken(policy: PolicyInForce | null): boolean {
    const rules = doorRules(policy);
    if (rules?.codes !== true) return false;
    return rules.codeHours === undefined || isWithinWeekly(rules.codeHours, clock.epochMs());
  }

  function takeCard(reader: string, handle: string, atMs: MonoMs): void {
    const isLocked = isLockedOut(lockOuts, [readerKey(reader), cardKey(handle)], clock.epochMs());
    // Asked of every card alike: who found one does not learn whether it counts.
    if (isPinWanted(ports.policy()) && !isLocked) {
      pad.takeCard(reader, handle, atMs);
      show(reader, 'wait');
      return;
    }
    pad.abandon();
    judge({ reader, handle, atMs, pin: 'not-wanted', isDuress: false, media: 'card' });
  }

  function takeKey(reader: string, key: Key, atMs: MonoMs): void {
    const policy = ports.policy();
    // Without a card keys mean something only where codes do.
    if (!pad.hasCard() && !areCodesTaken(policy)) return;
    pad.takeKey(reader, key, atMs);
  }

  function takeKeyed(keyed: Keyed): void {
    // A queue that somebody fills by typing is cut: what is dropped was a wrong try or comes again.
    if (derivingCount > 3) return;
    derivingCount += 1;
    deriving = deriving
      .then(() => (keyed.handle === null ? judgeCode(keyed) : judgePin(keyed, keyed.handle)))
      .catch((error: unknown) => takeUnderived(keyed, error))
      .finally(() => {
        derivingCount -= 1;
      });
  }

  /** Without memory for it no PIN can be checked: then it is as if none had been keyed in. */
  function takeUnderived({ reader, handle, atMs }: Keyed, error: unknown): void {
    if (!(error instanceof Fault)) throw error;
    ports.log.error({ fault: error.code }, 'a PIN could not be checked');
    if (isClosed) return;
    if (handle === null) show(reader, 'denied');
    else judge({ reader, handle, atMs, pin: 'missing', isDuress: false, media: 'card' });
  }

  const derive: DeriveKey = (password, salt) =>
    ports.derive(password, salt).catch((error: unknown) => {
      throw new Fault('pin-not-derived', { retryable: true, cause: error });
    });

  const keyedHash = (message: Uint8Array): Uint8Array => hmacSha256(ports.pepper, message);

  async function isPin(handle: string, digits: string, verifier: PinVerifier): Promise<boolean> {
    const salt = decodeBase64Url(verifier.s);
    const expected = decodeBase64Url(verifier.h);
    if (!salt.ok || !expected.ok || expected.value.length !== 32) return false;
    const derived = await derivePin(keyedHash, derive, handle, digits, salt.value);
    return timingSafeEqual(derived, expected.value);
  }

  async function judgePin({ reader, digits, atMs }: Keyed, handle: string): Promise<void> {
    const entry = ports.policy()?.index.credentialOf(handle) ?? null;
    // Two are derived for every card: the time tells nobody which of them it was, whether there is a second one, or
    // whether the card is known.
    const isRight = await isPin(handle, digits, entry?.pin ?? NO_PIN);
    const isDuress = await isPin(handle, digits, entry?.du ?? NO_PIN);
    const pin = entry?.pin === undefined ? 'missing' : isRight || isDuress ? 'right' : 'wrong';
    if (!isClosed) judge({ reader, handle, atMs, pin, isDuress, media: 'card' });
  }

  async function judgeCode({ reader, digits, atMs }: Keyed): Promise<void> {
    const isLocked = isLockedOut(lockOuts, [readerKey(reader)], clock.epochMs());
    // No guess is worth its work while the reader is locked; nor is what cannot be a code.
    const isCode = visitCodeSchema.safeParse(digits).success && !isLocked;
    const handle = isCode ? await visitCodeHandle(keyedHash, derive, ports.siteId, digits) : 'c_';
    if (!isClosed) judge({ reader, handle, atMs, pin: 'not-wanted', isDuress: false, media: 'code' });
  }

  function factsOf(presentation: Presentation, policy: PolicyInForce | null, partner: Partner | null): Facts {
    const { reader, handle, atMs, media } = presentation;
    const view = ports.view();
    const since = ports.onlineSince(reader);
    const now = clock.epochMs();
    const found = policy?.index.credentialOf(handle) ?? null;
    // A card's number is no code, and a code's handle is not to be had from a card.
    const credential = found !== null && (found.k === 'code') === (media === 'code') ? found : null;
    const sub = credential?.sub ?? null;
    // Who stands here too takes a place like somebody who was let in a moment ago.
    const awaited = partner === null ? view.awaited : [...view.awaited, partner];
    const place = findPlace(
      view.present,
      sub,
      awaited.map((each) => [each.sub, each.heads] as const),
      now,
      forgiveMs,
    );
    return {
      door,
      now,
      time: clock.interval(),
      clockTrust: clock.trust(),
      isJournalWritable: journal.isWritable(),
      presentation: {
        ageMs: clock.monoMs() - atMs,
        isReaderOnline: since !== undefined && atMs >= since,
      },
      isLockedOut: isLockedOut(lockOuts, [readerKey(reader), cardKey(handle)], now),
      policy,
      credential,
      isCodeUsed: media === 'code' && ports.settings.readSetting(codeSetting(handle)) !== null,
      pin: presentation.pin,
      permits: policy?.index.permitsOf(handle) ?? [],
      isDenied: (permit) => policy?.index.isDenied(handle, permit.sub, permit.jti) ?? false,
      usesOf: (jti) => Number(ports.settings.readSetting(usesSetting(jti)) ?? '0'),
      holidays: policy?.index.rules.holidays ?? [],
      person: {
        hasAcknowledged: sub !== null && (policy?.index.hasAcknowledged(sub) ?? false),
        hasOpenEquipment: sub !== null && (policy?.index.hasOpenEquipment(sub) ?? false),
      },
      overrides: { lockdown: view.lockdown, isNeighbourShut: view.isNeighbourShut },
      room: {
        antiPassback: seesExits ? config.presence.antiPassback : 'off',
        capacity: config.presence.capacity ?? null,
        isFire: view.isFire,
        ...place,
      },
      isTwoPersonDoor: doorRules(policy)?.two !== undefined,
      hasSecondPerson: partner !== null,
    };
  }

  function look(presentation: Presentation, partner: Partner | null): Judged {
    const policy = ports.policy();
    const facts = factsOf(presentation, policy, partner);
    return { presentation, facts, decision: decide(facts), policy };
  }

  function judge(presentation: Presentation): void {
    ports.crashPoint('before-decide');
    const held = first !== null && clock.monoMs() < first.untilMs ? first : null;
    const alone = look(presentation, null);
    const sub = alone.facts.credential?.sub ?? null;
    const partner = held !== null && sub !== null && held.sub !== sub ? held : null;
    const { judged, other } =
      partner === null ? { judged: alone, other: null } : judgeTogether(presentation, partner, alone);
    ports.crashPoint('after-decide');
    if (judged.decision.kind === 'granted') grant(judged, other, held);
    else deny(judged);
  }

  /**
   * Two people at the door: each is judged anew with the other beside them, since a minute may have changed what
   * held for the first.
   */
  function judgeTogether(
    presentation: Presentation,
    partner: Waiting,
    alone: Judged,
  ): { readonly judged: Judged; readonly other: Judged | null } {
    const second = look(presentation, partner);
    // The first stands there still: their card was read within the time that the rule gives the second.
    const waited = { ...partner.presentation, atMs: clock.monoMs() };
    const { credential } = second.facts;
    const heads = second.decision.permit?.heads ?? 1;
    const other = look(waited, credential === null ? null : { sub: credential.sub, heads });
    if (second.decision.kind === 'granted' && other.decision.kind === 'granted') {
      return { judged: second, other };
    }
    if (other.decision.kind === 'denied') first = null;
    // What keeps them out although there are two of them is what they have to hear.
    const isStopped = alone.decision.kind === 'denied' && second.decision.kind === 'denied';
    return { judged: isStopped ? second : alone, other: null };
  }

  function entryOf({ presentation, decision, facts }: Judged, of: number): Awaited | null {
    if (decision.kind !== 'granted') return null;
    const { permit } = decision;
    return {
      of,
      sub: permit.sub,
      sinceMs: facts.now,
      untilMs: stayEnd(permit, door, facts.now, facts.holidays),
      pm: permit.jti,
      cred: presentation.handle,
      heads: permit.heads ?? 1,
    };
  }

  function grant(judged: Judged, other: Judged | null, held: Waiting | null): void {
    const sq = journal.size();
    const all = other === null ? [judged] : [other, judged];
    const numbers = all.map((_, index) => sq + index);
    const pulse = `${journal.epoch}/${numbers.at(-1)}`;
    const records = all.flatMap((each, index) => [
      grantRecord(
        each,
        pulse,
        numbers.filter((_, at) => at !== index),
        other === null ? null : (held?.of ?? null),
      ),
    ]);
    // What else there is to say stands behind the grants, so that their numbers are those of the pulse.
    const loud = all.flatMap((each, index) => alertRecords(each, numbers[index] ?? sq));
    const settings = Object.assign({}, ...all.map(countUse)) as Readonly<Record<string, string>>;
    const forgiven = all
      .filter(({ presentation }) => presentation.pin === 'right')
      .reduce((kept, { presentation }) => takeSuccess(kept, cardKey(presentation.handle)), lockOuts);
    const kept = forgiven === lockOuts ? {} : { [lockOutSetting(door)]: JSON.stringify(forgiven) };
    if (!ports.record([...records, ...loud], { ...settings, ...kept })) {
      show(judged.presentation.reader, 'denied');
      return;
    }
    ports.crashPoint('after-commit');
    lockOuts = forgiven;
    if (other !== null) first = null;
    const entries = all.flatMap((each, index) => entryOf(each, numbers[index] ?? sq) ?? []);
    ports.admit(entries, asMonoMs(Math.max(...all.map(({ presentation }) => presentation.atMs))));
    for (const { presentation } of all) show(presentation.reader, 'granted');
    const isStale = all.some(({ decision }) => decision.kind === 'granted' && decision.isStale);
    stale = isStale ? { reader: judged.presentation.reader, isShown: false } : null;
    staleTicker.setDue(isStale ? asMonoMs(clock.monoMs() + STALE_AFTER_MS) : null);
  }

  function countUse({ presentation, decision }: Judged): Readonly<Record<string, string>> {
    if (decision.kind !== 'granted') return {};
    const { uses, jti } = decision.permit;
    const key = usesSetting(jti);
    return {
      ...(uses !== undefined && { [key]: String(Number(ports.settings.readSetting(key) ?? '0') + 1) }),
      ...(presentation.media === 'code' && { [codeSetting(presentation.handle)]: '1' }),
    };
  }

  const commonOf = ({ presentation, facts, decision, policy }: Judged) => {
    const sub = decision.permit?.sub ?? facts.credential?.sub;
    const pm = decision.permit?.jti;
    return {
      door,
      dir: 'in',
      ...(policy !== null && { pol: policy.index.version }),
      c: {
        cred: presentation.handle,
        ...(sub !== undefined && { sub }),
        ...(pm !== undefined && { pm }),
      },
    } as const;
  };

  const mediaOf = ({ media, pin }: Presentation) => ({
    ...(media === 'code' && { media }),
    ...(pin === 'right' && { pin: true }),
  });

  function grantRecord(
    judged: Judged,
    pulse: string,
    with_: readonly number[],
    after: number | null,
  ): NewRecord {
    const { decision, facts, presentation } = judged;
    if (decision.kind !== 'granted') throw new Error('only a grant is recorded as one');
    const { permit } = decision;
    return {
      ...commonOf(judged),
      ty: 'access.granted',
      x: {
        checked: [...decision.checked],
        pulse,
        releaseMs: config.lock.releaseMs,
        untilMs: stayEnd(permit, door, facts.now, facts.holidays),
        ...mediaOf(presentation),
        ...(decision.isPassedBack && { antiPassback: 'soft' }),
        ...(decision.isMaybeExpired && { isMaybeExpired: true }),
        ...(decision.isStale && { isStale: true }),
        ...(permit.heads !== undefined && permit.heads > 1 && { heads: permit.heads }),
        ...(permit.grp !== undefined && { grp: permit.grp }),
        // The named weaker setting: nobody signed this approval with a key of their own.
        ...(judged.policy?.index.isWeaklyApproved(permit.jti) === true && { approval: 'session' }),
        ...(with_.length > 0 && { with: [...with_] }),
        ...(after !== null && { after }),
      },
    };
  }

  function alertRecords({ presentation, decision }: Judged, of: number): readonly NewRecord[] {
    if (decision.kind !== 'granted') return [];
    const { sub } = decision.permit;
    const c = { sub };
    return [
      ...duressRecords(presentation, sub, of),
      ...(decision.permit.cls === 'glass' ? [{ ty: 'emergency.used', door, c, x: { of } } as const] : []),
    ];
  }

  /** Told whatever the door does: who is forced stands there, let in or not. */
  const duressRecords = ({ isDuress }: Presentation, sub: string | undefined, of: number) =>
    isDuress && sub !== undefined ? [{ ty: 'access.duress', door, c: { sub }, x: { of } } as const] : [];

  function deny(judged: Judged): void {
    const { presentation, decision, facts, policy } = judged;
    if (decision.kind !== 'denied') throw new Error('only a denial is recorded as one');
    const { reader, handle, media } = presentation;
    const { reason } = decision;
    const isFailure = FAILURES.has(reason);
    const keys = [readerKey(reader), ...(facts.credential === null ? [] : [cardKey(handle)])];
    const failed = isFailure ? takeFailure(lockOuts, keys, facts.now) : { lockOuts, begun: [] };
    const isFirst = reason === 'second-person-required';
    const within = doorRules(policy)?.two?.withinMs ?? DEFAULT_SECOND_WITHIN_MS;
    const sq = journal.size();
    const sub = facts.credential?.sub;
    const isRecorded = ports.record(
      [
        {
          ...commonOf(judged),
          ty: 'access.denied',
          rs: reason,
          x: {
            checked: [...decision.checked],
            reader,
            ...mediaOf(presentation),
            ...(isFirst && { waitsMs: within }),
          },
        },
        ...duressRecords(presentation, sub, sq),
        ...failed.begun.map((begun) => lockOutRecord(begun, reader, handle)),
      ],
      isFailure ? { [lockOutSetting(door)]: JSON.stringify(failed.lockOuts) } : {},
    );
    if (isRecorded) lockOuts = failed.lockOuts;
    if (isRecorded && isFirst && sub !== undefined && media === 'card') {
      first = {
        // A duress that was told with the waiting is not told again with the entry.
        presentation: { ...presentation, isDuress: false },
        sub,
        heads: decision.permit?.heads ?? 1,
        of: sq,
        untilMs: asMonoMs(clock.monoMs() + within),
      };
      waitTicker.setDue(first.untilMs);
      show(reader, 'wait');
    } else show(reader, 'denied');
  }

  function lockOutRecord({ key, untilMs, level }: LockOutBegun, reader: string, handle: string): NewRecord {
    const isCard = key === cardKey(handle);
    return {
      ty: 'access.locked-out',
      door,
      ...(isCard && { c: { cred: handle } }),
      x: { what: isCard ? 'credential' : 'reader', reader, untilMs, level },
    };
  }

  return {
    takeCard,
    takeKey,
    dropReader: (reader) => {
      pad.abandonAt(reader);
      if (first?.presentation.reader === reader) first = null;
    },
    close: () => {
      isClosed = true;
      waitTicker.close();
      staleTicker.close();
      pad.close();
    },
  };
}

/** How long the second person may take where the permit asks for one and the door has no rule of its own. */
const DEFAULT_SECOND_WITHIN_MS = 30_000;
