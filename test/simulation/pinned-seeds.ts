/** Seeds of the protocol that failed once, with what they found; they are run for ever. */
export const PINNED_SEEDS: readonly number[] = [
  // A server put back from a backup did not know an epoch that it had given, and refused it for ever.
  118, 119, 126, 128, 141, 152, 175, 178,
  // Numbers that were given again, and ran out before the one that was needed.
  47, 79, 83, 98, 108,
  // What an epoch went on from was never confirmed, and the server had lost it.
  93, 169, 179, 266, 355,
];
