import { ReadlineParser } from '@serialport/parser-readline';
import { guardLines, guardStart } from '../protocol/line/line-guard.ts';

/** Splits the bytes of one connection into lines. */
export interface LineStream {
  takeBytes(bytes: Uint8Array): void;
  /** Ends a half line after silence. */
  takeIdle(): void;
}

/**
 * Makes the splitter of one connection; a new connection needs a new one, so that half a line from before the
 * cable was pulled is never completed by what comes after. The parser's own buffer grows until a newline comes,
 * whenever that is, hence the guard in front of it.
 */
export function createLineStream(onLine: (text: string) => void): LineStream {
  let held = guardStart;
  // latin1 keeps every byte apart; as UTF-8 two different damaged lines could read the same.
  const parser = new ReadlineParser({ delimiter: '\n', encoding: 'latin1' });
  parser.on('data', onLine);
  const pass = (input: Parameters<typeof guardLines>[1]): void => {
    const guarded = guardLines(held, input);
    held = guarded.held;
    if (guarded.passed.length > 0) parser.write(Buffer.from(guarded.passed));
  };
  return { takeBytes: (bytes) => pass({ bytes }), takeIdle: () => pass({ idle: true }) };
}
