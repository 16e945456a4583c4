import { bytesOfHex, cardOfBytes, encodeCard, isBlank, type CardMedia } from '../card/card.ts';
import type { CardReader, CardReadEvent } from '../card/card-reader.ts';
import { isHexDigit } from '../em4100/em-frame.ts';
import { malformed, parsed, type Parsed } from '../result.ts';
import { joinBytes, xorOf } from '../resync/scan-frames.ts';

/**
 * How a reader writes a number. An empty `suffix` leaves the end to silence or the next prefix; `digits` counts
 * the number alone, the two digits of an `xor` check come behind it.
 */
export interface AsciiShape {
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
  readonly radix: 10 | 16;
  readonly digits: number;
  readonly check: 'none' | 'xor';
}

/**
 * What the number is. `byteCount` is how many bytes it stands for, which decimal digits do not tell; `reversed`
 * is for readers that show a UID last byte first.
 */
export interface AsciiProfile extends AsciiShape {
  readonly media: Exclude<CardMedia, 'wg'>;
  readonly byteCount: number;
  readonly order: 'air' | 'reversed';
}

/** The line since the last end; `isForeign` once it is too long to be one. */
export interface AsciiHeld {
  readonly line: Uint8Array;
  readonly isForeign: boolean;
}

export type AsciiProfileFault = 'bad-edge' | 'bad-length' | 'bad-check';

const maxEdgeBytes = 4;

/**
 * A reader with such a profile. Most have no check, so a line counts only when it is whole from one end to the
 * next: prefix, exactly the digits, suffix. Nothing is searched for inside a longer one.
 * @returns a fault for a profile under which frames could not be told apart.
 * @see RULES.md RD22-RD24
 */
export function createAsciiReader(profile: AsciiProfile): Parsed<CardReader<AsciiHeld>, AsciiProfileFault> {
  const fault = faultOf(profile);
  if (fault !== undefined) return malformed(fault);
  return parsed({
    start: { line: new Uint8Array(), isForeign: false },
    receive: (held, input) => {
      if ('idle' in input)
        return { held: { line: new Uint8Array(), isForeign: false }, events: endLine(profile, held) };
      const events: CardReadEvent[] = [];
      let now = held;
      for (const byte of input.bytes) {
        const next = takeByte(profile, now, byte);
        now = next.held;
        events.push(...next.events);
      }
      return { held: now, events };
    },
    baud: 9600,
    silenceMs: 50,
  });
}

/** The line of a card as a reader with this shape writes it; `digits` are those of the number. */
export function encodeAsciiLine(shape: AsciiShape, digits: string): Uint8Array {
  const check =
    shape.check === 'xor' ? xorOf(bytesOfHex(digits)).toString(16).padStart(2, '0').toUpperCase() : '';
  const text = Array.from(digits + check, (digit) => digit.charCodeAt(0));
  return Uint8Array.of(...shape.prefix, ...text, ...shape.suffix);
}

function faultOf(profile: AsciiProfile): AsciiProfileFault | undefined {
  const edges = [...profile.prefix, ...profile.suffix];
  const isEdge = (byte: number): boolean =>
    Number.isInteger(byte) && byte >= 0 && byte <= 0xff && !isHexDigit(byte);
  const isShort = profile.prefix.length <= maxEdgeBytes && profile.suffix.length <= maxEdgeBytes;
  if (!edges.every(isEdge) || !isShort) return 'bad-edge';
  if (profile.check === 'xor' && (profile.radix === 10 || profile.digits % 2 === 1)) return 'bad-check';
  const bytes = new Uint8Array(profile.byteCount);
  const isCard = Number.isInteger(profile.byteCount) && cardOfBytes(profile.media, bytes).ok;
  const widest = (1n << BigInt(8 * bytes.length)) - 1n;
  const isExact = profile.radix === 10 || profile.digits === 2 * bytes.length;
  // Fewer decimal digits than the widest number has are a number cut short, never a card.
  const isWide = profile.radix === 16 || profile.digits >= String(widest).length;
  return isCard && isExact && isWide && profile.digits <= 32 ? undefined : 'bad-length';
}

interface Taken {
  readonly held: AsciiHeld;
  readonly events: readonly CardReadEvent[];
}

function takeByte(profile: AsciiProfile, held: AsciiHeld, byte: number): Taken {
  const [first] = profile.prefix;
  const isNewStart = first === byte && held.line.length >= profile.prefix.length;
  if (isNewStart) {
    const line = Uint8Array.of(byte);
    return { held: { line, isForeign: false }, events: endLine(profile, held) };
  }
  const line = joinBytes(held.line, Uint8Array.of(byte));
  if (profile.suffix.length > 0 && endsWith(line, profile.suffix)) {
    return {
      held: { line: new Uint8Array(), isForeign: false },
      events: endLine(profile, { ...held, line }),
    };
  }
  const isForeign = held.isForeign || line.length > lengthOf(profile);
  return { held: { line: isForeign ? line.slice(-maxEdgeBytes) : line, isForeign }, events: [] };
}

function endLine(profile: AsciiProfile, { line, isForeign }: AsciiHeld): readonly CardReadEvent[] {
  if (line.length === 0) return [];
  // A reader set to CR LF where CR was configured leaves its LF to itself.
  if (!isForeign && line.every(isLineEnd)) return [];
  const card = isForeign ? undefined : cardOfLine(profile, line);
  if (card !== undefined) return [{ type: 'card', card }];
  return line.some(isHexDigit) || isForeign ? [{ type: 'damaged' }] : [{ type: 'noise', bytes: line.length }];
}

function cardOfLine(profile: AsciiProfile, line: Uint8Array): string | undefined {
  const { prefix, suffix } = profile;
  if (line.length !== lengthOf(profile)) return undefined;
  if (!prefix.every((byte, index) => byte === line[index]) || !endsWith(line, suffix)) return undefined;
  const text = String.fromCharCode(...line.subarray(prefix.length, line.length - suffix.length));
  const bytes = bytesOfText(profile, text);
  if (bytes === undefined || isBlank(bytes)) return undefined;
  const card = cardOfBytes(profile.media, profile.order === 'air' ? bytes : bytes.toReversed());
  return card.ok ? encodeCard(card.value) : undefined;
}

function bytesOfText(
  { radix, digits, check, byteCount }: AsciiProfile,
  text: string,
): Uint8Array | undefined {
  if (!(radix === 16 ? /^[0-9A-Fa-f]+$/ : /^\d+$/).test(text)) return undefined;
  if (check === 'xor' && xorOf(bytesOfHex(text)) !== 0) return undefined;
  const number = BigInt(radix === 16 ? `0x${text.slice(0, digits)}` : text.slice(0, digits));
  const hex = number.toString(16).padStart(2 * byteCount, '0');
  return hex.length === 2 * byteCount ? bytesOfHex(hex) : undefined;
}

const lengthOf = ({ prefix, suffix, digits, check }: AsciiShape): number =>
  prefix.length + digits + (check === 'xor' ? 2 : 0) + suffix.length;

const endsWith = (line: Uint8Array, end: readonly number[]): boolean =>
  line.length >= end.length && end.every((byte, index) => byte === line[line.length - end.length + index]);

const isLineEnd = (byte: number): boolean => byte === 0x0d || byte === 0x0a;
