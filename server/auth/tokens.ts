import { encodeBase64Url, utf8 } from '#contract/bytes';
import type { Random } from '#contract/clock';
import { sha256 } from '../signing/node-crypto.ts';

/** Makes a secret token: 256 bits, 43 characters. */
export const newToken = (random: Random): string => encodeBase64Url(random.bytes(32));

/** Hashes a token as it is stored: whoever reads the database can use none of them. */
export const tokenHash = (token: string): string => encodeBase64Url(sha256(utf8(token)));

/** Makes a row id of a prefix and 128 random bits. */
export const newRowId = (random: Random, prefix: string): string =>
  `${prefix}_${encodeBase64Url(random.bytes(16))}`;
