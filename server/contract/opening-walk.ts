import {
  BUNDLE_PATHS,
  compareOpenings,
  parseOpening,
  splitLines,
  type OpeningPlace,
} from './bundle-format.ts';
import type { BundleFailure, BundleReason, Finding } from './bundle-failure.ts';
import { doesOpen, type HmacSha256 } from './commitment.ts';

/**
 * Walks `openings.jsonl` beside the journals, in the same order: each commitment meets its opening, and nothing is
 * left over.
 * @see rules C16, C17
 */
export class OpeningWalk {
  /** Openings that have opened their commitments so far. */
  count = 0;
  private readonly bytes: Uint8Array;
  private readonly hmac: HmacSha256;
  private readonly parts: ReturnType<typeof splitLines>;

  constructor(hmac: HmacSha256, bytes: Uint8Array) {
    this.hmac = hmac;
    this.bytes = bytes;
    this.parts = splitLines(bytes);
  }

  /** Takes the next opening, which must be for this commitment. */
  expect(place: OpeningPlace, commitment: string): Finding {
    const part = this.parts.next();
    const line = this.count + 1;
    const fail = (reason: BundleReason, words: string): BundleFailure => ({
      file: BUNDLE_PATHS.openings,
      line,
      seq: place.sq,
      reason,
      words,
    });
    const name = `${place.gw}/${place.ep}/${place.sq}`;
    if (part.done === true) return fail('erased-without-record', missingWords(name, place));
    const opening = parseOpening(part.value.bytes);
    if (opening === null) {
      const follows = this.findLater(place, line);
      return follows === line + 1
        ? fail('inserted', 'This is not an opening.')
        : fail('changed', `This is not the opening of ${place.field} of record ${name}.`);
    }
    const order = compareOpenings(opening, place);
    if (order === 0) {
      this.count += 1;
      return doesOpen(this.hmac, opening, commitment)
        ? null
        : fail('opening-mismatch', `It does not open the commitment to ${place.field} of record ${name}.`);
    }
    const isLater = this.findLater(place, line) !== null;
    if (order > 0) {
      return isLater
        ? fail('reordered', `The opening of ${place.field} of record ${name} stands further below.`)
        : fail('erased-without-record', missingWords(name, place));
    }
    return isLater
      ? fail('inserted', 'No commitment within the period waits for this opening.')
      : fail('changed', `The opening of ${place.field} of record ${name} should stand here.`);
  }

  /** Checks that no opening is left over. */
  finish(): Finding {
    const part = this.parts.next();
    const isWhole = this.bytes.length === 0 || this.bytes.at(-1) === 0x0a;
    if (part.done === true && isWhole) return null;
    return {
      file: BUNDLE_PATHS.openings,
      line: part.done === true ? this.count : this.count + 1,
      seq: null,
      reason: part.done === true ? 'changed' : 'inserted',
      words:
        part.done === true
          ? 'The line end of this opening is missing.'
          : 'No commitment within the period waits for this opening.',
    };
  }

  private findLater(place: OpeningPlace, line: number): number | null {
    for (const part of splitLines(this.bytes)) {
      if (part.line <= line) continue;
      const opening = parseOpening(part.bytes);
      if (opening !== null && compareOpenings(opening, place) === 0) return part.line;
    }
    return null;
  }
}

const missingWords = (name: string, place: OpeningPlace): string =>
  `Record ${name} commits to ${place.field}, and neither an opening nor a record of its erasure is here.`;
