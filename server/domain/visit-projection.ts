import { ACCESS_OUTCOMES, type AccessOutcome } from '#contract/event';
import type { JournalRecord } from '#contract/record';

/** One visit as the journal tells it. */
export interface VisitProjection {
  /** Event id of the grant, or of the exit where no grant is known. */
  readonly id: string;
  readonly doorId: string;
  /** `s_...`; null once the opening is erased. */
  readonly personId: string | null;
  /** `pm_...` */
  readonly permitId: string | null;
  /** When the visit's first record was made, ms since 1970. */
  readonly beganAt: number;
  readonly enteredAt: number | null;
  readonly leftAt: number | null;
  readonly certainty: 'sure' | 'no-entry' | 'unknown';
  /**
   * `granted` until the outcome is known; `unclear` where nobody saw whether the door was used; `replaced` by a
   * later entry of the same person without an exit in between.
   */
  readonly phase: 'granted' | 'inside' | 'unclear' | 'ended' | 'replaced';
}

/** A record about a door, with what its commitments stand for. */
export interface OpenedRecord {
  readonly record: JournalRecord;
  readonly sub: string | null;
  readonly pm: string | null;
}

/** Phases in which a later record can still change a visit. */
export const OPEN_PHASES = [
  'granted',
  'inside',
  'unclear',
] as const satisfies readonly VisitProjection['phase'][];

/** Names an event: `<gateway>/<epoch>/<seq>`. */
export const eventId = (record: Pick<JournalRecord, 'gw' | 'ep' | 'sq'>): string =>
  `${record.gw}/${record.ep}/${record.sq}`;

const outcomeOf = (record: JournalRecord): AccessOutcome =>
  ACCESS_OUTCOMES.find((outcome) => outcome === record.rs) ?? 'unknown';

function settle(open: readonly VisitProjection[], record: JournalRecord): readonly VisitProjection[] {
  const of = record.x['of'];
  // Of a grant in an earlier epoch the record says in which.
  const ep = typeof record.x['ofEp'] === 'number' ? record.x['ofEp'] : record.ep;
  const id = typeof of === 'number' ? eventId({ gw: record.gw, ep, sq: of }) : null;
  const visit = open.find((each) => each.id === id && each.phase === 'granted');
  if (visit === undefined) return [];
  switch (outcomeOf(record)) {
    case 'no-entry':
      return [{ ...visit, certainty: 'no-entry', phase: 'ended' }];
    case 'unknown':
      return [{ ...visit, certainty: 'unknown', phase: 'unclear' }];
    case 'entered': {
      const replaced = open.filter(
        (each) => each.phase !== 'granted' && each.personId !== null && each.personId === visit.personId,
      );
      return [
        // The exit was missed. A time of leaving is never made up.
        ...replaced.map((each): VisitProjection => ({ ...each, certainty: 'unknown', phase: 'replaced' })),
        { ...visit, enteredAt: record.t, certainty: 'sure', phase: 'inside' },
      ];
    }
  }
}

function leave(
  open: readonly VisitProjection[],
  { record, sub }: OpenedRecord,
  doorId: string,
): readonly VisitProjection[] {
  if (sub === null) return [];
  const visit = open.filter((each) => each.personId === sub).sort((a, b) => b.beganAt - a.beganAt)[0];
  if (visit?.phase === 'inside') return [{ ...visit, leftAt: record.t, phase: 'ended' }];
  if (visit !== undefined) {
    // Somebody whose card leaves was inside, even where the sensor missed the way in.
    return [{ ...visit, leftAt: record.t, certainty: 'unknown', phase: 'ended' }];
  }
  return [
    {
      id: eventId(record),
      doorId,
      personId: sub,
      permitId: null,
      beganAt: record.t,
      enteredAt: null,
      leftAt: record.t,
      certainty: 'unknown',
      phase: 'ended',
    },
  ];
}

/**
 * Takes one more record into the visits of a door.
 * @param open the visits of this door that are `granted`, `inside` or `unclear`
 * @returns the visits that are new or changed
 * @see rule SD10
 */
export function stepVisits(
  open: readonly VisitProjection[],
  opened: OpenedRecord,
): readonly VisitProjection[] {
  const { record, sub, pm } = opened;
  if (record.door === undefined) return [];
  switch (record.ty) {
    case 'access.granted':
      return [
        {
          id: eventId(record),
          doorId: record.door,
          personId: sub,
          permitId: pm,
          beganAt: record.t,
          enteredAt: null,
          leftAt: null,
          certainty: 'unknown',
          phase: 'granted',
        },
      ];
    case 'access.outcome':
      return settle(open, record);
    case 'exit.recorded':
      return leave(open, opened, record.door);
    default:
      return [];
  }
}

/** Counts distinct people whose last recorded passage was an entry; a visit whose person is erased counts as one. */
export function countInside(visits: readonly VisitProjection[]): number {
  const inside = visits.filter((visit) => visit.phase === 'inside');
  return new Set(inside.map((visit) => visit.personId ?? visit.id)).size;
}
