import type { RightsFlag } from '#contract/api-review';

/** Rights that nobody used for so long should not be there. */
export const UNUSED_AFTER_MS = 90 * 86_400_000;

/** What a row of a rights review is judged by; times are ms since 1970. */
export interface FlagFacts {
  readonly now: number;
  readonly hasCard: boolean;
  readonly cardCount: number;
  readonly mayDecide: boolean;
  readonly grantedAt: number;
  readonly lastUsedAt: number | null;
  readonly rightsEndAt: number | null;
  readonly movedAt: number | null;
  readonly lacksSop: boolean;
  readonly reviewedAt: number | null;
}

/** How long a right has not been used: since its last use, or since it was granted. */
export const unusedSince = ({ grantedAt, lastUsedAt }: Pick<FlagFacts, 'grantedAt' | 'lastUsedAt'>): number =>
  Math.max(grantedAt, lastUsedAt ?? grantedAt);

/** Finds why a row deserves a second look. @see rule SD86 */
export function rightsFlags(facts: FlagFacts): readonly RightsFlag[] {
  const flags: readonly (readonly [RightsFlag, boolean])[] = [
    ['unused-90-days', facts.hasCard && facts.now - unusedSince(facts) > UNUSED_AFTER_MS],
    ['contract-ended', facts.rightsEndAt !== null && facts.rightsEndAt <= facts.now],
    ['moved-unit', facts.movedAt !== null && facts.movedAt > (facts.reviewedAt ?? 0)],
    ['sop-not-acknowledged', facts.hasCard && facts.lacksSop],
    ['several-cards', facts.cardCount > 1],
    // Whoever decides on others and enters: a colleague has to decide on them, and the review asks who.
    ['own-approver', facts.mayDecide && facts.hasCard],
    ['never-reviewed', facts.reviewedAt === null],
  ];
  return flags.flatMap(([flag, isRaised]) => (isRaised ? [flag] : []));
}
