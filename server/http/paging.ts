import { z } from 'zod';
import { decodeBase64Url, decodeUtf8, encodeBase64Url, utf8 } from '#contract/bytes';
import { decodeJson } from '#contract/decode-json';
import { err, ok, type Result } from '#contract/result';
import { refusal, type Refusal } from '../procedure/site.ts';

/** Writes where a list goes on. Its form is nobody's business but ours. */
export const encodeCursor = (cursor: unknown): string => encodeBase64Url(utf8(JSON.stringify(cursor)));

/** A place by time and id. */
export const timeCursor = z.strictObject({ at: z.number().int(), id: z.string().max(200) });

const badCursor = err(refusal('invalid-input', [{ pointer: '/cursor', code: 'invalid' }]));

/** Decodes where a list goes on; null from the start. */
export function decodeCursor<T>(schema: z.ZodType<T>, text: string | undefined): Result<T | null, Refusal> {
  if (text === undefined) return ok(null);
  const bytes = decodeBase64Url(text);
  const json = bytes.ok ? decodeUtf8(bytes.value) : bytes;
  if (!json.ok) return badCursor;
  const cursor = schema.safeParse(decodeJson(json.value));
  return cursor.success ? ok(cursor.data) : badCursor;
}

/** Makes a page of `limit` items from up to `limit + 1` rows: the one too many tells that there are more. */
export function pageFrom<Row, Item>(
  rows: readonly Row[],
  limit: number,
  of: { readonly item: (row: Row) => Item; readonly cursor: (row: Row) => unknown },
): { items: Item[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(of.item),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(of.cursor(last)) : null,
  };
}
