import { bytesOfHex, encodeCard, type Card } from './card.ts';
import { cardOfFields, readingsOf, type WiegandFields, type WiegandFormat } from './wiegand-format.ts';

/**
 * Ways in which a number is printed on cards or shown by desk readers; `H` counts hex digits of the card, `D`
 * decimal digits of the print. `reversed-...` takes the bytes last one first.
 */
export type PrintedFormName =
  | 'hex'
  | 'decimal'
  | 'reversed-hex'
  | 'reversed-decimal'
  | '10H13D'
  | '8H10D'
  | '6H8D'
  | 'facility,number'
  | 'facility+number'
  | '5,5'
  | 'first-3-facility,number'
  | 'reversed-facility,number'
  | 'reversed-first-3-facility,number'
  | WiegandFormat;

export interface PrintedForm {
  readonly form: PrintedFormName;
  readonly text: string;
  /** False when other cards are printed with the same number. */
  readonly isComplete: boolean;
}

/** A card that a printed number may stand for; `?` stands for a hex digit that the print does not tell. */
export interface PrintedCandidate {
  readonly pattern: string;
  readonly form: PrintedFormName;
  readonly isComplete: boolean;
}

interface Part {
  readonly bytes: number;
  readonly digits: number;
}

/** `parts` are consecutive bytes from byte `from` on, in the given order, printed one after another. */
interface Layout {
  readonly prefix: string;
  readonly form: PrintedFormName;
  readonly radix: 10 | 16;
  readonly isReversed?: true;
  readonly from: number;
  readonly parts: readonly Part[];
  readonly separator?: ',';
}

const one = (bytes: number, digits: number): readonly Part[] => [{ bytes, digits }];
const facilityNumber: readonly Part[] = [
  { bytes: 1, digits: 3 },
  { bytes: 2, digits: 5 },
];
const fiveFive: readonly Part[] = [
  { bytes: 2, digits: 5 },
  { bytes: 2, digits: 5 },
];

/** The numbers of 4 whole bytes print alike, whoever read them. */
const fourBytes = (prefix: string): readonly Layout[] => [
  { prefix, form: 'hex', radix: 16, from: 0, parts: one(4, 8) },
  { prefix, form: 'decimal', radix: 10, from: 0, parts: one(4, 10) },
  { prefix, form: 'reversed-hex', radix: 16, isReversed: true, from: 0, parts: one(4, 8) },
  { prefix, form: 'reversed-decimal', radix: 10, isReversed: true, from: 0, parts: one(4, 10) },
];

const layoutTable: readonly Layout[] = [
  { prefix: 'em', form: 'hex', radix: 16, from: 0, parts: one(5, 10) },
  { prefix: 'em', form: '10H13D', radix: 10, from: 0, parts: one(5, 13) },
  { prefix: 'em', form: '8H10D', radix: 10, from: 1, parts: one(4, 10) },
  { prefix: 'em', form: '5,5', radix: 10, from: 1, parts: fiveFive, separator: ',' },
  { prefix: 'em', form: '6H8D', radix: 10, from: 2, parts: one(3, 8) },
  { prefix: 'em', form: 'facility,number', radix: 10, from: 2, parts: facilityNumber, separator: ',' },
  { prefix: 'em', form: 'facility+number', radix: 10, from: 2, parts: facilityNumber },
  { prefix: 'wg26', form: 'hex', radix: 16, from: 0, parts: one(3, 6) },
  { prefix: 'wg26', form: '6H8D', radix: 10, from: 0, parts: one(3, 8) },
  { prefix: 'wg26', form: 'facility,number', radix: 10, from: 0, parts: facilityNumber, separator: ',' },
  { prefix: 'wg26', form: 'facility+number', radix: 10, from: 0, parts: facilityNumber },
  ...fourBytes('wg34'),
  { prefix: 'wg34', form: '5,5', radix: 10, from: 0, parts: fiveFive, separator: ',' },
  ...fourBytes('mf4'),
  // Wiegand-26 readers cut a UID to 3 bytes, each brand in its own way.
  { prefix: 'mf4', form: 'facility,number', radix: 10, from: 1, parts: facilityNumber, separator: ',' },
  {
    prefix: 'mf4',
    form: 'first-3-facility,number',
    radix: 10,
    from: 0,
    parts: facilityNumber,
    separator: ',',
  },
  {
    prefix: 'mf4',
    form: 'reversed-facility,number',
    radix: 10,
    isReversed: true,
    from: 1,
    parts: facilityNumber,
    separator: ',',
  },
  {
    prefix: 'mf4',
    form: 'reversed-first-3-facility,number',
    radix: 10,
    isReversed: true,
    from: 0,
    parts: facilityNumber,
    separator: ',',
  },
  { prefix: 'mf7', form: 'hex', radix: 16, from: 0, parts: one(7, 14) },
  { prefix: 'mf7', form: 'reversed-hex', radix: 16, isReversed: true, from: 0, parts: one(7, 14) },
  { prefix: 'mf10', form: 'hex', radix: 16, from: 0, parts: one(10, 20) },
  { prefix: 'mf10', form: 'reversed-hex', radix: 16, isReversed: true, from: 0, parts: one(10, 20) },
  ...fourBytes('id4'),
  { prefix: 'id3', form: 'hex', radix: 16, from: 0, parts: one(3, 6) },
  { prefix: 'id3', form: '6H8D', radix: 10, from: 0, parts: one(3, 8) },
  { prefix: 'id5', form: 'hex', radix: 16, from: 0, parts: one(5, 10) },
  { prefix: 'id5', form: '10H13D', radix: 10, from: 0, parts: one(5, 13) },
];

const byteCounts: Readonly<Record<string, number>> = {
  em: 5,
  wg26: 3,
  wg34: 4,
  mf4: 4,
  mf7: 7,
  mf10: 10,
  id3: 3,
  id4: 4,
  id5: 5,
};

/** Formats whose frames are stored with every bit, so that their fields need the parity to become a card. */
const longFormats: readonly WiegandFormat[] = ['c1000-35', 'h10302', 'h10304', 'c1000-48'];

/**
 * Every number that this card may be printed with.
 * @see RULES.md CA10
 */
export function printedFormsOf(card: Card): readonly PrintedForm[] {
  const [prefix = ''] = encodeCard(card).split(':');
  const plain = layoutTable
    .filter((layout) => layout.prefix === prefix)
    .map((layout) => ({ form: layout.form, text: print(layout, card), isComplete: isComplete(layout) }));
  const readings = readingsOf(card)
    .filter(({ format }) => longFormats.includes(format))
    .map(({ format, fields }) => ({ form: format, text: printFields(fields), isComplete: true }));
  return [...plain, ...readings];
}

/**
 * Every card that a printed number may stand for, given as it stands on the card: `0008075634 123,14706` holds two
 * numbers and only what fits both is told. Capitals, the sign between two numbers, and leading zeros of a ten-digit
 * number or of `facility,number` do not matter.
 * @see RULES.md CA11-CA12
 */
export function candidatesOf(printed: string): readonly PrintedCandidate[] {
  const words = printed.trim().toUpperCase().split(/\s+/);
  if (words.length > 4 || printed.length > 64) return [];
  const [first = [], ...others] = words.map((word) => candidatesOfWord(word.replace(/[./:;-]/, ',')));
  const fitting = others.reduce(combine, first);
  return fitting.length > 0 || words.length !== 2 ? fitting : candidatesOfWord(words.join(','));
}

/** Tells whether a canonical card text is one that the pattern stands for. */
export function matchesPattern(card: string, pattern: string): boolean {
  if (card.length !== pattern.length) return false;
  return Array.from(pattern).every((sign, index) => sign === '?' || sign === card[index]);
}

function print(layout: Layout, card: Card): string {
  const bytes = inOrder(layout, bytesOfHex(card.hex));
  let at = layout.from;
  const texts = layout.parts.map((part) => {
    const value = bytes.slice(at, at + part.bytes).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
    at += part.bytes;
    return value.toString(layout.radix).toUpperCase().padStart(part.digits, '0');
  });
  return texts.join(layout.separator ?? '');
}

const printFields = ({ facility, number }: WiegandFields): string =>
  facility === undefined ? String(number) : `${facility},${number}`;

function candidatesOfWord(word: string): readonly PrintedCandidate[] {
  const plain = layoutTable.flatMap((layout) => {
    const pattern = patternOf(layout, word);
    return pattern === undefined ? [] : [{ pattern, form: layout.form, isComplete: isComplete(layout) }];
  });
  return [...plain, ...longFormats.flatMap((format) => candidateOfFields(format, word))];
}

function patternOf(layout: Layout, word: string): string | undefined {
  const texts = split(layout, word);
  if (texts === undefined) return undefined;
  const total = byteCounts[layout.prefix] ?? 0;
  const digits = Array.from({ length: total }, () => '??');
  let at = layout.from;
  for (const [index, { bytes }] of layout.parts.entries()) {
    const value = BigInt(layout.radix === 16 ? `0x${texts[index]}` : (texts[index] ?? ''));
    if (value >= 256n ** BigInt(bytes)) return undefined;
    const hex = value
      .toString(16)
      .toUpperCase()
      .padStart(2 * bytes, '0');
    digits.splice(at, bytes, ...(hex.match(/../g) ?? []));
    at += bytes;
  }
  return `${layout.prefix}:${inOrder(layout, digits).join('')}`;
}

/** The texts of the parts; `undefined` when the word does not look like this layout. */
function split({ radix, parts, separator }: Layout, word: string): readonly string[] | undefined {
  const digit = radix === 16 ? '[0-9A-F]' : '\\d';
  const isPadded = separator === undefined && !(radix === 10 && parts[0]?.digits === 10);
  const groups = parts.map(({ digits }) => `(${digit}{${isPadded ? digits : `1,${digits}`}})`);
  return new RegExp(`^${groups.join(separator ?? '')}$`).exec(word)?.slice(1);
}

function candidateOfFields(format: WiegandFormat, word: string): readonly PrintedCandidate[] {
  const texts = /^(?:(\d{1,10}),)?(\d{1,11})$/.exec(word);
  if (texts === null) return [];
  const number = Number(texts[2]);
  const card = cardOfFields(
    format,
    texts[1] === undefined ? { number } : { facility: Number(texts[1]), number },
  );
  return card === undefined ? [] : [{ pattern: encodeCard(card), form: format, isComplete: true }];
}

function combine(
  some: readonly PrintedCandidate[],
  others: readonly PrintedCandidate[],
): readonly PrintedCandidate[] {
  const combined = some.flatMap((candidate) =>
    others.flatMap((other) => {
      const pattern = merge(candidate.pattern, other.pattern);
      const { form } = candidate;
      return pattern === undefined ? [] : [{ pattern, form, isComplete: !pattern.includes('?') }];
    }),
  );
  return combined.filter(
    ({ pattern }, index) => combined.findIndex((earlier) => earlier.pattern === pattern) === index,
  );
}

function merge(one: string, other: string): string | undefined {
  if (one.length !== other.length) return undefined;
  const signs = Array.from(one, (sign, index) => (sign === '?' ? other[index] : sign));
  const merged = signs.join('');
  return matchesPattern(merged, other) ? merged : undefined;
}

const isComplete = (layout: Layout): boolean =>
  layout.parts.reduce((sum, { bytes }) => sum + bytes, 0) === byteCounts[layout.prefix];

const inOrder = <T>(layout: Layout, items: ArrayLike<T>): T[] => {
  const all = Array.from(items);
  return layout.isReversed ? all.reverse() : all;
};
