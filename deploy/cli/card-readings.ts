import type { CardReadings } from '#contract/api-people';
import { parseCard } from '../../firmware-bridge/protocol/card/card.ts';
import { candidatesOf, printedFormsOf } from '../../firmware-bridge/protocol/card/printed-number.ts';
import { checkEnrolment } from '../../server/domain/card-enrolment.ts';

/** Tells how a card is printed, or which cards a printed number may stand for. */
export function readCardText(text: string): CardReadings {
  const card = parseCard(text);
  if (!card.ok) {
    const readings = candidatesOf(text).map(({ pattern, form, isComplete }) => ({
      text: pattern,
      form,
      isComplete,
    }));
    return { card: null, refusal: null, readings };
  }
  const checked = checkEnrolment(text);
  const readings = printedFormsOf(card.value).map(({ form, text: print, isComplete }) => ({
    text: print,
    form,
    isComplete,
  }));
  return { card: text, refusal: checked.ok ? null : checked.error, readings };
}
