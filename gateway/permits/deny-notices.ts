import { z } from 'zod';
import { denyClaimsSchema, type DenyClaims } from '#contract/policy';

/** What is kept of a notice: who signed it was checked when it came. */
const keptSchema = z.array(denyClaimsSchema.omit({ iss: true, aud: true }));

/** A notice in force. */
export type DenyNotice = z.infer<typeof keptSchema>[number];

/** Reads the notices that were kept. */
export const decodeNotices = (text: string | null): readonly DenyNotice[] =>
  text === null ? [] : keptSchema.parse(JSON.parse(text));

/** Writes the notices to keep. */
export const encodeNotices = (notices: readonly DenyNotice[]): string => JSON.stringify(notices);

/** What a notice takes away, in a word: the handle itself is in no record. */
export const noticeKind = ({ deny }: Pick<DenyNotice, 'deny'>): 'permit' | 'person' | 'card' =>
  'jti' in deny ? 'permit' : 'sub' in deny ? 'person' : 'card';

/**
 * Takes notices that have come: each counts once, and those of which the orders in force know already do not.
 * Whatever order they come in, and however often, the outcome is the same.
 * @returns the new ones
 * @see rules GP25, GP26
 */
export function newNotices(
  held: readonly DenyNotice[],
  come: readonly DenyClaims[],
  versionInForce: number,
): readonly DenyNotice[] {
  const known = new Set(held.map(({ id }) => id));
  const fresh: DenyNotice[] = [];
  for (const { iss: _iss, aud: _aud, ...notice } of come) {
    if (notice.vmin <= versionInForce || known.has(notice.id)) continue;
    known.add(notice.id);
    fresh.push(notice);
  }
  return fresh;
}

/** The notices that still count once this version is in force. @see rule GP27 */
export const stillNeeded = (held: readonly DenyNotice[], version: number): readonly DenyNotice[] =>
  held.filter(({ vmin }) => vmin > version);

/** Tells whether a notice takes this right away. */
export const isDeniedBy = (notices: readonly DenyNotice[], cred: string, sub: string, jti: string): boolean =>
  notices.some(({ deny }) =>
    'jti' in deny ? deny.jti === jti : 'sub' in deny ? deny.sub === sub : deny.cred === cred,
  );
