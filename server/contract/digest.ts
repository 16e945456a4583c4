import { decodeUtf8, utf8 } from './bytes.ts';
import { parseSignedCheckpoint } from './checkpoint.ts';
import { err, ok, type Result } from './result.ts';

/** Names the form of a digest; its first line. */
export const DIGEST_FORMAT = 'palang-digest/1';

const DIGEST_END = 'palang-digest end';

/** What the site log of one size counts. */
export interface DigestCounts {
  /** Journals whose keys were enrolled. */
  readonly journals: number;
  /** Records: its own, and those of journals that it acknowledges. */
  readonly records: number;
}

/** The weekly digest: what a site has committed to at a moment, to be kept by others. */
export interface Digest extends DigestCounts {
  readonly site: string;
  /** Time on the site's clocks with its distance from UTC, e.g. `2026-03-12T14:05:00+07:00`. Nobody signs it. */
  readonly madeAt: string;
  /** Fingerprint of the first root document: 16 groups of four hex digits. */
  readonly fingerprint: string;
  /** Checkpoint of the site log, the whole note as it was signed. */
  readonly note: string;
}

/** A digest as it was found in a text. */
export interface FoundDigest extends Digest {
  /** Number of its first line in the text, from 1. */
  readonly line: number;
}

/** Why a text does not give a digest. */
export type DigestError =
  | { readonly code: 'no-digest' }
  /** `line` is the first one that does not have the form, from 1. */
  | { readonly code: 'malformed'; readonly line: number };

/** Where the lines of a digest stand, counted from its first one. */
export const DIGEST_LINES = { site: 1, week: 2, made: 3, journals: 4, records: 5, keys: 6, note: 9 } as const;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * Writes an instant as the clocks of a site show it.
 * @param atMs ms since 1970; what is less than a second is dropped
 * @param offsetMinutes distance of the site's zone from UTC, east positive
 */
export function siteTime(atMs: number, offsetMinutes: number): string {
  const local = new Date(atMs + offsetMinutes * MINUTE_MS).toISOString().slice(0, 19);
  const distance = Math.abs(offsetMinutes);
  const two = (count: number): string => String(count).padStart(2, '0');
  return `${local}${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(distance / 60))}:${two(distance % 60)}`;
}

/** Finds the Monday of the week in which a time of the site's clocks lies, as `YYYY-MM-DD`. */
export function weekOf(madeAt: string): string {
  const day = Date.parse(`${madeAt.slice(0, 10)}T00:00:00Z`);
  const sinceMonday = (new Date(day).getUTCDay() + 6) % 7;
  return new Date(day - sinceMonday * DAY_MS).toISOString().slice(0, 10);
}

/**
 * Encodes a digest as text for paper and mail, line end included. Only its note is signed; the other lines are
 * held against the bundle, but for the time.
 */
export function encodeDigest(digest: Digest): string {
  // Longer lines than these are broken by mail programs, so the fingerprint stands on two.
  const half = digest.fingerprint.length / 2;
  return [
    DIGEST_FORMAT,
    `site ${digest.site}`,
    `week ${weekOf(digest.madeAt)}`,
    `made ${digest.madeAt}`,
    `journals ${digest.journals}`,
    `records ${digest.records}`,
    `root-keys ${digest.fingerprint.slice(0, half).trim()}`,
    `root-keys ${digest.fingerprint.slice(half).trim()}`,
    'checkpoint',
    `${digest.note}${DIGEST_END}`,
    '',
  ].join('\n');
}

const count = /(0|[1-9][0-9]{0,15})/.source;
const groups = /((?:[0-9a-f]{4} ){7}[0-9a-f]{4})/.source;

/** The lines between the first one and the note, in their order. */
const HEAD_FORMS: readonly RegExp[] = [
  /^site ([a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?)$/,
  /^week (\d{4}-\d{2}-\d{2})$/,
  /^made ([1-9]\d{3}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[+-](?:0\d|1[0-4]):[0-5]\d)$/,
  new RegExp(`^journals ${count}$`),
  new RegExp(`^records ${count}$`),
  new RegExp(`^root-keys ${groups}$`),
  new RegExp(`^root-keys ${groups}$`),
  /^(checkpoint)$/,
];

// Mail quotes lines, ends them with CR LF and pads them; no line of a digest begins with `>` or ends with a blank.
const bareLine = (line: string): string => line.replace(/^(?:> ?)+/, '').replace(/[ \t\r]+$/, '');

/**
 * Parses the digest in a text: a file, or a mail that holds one. What stands before its first and after its last
 * line is passed over; quotation marks (`> `) in front of lines, blanks behind them, CR LF, a byte order mark and a
 * signature line that was broken at its last blank are undone. Everything else must be the one spelling.
 * @see rule C32
 */
export function parseDigest(bytes: Uint8Array): Result<FoundDigest, DigestError> {
  const text = decodeUtf8(bytes);
  if (!text.ok) return err({ code: 'no-digest' });
  const lines = text.value
    .replace(/^\ufeff/, '')
    .split('\n')
    .map(bareLine);
  const first = lines.indexOf(DIGEST_FORMAT);
  if (first < 0) return err({ code: 'no-digest' });
  const malformed = (offset: number) => err({ code: 'malformed', line: first + 1 + offset } as const);

  const second = lines.indexOf(DIGEST_FORMAT, first + 1);
  if (second >= 0) return malformed(second - first);
  const values: string[] = [];
  for (const [index, form] of HEAD_FORMS.entries()) {
    const value = form.exec(lines[first + 1 + index] ?? '')?.[1];
    if (value === undefined) return malformed(index + 1);
    values.push(value);
  }
  const [site = '', week = '', madeAt = '', journals = '', records = '', upper = '', lower = ''] = values;
  if (!isSiteTime(madeAt)) return malformed(DIGEST_LINES.made);
  if (week !== weekOf(madeAt)) return malformed(DIGEST_LINES.week);
  if (!Number.isSafeInteger(Number(journals))) return malformed(DIGEST_LINES.journals);
  if (!Number.isSafeInteger(Number(records))) return malformed(DIGEST_LINES.records);

  const end = lines.indexOf(DIGEST_END, first);
  if (end < first + DIGEST_LINES.note) return malformed(DIGEST_LINES.note);
  const note = joinSignatures(lines.slice(first + DIGEST_LINES.note, end));
  if (!parseSignedCheckpoint(utf8(note)).ok) return malformed(DIGEST_LINES.note);
  return ok({
    site,
    madeAt,
    journals: Number(journals),
    records: Number(records),
    fingerprint: `${upper} ${lower}`,
    note,
    line: first + 1,
  });
}

/** Tells whether a text of the right form is a time that exists. */
function isSiteTime(text: string): boolean {
  const atMs = Date.parse(text);
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(text) ?? [];
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  return Number.isFinite(atMs) && siteTime(atMs, offset) === text;
}

/** Joins what mail has broken: a signature line is longer than 78 characters and has a blank before its signature. */
function joinSignatures(lines: readonly string[]): string {
  return lines.map((line) => (/^\u2014 \S+$/.test(line) ? `${line} ` : `${line}\n`)).join('');
}
