import { asEpochMs } from '#contract/clock';
import type { JournalRecord } from '#contract/record';
import { NOBODY, enterRoom, leaveRoom, resetPresence, type Entry, type Presence } from './presence.ts';

/** A record that tells of somebody's stay, with what its commitments stand for where that is not erased. */
export interface RecordedPassage {
  readonly record: JournalRecord;
  readonly sub: string | null;
  /** The grant that an outcome belongs to; null where there is none. */
  readonly grant: {
    readonly record: JournalRecord;
    readonly pm: string | null;
    readonly cred: string | null;
  } | null;
}

const numberIn = (record: JournalRecord, key: string): number | null => {
  const value = record.x[key];
  return typeof value === 'number' ? value : null;
};

function entryOf({ record, grant }: RecordedPassage): Entry {
  const untilMs = grant === null ? null : numberIn(grant.record, 'untilMs');
  return {
    of: numberIn(record, 'of') ?? record.sq,
    sinceMs: asEpochMs(grant?.record.t ?? record.t),
    untilMs: untilMs === null ? null : asEpochMs(untilMs),
    pm: grant?.pm ?? null,
    cred: grant?.cred ?? null,
    heads: (grant === null ? null : numberIn(grant.record, 'heads')) ?? 1,
  };
}

function markOverstayed(inside: Presence, of: number | null): Presence {
  return new Map(
    [...inside].map(([person, occupant]) => [
      person,
      occupant.of === of ? { ...occupant, isOverstayed: true } : occupant,
    ]),
  );
}

/**
 * Tells who is inside a door's room from what was recorded, oldest first.
 * @see rules PR4, PR10
 */
export function replayPresence(door: string, passages: readonly RecordedPassage[]): Presence {
  let inside = NOBODY;
  for (const passage of passages) {
    const { record, sub } = passage;
    if (record.door !== door) continue;
    if (record.ty === 'exit.recorded') inside = leaveRoom(inside, sub).inside;
    // Of whom it was is erased: then it is not known who left, and the book stays as it is.
    else if (record.ty === 'presence.reset') {
      const isAll = record.x['isAll'] === true;
      if (isAll || sub !== null) inside = resetPresence(inside, isAll ? null : sub);
    } else if (record.ty === 'visit.overstayed') inside = markOverstayed(inside, numberIn(record, 'of'));
    else if (record.rs === 'entered' || record.rs === 'unknown') {
      inside = enterRoom(inside, sub, record.rs, entryOf(passage));
    }
  }
  return inside;
}
