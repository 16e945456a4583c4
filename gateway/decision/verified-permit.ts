import type { PermitClaims } from '#contract/permit';

declare const verified: unique symbol;

/**
 * A permit whose signature, audience and membership in the manifest hold. Only gateway/permits makes one: passing
 * claims that were merely decoded does not compile.
 */
export type VerifiedPermit = Readonly<PermitClaims> & { readonly [verified]: true };
