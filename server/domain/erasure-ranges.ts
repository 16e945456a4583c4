import { MAX_RANGES, rangesOf, type ErasedLeaves } from '#contract/erasure';

/** An opening that is gone. */
export interface ErasedPlace {
  readonly gatewayId: string;
  readonly epoch: number;
  readonly seq: number;
}

/**
 * Tells an auditor which records nobody can open any more, in pieces that each fit into one site log record.
 * @param places one for each opening that is gone, in any order
 * @returns pieces; none where nothing is gone
 * @see rule SD27
 */
export function erasedLeaves(places: readonly ErasedPlace[]): readonly (readonly ErasedLeaves[])[] {
  const journals = new Map<string, { gw: string; ep: number; counts: Map<number, number> }>();
  for (const { gatewayId, epoch, seq } of places) {
    const name = `${gatewayId}/${epoch}`;
    const journal = journals.get(name) ?? { gw: gatewayId, ep: epoch, counts: new Map<number, number>() };
    journal.counts.set(seq, (journal.counts.get(seq) ?? 0) + 1);
    journals.set(name, journal);
  }
  const pieces: ErasedLeaves[][] = [];
  let room = 0;
  const ordered = [...journals.values()].sort((a, b) => (a.gw < b.gw ? -1 : a.gw > b.gw ? 1 : a.ep - b.ep));
  for (const { gw, ep, counts } of ordered) {
    const ranges = rangesOf([...counts.keys()].sort((a, b) => a - b));
    for (let start = 0; start < ranges.length;) {
      if (room === 0) {
        pieces.push([]);
        room = MAX_RANGES;
      }
      const taken = ranges.slice(start, start + room);
      let n = 0;
      for (const [from, until] of taken) for (let seq = from; seq <= until; seq++) n += counts.get(seq) ?? 0;
      pieces.at(-1)?.push({ gw, ep, n, r: taken });
      start += taken.length;
      room -= taken.length;
    }
  }
  return pieces;
}

/** Counts the openings of a piece. */
export const countErased = (piece: readonly ErasedLeaves[]): number =>
  piece.reduce((sum, { n }) => sum + n, 0);

/** Tells whether the data of a month may be kept no longer. @param month `YYYY-MM` in UTC */
export function isMonthOver(month: string, keepDays: number, now: number): boolean {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return Date.UTC(year, number) + keepDays * 86_400_000 <= now;
}
