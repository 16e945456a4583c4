import { isDistinctDuress } from '#contract/pin';
import { err, ok, type Result } from '#contract/result';

/** Why a PIN is not taken. */
export type PinFault = 'repeated-digit' | 'run' | 'year' | 'date' | 'duress-too-close';

const isDayAndMonth = (day: string, month: string): boolean =>
  Number(day) >= 1 && Number(day) <= 31 && Number(month) >= 1 && Number(month) <= 12;

/** Every step between neighbours is the same: 1234, 9876, 2468; and 1111, told apart before. */
function isRun(pin: string): boolean {
  const digits = [...pin].map(Number);
  const steps = digits.slice(1).map((digit, at) => (digit - (digits[at] ?? 0) + 10) % 10);
  return new Set(steps).size === 1;
}

/** Days of birth are what people choose first, and what a colleague knows. */
function isDate(pin: string): boolean {
  const [a, b, c, d] = [pin.slice(0, 2), pin.slice(2, 4), pin.slice(4, 6), pin.slice(6, 8)];
  if (pin.length === 6) return isDayAndMonth(a, b) || isDayAndMonth(c, b);
  if (pin.length !== 8) return false;
  const isCentury = (text: string): boolean => text === '19' || text === '20';
  return (isCentury(c) && isDayAndMonth(a, b)) || (isCentury(a) && isDayAndMonth(d, c));
}

/** Finds what makes a PIN one that is guessed first. */
function faultOf(pin: string): PinFault | null {
  if (new Set(pin).size === 1) return 'repeated-digit';
  if (isRun(pin)) return 'run';
  if (/^(?:19|20)[0-9]{2}$/.test(pin)) return 'year';
  return isDate(pin) ? 'date' : null;
}

/** A PIN with the one for duress, if there is one. */
export interface PinPair {
  readonly pin: string;
  readonly duress: string | null;
}

/**
 * Judges PINs of 4 to 8 digits.
 * @returns which of the two is at fault, and why
 * @see rule SD15
 */
export function checkPins(
  pair: PinPair,
): Result<PinPair, { readonly field: 'pin' | 'duress'; readonly fault: PinFault }> {
  const pinFault = faultOf(pair.pin);
  if (pinFault !== null) return err({ field: 'pin', fault: pinFault });
  if (pair.duress === null) return ok(pair);
  const duressFault = faultOf(pair.duress);
  if (duressFault !== null) return err({ field: 'duress', fault: duressFault });
  return isDistinctDuress(pair.pin, pair.duress)
    ? ok(pair)
    : err({ field: 'duress', fault: 'duress-too-close' });
}
