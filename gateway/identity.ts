import { z } from 'zod';
import { decodeBase64Url } from '#contract/bytes';
import { decodeJson } from '#contract/decode-json';
import { hashSchema, idSchema } from '#contract/record';
import {
  rootDocumentSchema,
  verifyRootChain,
  type RootBody,
  type RootDocument,
} from '#contract/root-document';
import { err, ok, type Result } from '#contract/result';
import { createSigner, publicKeyOf, verifyEd25519, type Signer } from './crypto-ports.ts';

/** The secret file of an enrolled gateway, mode 0600. */
export const keyFileSchema = z.strictObject({
  gateway: idSchema,
  site: idSchema,
  issuer: z.string().min(1),
  epoch: z.number().int().min(1),
  /** Raw 32-byte Ed25519 seed, base64url. */
  privateKey: hashSchema,
  /** Key of the card handles of the site, base64url. */
  pepper: hashSchema,
});

export type KeyFile = z.infer<typeof keyFileSchema>;

/** Who this gateway is. */
export interface GatewayIdentity {
  readonly gateway: string;
  readonly site: string;
  readonly issuer: string;
  readonly epoch: number;
  readonly signer: Signer;
  readonly pepper: Uint8Array;
}

/** Why the files of an enrolment cannot be used; constant words, the content is never repeated. */
export type IdentityError =
  'key-file-unreadable' | 'trust-file-unreadable' | 'trust-file-not-genuine' | 'wrong-site';

/** Decodes the text of a key file. */
export function decodeIdentity(text: string): Result<GatewayIdentity, IdentityError> {
  const file = keyFileSchema.safeParse(decodeJson(text));
  const seed = file.success ? decodeBase64Url(file.data.privateKey) : null;
  const pepper = file.success ? decodeBase64Url(file.data.pepper) : null;
  if (!file.success || seed?.ok !== true || pepper?.ok !== true) return err('key-file-unreadable');
  const { gateway, site, issuer, epoch } = file.data;
  return ok({ gateway, site, issuer, epoch, signer: createSigner(seed.value), pepper: pepper.value });
}

/** Verifies a chain of root documents and returns the newest body. */
export async function verifyTrust(
  chain: readonly RootDocument[],
  site: string,
): Promise<Result<RootBody, IdentityError>> {
  const [first, ...rest] = chain;
  if (first === undefined) return err('trust-file-unreadable');
  if (first.root.site !== site) return err('wrong-site');
  const verified = await verifyRootChain(
    (key, message, signature) => verifyEd25519(publicKeyOf(key), message, signature),
    [first, ...rest],
  );
  return verified.ok ? verified : err('trust-file-not-genuine');
}

/** Decodes and verifies the text of a trust file: the chain of root documents of the site. */
export async function decodeTrust(text: string, site: string): Promise<Result<RootBody, IdentityError>> {
  const chain = z.array(rootDocumentSchema).safeParse(decodeJson(text));
  return chain.success ? verifyTrust(chain.data, site) : err('trust-file-unreadable');
}
