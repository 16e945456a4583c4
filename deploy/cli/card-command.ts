import { checkEnrolment } from '../../server/domain/card-enrolment.ts';
import { parseCard } from '../../firmware-bridge/protocol/card/card.ts';
import { candidatesOf, printedFormsOf } from '../../firmware-bridge/protocol/card/printed-number.ts';
import { createCommand, EXIT, JSON_OPTION } from './program.ts';

/** `palang card`: which number is on my card? Both ways; it opens nothing and stores nothing. */
export const cardCommand = createCommand(
  'card',
  'tells how the number of a card is printed, or which cards a printed number may stand for',
  {
    number: {
      type: 'positional',
      description: 'canonical text, e.g. em:6F007B3972, or what is printed, e.g. "0008075634 123,14706"',
      required: true,
    },
    ...JSON_OPTION,
  },
  (args, output) => {
    const card = parseCard(args.number);
    if (card.ok) {
      const forms = printedFormsOf(card.value);
      const checked = checkEnrolment(args.number);
      const refusal = checked.ok ? null : checked.error;
      if (args.json === true) output.say(JSON.stringify({ card: args.number, refusal, forms }));
      else {
        output.say(refusal === null ? 'may be enrolled' : `may not be enrolled: ${refusal}`);
        for (const { form, text, isComplete } of forms) {
          output.say(`  ${form.padEnd(18)} ${text}${isComplete ? '' : '   (other cards share it)'}`);
        }
      }
      return Promise.resolve(refusal === null ? EXIT.done : EXIT.no);
    }
    const candidates = candidatesOf(args.number);
    if (args.json === true) output.say(JSON.stringify({ printed: args.number, candidates }));
    else if (candidates.length === 0) output.say('no card is printed with this number');
    else {
      for (const { pattern, form, isComplete } of candidates) {
        output.say(`  ${pattern.padEnd(26)} as ${form}${isComplete ? '' : '   (? is not on the card)'}`);
      }
    }
    return Promise.resolve(candidates.length === 0 ? EXIT.no : EXIT.done);
  },
);
