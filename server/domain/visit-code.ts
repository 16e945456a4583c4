/** Below it every 32-bit number stands for each code equally often. */
const FAIR_BELOW = 2 ** 32 - (2 ** 32 % 100_000_000);

/**
 * Reads a visit code of 8 digits from random bytes, every code as likely as any other.
 * @param bytes 4 random bytes
 * @returns null where they would favour some codes: draw again
 * @see rule SD16
 */
export function drawVisitCode(bytes: Uint8Array): string | null {
  const number = bytes.slice(0, 4).reduce((sum, byte) => sum * 256 + byte, 0);
  return number >= FAIR_BELOW ? null : String(number % 100_000_000).padStart(8, '0');
}

/**
 * How often a permit may be used once its newest code is handed out: a visitor without a card gets in once more
 * than so far, one with a card as often as the permit always said.
 * @param usesBefore what the permit says; undefined where it is not counted
 * @param entries granted entries so far
 * @see rule SD17
 */
export const usesWithCode = (
  hasCard: boolean,
  usesBefore: number | undefined,
  entries: number,
): number | undefined => (hasCard ? usesBefore : entries + 1);
