import { encodeBase64 } from '#contract/bytes';
import type { MAX_IMPORT_CHARACTERS } from '#contract/api-people';
import { err, ok, type Result } from '#contract/result';

/** The contract's own constant would bring its schemas along. */
const MOST_CHARACTERS = 2_000_000 satisfies typeof MAX_IMPORT_CHARACTERS;

/** A table of people as the server takes it. */
export interface ImportFile {
  readonly format: 'csv' | 'xlsx';
  /** Text of a CSV file; an XLSX file in base64. */
  readonly content: string;
}

/** Makes a chosen file ready to be sent: a spreadsheet begins as a zip does, everything else is text. @see rule W47 */
export function importFileOf(bytes: Uint8Array): Result<ImportFile, 'too-large'> {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const content = isZip ? encodeBase64(bytes) : new TextDecoder().decode(bytes);
  if (content.length > MOST_CHARACTERS) return err('too-large');
  return ok({ format: isZip ? 'xlsx' : 'csv', content });
}
