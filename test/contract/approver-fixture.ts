import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { approvalChallenge } from '#contract/approval';
import { encodeBase64Url } from '#contract/bytes';
import type { Approver } from '#contract/root-document';
import type { Approval } from '#contract/site-log';
import type { ApproverKey, Assertion } from '#contract/webauthn';

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export const RP = 'palang.contoh';
export const ORIGIN = `https://${RP}`;

/** A passkey in memory: answers challenges as an authenticator and its browser do. */
export interface TestPasskey {
  readonly by: string;
  readonly key: ApproverKey;
  /** base64url */
  readonly credentialId: string;
  readonly cid: string;
  readonly privateKey: KeyObject;
  /** As the root document holds it. */
  readonly approver: Approver;
  answer(
    challenge: Uint8Array,
    changes?: { readonly rp?: string; readonly origin?: string; readonly flags?: number },
  ): Assertion;
  /** What a browser sends after it made this passkey. */
  register(challenge: string): object;
  /** What a browser sends after this passkey answered. */
  credential(challenge: string, changes?: { readonly origin?: string; readonly flags?: number }): object;
  approve(
    facts: Omit<Approval, 'by' | 'm' | 'as' | 'decision' | 'd'> & { d: string[] },
    site: string,
  ): Approval;
}

export function makePasskey(by: string, kind: 'EC' | 'OKP' = 'EC', doors?: string[]): TestPasskey {
  const { privateKey, publicKey } =
    kind === 'EC' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const key: ApproverKey =
    kind === 'EC' ? { kty: 'EC', crv: 'P-256', x, y } : { kty: 'OKP', crv: 'Ed25519', x };
  const credential = sha256(bytesOf(`credential ${by} ${x}`));
  const cid = encodeBase64Url(sha256(credential));
  const passkey: TestPasskey = {
    by,
    key,
    credentialId: encodeBase64Url(credential),
    cid,
    privateKey,
    approver: { by, cid, key, ...(doors !== undefined && { doors }) },
    answer: (challenge, { rp = RP, origin = ORIGIN, flags = 5 } = {}) => {
      const authData = Buffer.concat([sha256(bytesOf(rp)), Uint8Array.of(flags, 0, 0, 0, 0)]);
      const clientData = bytesOf(
        JSON.stringify({ type: 'webauthn.get', challenge: encodeBase64Url(challenge), origin }),
      );
      const message = Buffer.concat([authData, sha256(clientData)]);
      const signature = sign(kind === 'EC' ? 'sha256' : null, message, privateKey);
      return {
        cid,
        ad: encodeBase64Url(authData),
        cd: encodeBase64Url(clientData),
        sig: encodeBase64Url(signature),
      };
    },
    register: (challenge) => {
      const x1 = Buffer.from(x, 'base64url');
      const cose =
        kind === 'EC'
          ? [
              [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32],
              x1,
              [0x22, 0x58, 32],
              Buffer.from(y, 'base64url'),
            ]
          : [[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32], x1];
      const authData = Buffer.concat([
        sha256(bytesOf(RP)),
        Uint8Array.of(0x45, 0, 0, 0, 0),
        new Uint8Array(16),
        Uint8Array.of(0, 32),
        credential,
        ...cose.map((part) => Uint8Array.from(part)),
      ]);
      const attestation = Buffer.concat([
        Uint8Array.of(0xa3, 0x63),
        bytesOf('fmt'),
        Uint8Array.of(0x64),
        bytesOf('none'),
        Uint8Array.of(0x67),
        bytesOf('attStmt'),
        Uint8Array.of(0xa0, 0x68),
        bytesOf('authData'),
        Uint8Array.of(0x58, authData.length),
        authData,
      ]);
      const clientData = bytesOf(JSON.stringify({ type: 'webauthn.create', challenge, origin: ORIGIN }));
      return {
        id: passkey.credentialId,
        rawId: passkey.credentialId,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: encodeBase64Url(clientData),
          attestationObject: encodeBase64Url(attestation),
          transports: ['internal'],
        },
      };
    },
    credential: (challenge, changes) => {
      const { ad, cd, sig } = passkey.answer(Buffer.from(challenge, 'base64url'), changes);
      return {
        id: passkey.credentialId,
        rawId: passkey.credentialId,
        type: 'public-key',
        clientExtensionResults: {},
        response: { clientDataJSON: cd, authenticatorData: ad, signature: sig },
      };
    },
    approve: (facts, site) => {
      const challenge = approvalChallenge(sha256, { site, req: facts.req, d: facts.d });
      return { ...facts, decision: 'approved', by, m: 'passkey', as: passkey.answer(challenge) };
    },
  };
  return passkey;
}
