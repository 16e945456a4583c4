import { addDays, instantOf, wallTimeOf } from './zone-time.ts';

/** When a visit is to be, as its form holds it: wall clock of the site. */
export interface WindowDraft {
  readonly date: string;
  readonly from: string;
  readonly until: string;
}

export type WindowFault = 'windowReversed' | 'windowPast' | 'windowTooLong';

export type WindowCheck =
  | {
      readonly kind: 'fits';
      readonly fromMs: number;
      readonly untilMs: number;
      readonly endsNextDay: boolean;
    }
  | { readonly kind: 'fault'; readonly fault: WindowFault };

const HOUR_MS = 3_600_000;
const QUARTER_MS = 900_000;
/** The server takes a start that slipped into the past while the form was filled in. */
const PAST_TOLERANCE_MS = 10 * 60_000;
const USUAL_HOURS = 2;

/** Proposes a window: from the next quarter of an hour, two hours or as long as the purpose allows. */
export function proposeWindow(nowMs: number, maxHours: number, timeZone: string): WindowDraft {
  const fromMs = Math.ceil(nowMs / QUARTER_MS) * QUARTER_MS;
  const from = wallTimeOf(fromMs, timeZone);
  const until = wallTimeOf(fromMs + Math.min(USUAL_HOURS, maxHours) * HOUR_MS, timeZone);
  return { date: from.date, from: from.clock, until: until.clock };
}

/** Judges a window as the server will; an end before the start of the same day is meant for the next one. */
export function checkWindowDraft(
  draft: WindowDraft,
  nowMs: number,
  maxHours: number,
  timeZone: string,
): WindowCheck {
  const endsNextDay = draft.until < draft.from;
  const fromMs = instantOf({ date: draft.date, clock: draft.from }, timeZone);
  const untilMs = instantOf(
    { date: endsNextDay ? addDays(draft.date, 1) : draft.date, clock: draft.until },
    timeZone,
  );
  if (fromMs === null || untilMs === null || untilMs <= fromMs) {
    return { kind: 'fault', fault: 'windowReversed' };
  }
  if (untilMs <= nowMs || fromMs < nowMs - PAST_TOLERANCE_MS) return { kind: 'fault', fault: 'windowPast' };
  if (untilMs - fromMs > maxHours * HOUR_MS) return { kind: 'fault', fault: 'windowTooLong' };
  return { kind: 'fits', fromMs, untilMs, endsNextDay };
}
