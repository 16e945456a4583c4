import type { AsciiReaderConfig } from '../hardware.ts';
import type { AsciiProfile } from '../protocol/ascii/ascii-profile.ts';

const latin1 = (text: string): number[] => Array.from(text, (sign) => sign.codePointAt(0) ?? 0);

/**
 * The profile that a configuration describes. Decimal digits do not tell how many bytes they stand for; left out,
 * it is the most bytes of which every number fits the digits.
 */
export function asciiProfileOf(config: AsciiReaderConfig): AsciiProfile {
  const { prefix = '', suffix = '', radix, length, check = 'none', media = 'id', order = 'air' } = config;
  return {
    prefix: latin1(prefix),
    suffix: latin1(suffix),
    radix,
    digits: length,
    check,
    media,
    order,
    byteCount: config.bytes ?? (radix === 16 ? length / 2 : bytesOfDecimals(length)),
  };
}

function bytesOfDecimals(digits: number): number {
  let bytes = 0;
  while (String(256n ** BigInt(bytes + 1) - 1n).length <= digits) bytes += 1;
  return bytes;
}
