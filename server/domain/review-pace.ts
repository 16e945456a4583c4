/** One decision in a review. */
export interface PacedDecision {
  readonly reviewerId: string;
  readonly at: number;
  readonly isKept: boolean;
}

/** How fast somebody decided. */
export interface ReviewPace {
  readonly reviewerId: string;
  readonly decisions: number;
  readonly kept: number;
  /** Between one decision and the next; null where there was one only. */
  readonly medianSeconds: number | null;
  readonly isTooFast: boolean;
}

/** Name, unit, basis, last use and flags of a row cannot be read faster than this. */
const LEAST_READING_SECONDS = 5;
/** One or two quick ones say nothing. */
const LEAST_GAPS = 3;

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [
    sorted[Math.floor((sorted.length - 1) / 2)],
    sorted[Math.ceil((sorted.length - 1) / 2)],
  ];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

/** Measures each reviewer of a campaign: who clicks through is seen. @see rule SD84 */
export function reviewPace(decisions: readonly PacedDecision[]): readonly ReviewPace[] {
  return [...new Set(decisions.map(({ reviewerId }) => reviewerId))].sort().map((reviewerId) => {
    const own = decisions.filter((each) => each.reviewerId === reviewerId).toSorted((a, b) => a.at - b.at);
    const gaps = own.slice(1).map(({ at }, index) => (at - (own[index]?.at ?? at)) / 1000);
    const medianSeconds = median(gaps);
    return {
      reviewerId,
      decisions: own.length,
      kept: own.filter(({ isKept }) => isKept).length,
      medianSeconds,
      isTooFast: gaps.length >= LEAST_GAPS && medianSeconds !== null && medianSeconds < LEAST_READING_SECONDS,
    };
  });
}
