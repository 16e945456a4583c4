import type { DoorRules } from '#contract/door-rules';
import type { Words } from './words/id.ts';

/** Hours of the week, as the rules of a door hold them. */
export type WeekHours = NonNullable<DoorRules['pin']>[number];

export type PinMode = 'never' | 'always' | 'hours';

const EVERY_DAY = '1234567';

/** The whole week in one piece. */
export const wholeWeek = (utc: string): WeekHours => ({ days: EVERY_DAY, from: '00:00', to: '24:00', utc });

/** What the form starts with where hours are asked for: nights of working days. */
export const usualNights = (utc: string): WeekHours => ({ days: '12345', from: '18:00', to: '06:00', utc });

/** What the form starts with where codes are taken at hours only: working days. */
export const usualDays = (utc: string): WeekHours => ({ days: '12345', from: '08:00', to: '16:00', utc });

const isWhole = ({ days, from, to }: WeekHours): boolean =>
  days === EVERY_DAY && from === '00:00' && to === '24:00';

/** How the rules of a door ask for PINs. */
export function pinModeOf(hours: readonly WeekHours[] | undefined): PinMode {
  if (hours === undefined || hours.length === 0) return 'never';
  return hours.some(isWhole) ? 'always' : 'hours';
}

/** Puts a day (1 Monday to 7 Sunday) in or takes it out; the order stays that of the week. */
export function toggleDay(days: string, day: string): string {
  const chosen = days.includes(day) ? days.replace(day, '') : days + day;
  return [...chosen].toSorted().join('');
}

/** Whether the hours run over midnight; they belong to the day on which they begin. */
export const endsNextDay = ({ from, to }: Pick<WeekHours, 'from' | 'to'>): boolean => to <= from;

/** Says which days, runs of three and more as one: `Senin–Jumat`. */
function daysText(days: string, names: readonly string[]): string {
  const runs: string[][] = [];
  for (const day of days) {
    const last = runs.at(-1);
    if (last !== undefined && Number(last.at(-1)) + 1 === Number(day)) last.push(day);
    else runs.push([day]);
  }
  const nameOf = (day: string | undefined): string => names[Number(day) - 1] ?? '';
  return runs
    .map((run) => (run.length < 3 ? run.map(nameOf).join(', ') : `${nameOf(run[0])}–${nameOf(run.at(-1))}`))
    .join(', ');
}

/** Says weekly hours in words: `Senin–Jumat 18.00–06.00`. */
export const hoursText = ({ days, from, to }: WeekHours, words: Words): string =>
  `${daysText(days, words.figures.weekdays)} ${[from, to].map((clock) => clock.replace(':', words.time.hourMark)).join('–')}`;
