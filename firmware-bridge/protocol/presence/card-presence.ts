/** A card counts as gone when it was not read for this long: longer than any gap between two repeats. */
export const presenceHoldMs = 1200;

/** More cards than this cannot lie on one reader; the one read longest ago is forgotten first. */
const maxCards = 8;

/** When each card was last read, in ms of the caller's monotonic clock. */
export type CardPresence = ReadonlyMap<string, number>;

export const nobodyPresent: CardPresence = new Map();

/**
 * Tells whether a read is a new presentation. The hold time runs from the last read of that card, not the
 * first, so a card left on the reader is one presentation; another card is one of its own at once.
 * @see RULES.md FB7-FB9
 */
export function seeCard(
  present: CardPresence,
  card: string,
  atMs: number,
): { readonly present: CardPresence; readonly isPresented: boolean } {
  const kept = new Map([...present].filter(([, seenMs]) => atMs - seenMs < presenceHoldMs));
  const isPresented = !kept.delete(card);
  kept.set(card, atMs);
  const [oldest] = kept.keys();
  if (kept.size > maxCards && oldest !== undefined) kept.delete(oldest);
  return { present: kept, isPresented };
}
