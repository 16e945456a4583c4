/** Rows of a long list that are drawn, and how much room stands for those that are not. */
export interface DrawnRows {
  readonly first: number;
  readonly count: number;
  readonly aboveHeight: number;
  readonly belowHeight: number;
}

/**
 * Tells which rows of equal height have to be drawn.
 * @param scrolled how far the top of the list is above the top of the view, in px; negative while it is below
 * @param overscan rows drawn beyond either edge, so that a quick finger finds them
 * @see rule W23
 */
export function drawnRows(
  total: number,
  rowHeight: number,
  scrolled: number,
  viewHeight: number,
  overscan: number,
): DrawnRows {
  const top = Math.floor(scrolled / rowHeight) - overscan;
  const bottom = Math.ceil((scrolled + viewHeight) / rowHeight) + overscan;
  const first = Math.min(Math.max(0, top), total);
  const end = Math.min(Math.max(first, bottom), total);
  return {
    first,
    count: end - first,
    aboveHeight: first * rowHeight,
    belowHeight: (total - end) * rowHeight,
  };
}

/** Numbers of the pages on which these rows stand. */
export const pagesOf = ({ first, count }: Pick<DrawnRows, 'first' | 'count'>, pageSize: number): number[] =>
  count === 0
    ? []
    : Array.from(
        { length: Math.floor((first + count - 1) / pageSize) - Math.floor(first / pageSize) + 1 },
        (_, index) => Math.floor(first / pageSize) + index,
      );
