import type { EpochMs } from '#contract/clock';

/** What is told of a request before it is approved. */
export interface SummaryFacts {
  readonly number: string;
  readonly visitor: string;
  readonly organisation: string;
  readonly door: string;
  readonly purpose: { readonly id: string; readonly en: string };
  readonly from: EpochMs;
  readonly until: EpochMs;
}

const spanOf = (locale: string, timeZone: string, from: EpochMs, until: EpochMs): string => {
  const format = new Intl.DateTimeFormat(locale, {
    dateStyle: 'full',
    timeStyle: 'short',
    timeZone,
    hourCycle: 'h23',
  });
  return format.formatRange(from, until);
};

/** Writes in one sentence, in both languages, what an approver is about to approve. @see rule SU19 */
export function approvalSummary(
  facts: SummaryFacts,
  timeZone: string,
): { readonly id: string; readonly en: string } {
  const { number, visitor, organisation, door, purpose, from, until } = facts;
  return {
    id: `${number}: ${visitor} (${organisation}) masuk ${door} untuk ${purpose.id}, ${spanOf('id', timeZone, from, until)}.`,
    en: `${number}: ${visitor} (${organisation}) enters ${door} for ${purpose.en}, ${spanOf('en-GB', timeZone, from, until)}.`,
  };
}
