import { z } from 'zod';
import { concatBytes, decodeBase64Url, encodeBase64Url, utf8 } from './bytes.ts';
import { COMMITTED_FIELDS, hashSchema, type CommittedField } from './record.ts';

/** HMAC-SHA-256, handed in by the caller. */
export type HmacSha256 = (key: Uint8Array, message: Uint8Array) => Uint8Array;

/** What one commitment of one record stands for. Kept apart from the record, so that it can be erased. */
export const openingSchema = z.strictObject({
  gw: z.string(),
  ep: z.number().int().min(1),
  sq: z.number().int().min(0),
  field: z.enum(COMMITTED_FIELDS),
  /** 32 random bytes, fresh for each record and field, in base64url. */
  salt: hashSchema,
  value: z.string().max(200),
});

/** What one commitment of one record stands for. */
export type Opening = z.infer<typeof openingSchema>;

/**
 * Commits to a personal value without revealing it: HMAC-SHA-256(salt, "palang/v1/" field 00 value). The salt is
 * fresh for each record and field, so that two visits of one person cannot be linked once the openings are erased.
 * @param salt 32 random bytes
 */
export const commitTo = (hmac: HmacSha256, salt: Uint8Array, field: CommittedField, value: string): string =>
  encodeBase64Url(hmac(salt, concatBytes(utf8(`palang/v1/${field}`), Uint8Array.of(0), utf8(value))));

/** Checks that an opening opens this commitment. @see rule C7 */
export function doesOpen(hmac: HmacSha256, opening: Opening, commitment: string): boolean {
  const salt = decodeBase64Url(opening.salt);
  return salt.ok && commitTo(hmac, salt.value, opening.field, opening.value) === commitment;
}

/**
 * Names a card in permits and at the gateway without its number: "c_" and HMAC-SHA-256(site pepper, canonical
 * card). A four-byte card number can still be guessed by one who holds the pepper: it hides, it does not protect.
 * @param card canonical form, e.g. `em:6F007B3972`
 */
export const credentialHandle = (hmac: HmacSha256, sitePepper: Uint8Array, card: string): string =>
  `c_${encodeBase64Url(hmac(sitePepper, utf8(card)))}`;
