import { jwtVerify, importJWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { decodeBase64Url, encodeBase64Url, encodeHex, utf8 } from '#contract/bytes';
import { decodeCanonical, encodeCanonical } from '#contract/canonical';
import {
  cosignCheckpoint,
  encodeCheckpointBody,
  NOTE_KEY_TYPES,
  noteKeyId,
  parseSignedCheckpoint,
  signCheckpoint,
  verifyCheckpoint,
  verifyCosignature,
} from '#contract/checkpoint';
import { asEpochMs } from '#contract/clock';
import { commitTo, credentialHandle, doesOpen } from '#contract/commitment';
import {
  consistencyProof,
  inclusionProof,
  isConsistent,
  isIncluded,
  leafHash,
  rootOfLeaves,
} from '#contract/merkle';
import { permitAllows, permitClaimsSchema } from '#contract/permit';
import {
  directoryClaimsSchema,
  heartbeatClaimsSchema,
  jwsHash,
  manifestClaimsSchema,
  manifestRoot,
} from '#contract/policy';
import {
  decodeRecord,
  encodeRecord,
  recordHash,
  type CommittedField,
  type JournalRecord,
} from '#contract/record';
import {
  contentDigest,
  encodeSignatureHeaders,
  parseSignatureHeaders,
  signatureBase,
} from '#contract/request-signature';
import {
  rootDocumentSchema,
  rootFingerprint,
  rootHash,
  rootMessage,
  verifyRootChain,
  type RootDocument,
} from '#contract/root-document';
import {
  approvalHash,
  approvalSchema,
  decodeSiteLogRecord,
  encodeSiteLogRecord,
  type SiteLogRecord,
} from '#contract/site-log';
import canonical from '../../server/contract/vectors/canonical.json';
import checkpoints from '../../server/contract/vectors/checkpoint.json';
import commitments from '../../server/contract/vectors/commitment.json';
import merkle from '../../server/contract/vectors/merkle.json';
import policy from '../../server/contract/vectors/policy.json';
import records from '../../server/contract/vectors/record.json';
import requests from '../../server/contract/vectors/request-signature.json';
import roots from '../../server/contract/vectors/root-document.json';
import { hmac, keyOfSeed, noteSigner, ports, sha256, verifyEd25519 } from './test-keys.ts';

const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const fromBase64Url = (text: string): Uint8Array => {
  const bytes = decodeBase64Url(text);
  if (!bytes.ok) throw new Error('not base64url');
  return bytes.value;
};

describe('canonical form', () => {
  it.each(canonical.good)('C1: encodes $name', ({ value, text, hex }) => {
    expect(encodeCanonical(value)).toEqual({ ok: true, value: text });
    expect(encodeHex(utf8(text))).toBe(hex);
  });

  it.each(canonical.good)('C2: decodes $name', ({ value, hex }) => {
    expect(decodeCanonical(fromHex(hex))).toEqual({ ok: true, value });
  });

  it.each(canonical.bad)('C2: refuses $name', ({ hex, error }) => {
    expect(decodeCanonical(fromHex(hex))).toEqual({ ok: false, error });
  });
});

describe('Merkle tree', () => {
  const leaves = merkle.leaves.map((leaf) => leafHash(sha256, fromHex(leaf)));
  const rootAt = (size: number): Uint8Array => fromHex(merkle.roots[size]!);

  it.each(merkle.roots.map((root, size) => ({ size, root })))(
    'C3: root of $size leaves',
    ({ size, root }) => {
      expect(encodeHex(rootOfLeaves(sha256, leaves.slice(0, size)))).toBe(root);
    },
  );

  it.each(merkle.inclusion)('C4: leaf $index of $size', ({ index, size, proof }) => {
    expect(inclusionProof(sha256, leaves.slice(0, size), index).map(encodeHex)).toEqual(proof);
    const claim = { index, size, leaf: leaves[index]!, root: rootAt(size) };
    expect(isIncluded(sha256, claim, proof.map(fromHex))).toBe(true);
  });

  it.each(merkle.consistency)('C5: from $oldSize to $newSize', ({ oldSize, newSize, proof }) => {
    expect(consistencyProof(sha256, leaves.slice(0, newSize), oldSize).map(encodeHex)).toEqual(proof);
    const claim = { oldSize, newSize, oldRoot: rootAt(oldSize), newRoot: rootAt(newSize) };
    expect(isConsistent(sha256, claim, proof.map(fromHex))).toBe(true);
  });
});

describe('signed checkpoints', () => {
  const { origin, size, body, note, atSeconds, cosigned } = checkpoints;
  const checkpoint = { origin, size, root: fromHex(checkpoints.root) };
  const signer = { name: checkpoints.signer.name, publicKey: fromHex(checkpoints.signer.publicKey) };
  const cosigner = { name: checkpoints.cosigner.name, publicKey: fromHex(checkpoints.cosigner.publicKey) };
  const parsed = (text: string) => {
    const result = parseSignedCheckpoint(utf8(text));
    if (!result.ok) throw new Error(`not a note: ${text}`);
    return result.value;
  };

  it('C6: key ids are those of other implementations', () => {
    const { name, publicKey, keyId } = checkpoints.knownKeyId;
    const known = noteKeyId(sha256, { name, publicKey: fromHex(publicKey) }, NOTE_KEY_TYPES.log);
    expect(encodeHex(known)).toBe(keyId);
    expect(encodeHex(noteKeyId(sha256, signer, NOTE_KEY_TYPES.log))).toBe(checkpoints.signer.keyId);
    expect(encodeHex(noteKeyId(sha256, cosigner, NOTE_KEY_TYPES.cosignature))).toBe(
      checkpoints.cosigner.keyId,
    );
  });

  it('C6: body, signature and cosignature have these bytes', () => {
    expect(encodeCheckpointBody(checkpoint)).toBe(body);
    const signing = noteSigner(keyOfSeed(fromHex(checkpoints.signer.seed)), signer.name);
    expect(signCheckpoint(sha256, checkpoint, signing)).toBe(note);
    const cosigning = noteSigner(keyOfSeed(fromHex(checkpoints.cosigner.seed)), cosigner.name);
    expect(cosignCheckpoint(sha256, note, cosigning, atSeconds)).toEqual({ ok: true, value: cosigned });
  });

  it.each(checkpoints.genuine)('C6: accepts $name', async ({ note: text }) => {
    expect(await verifyCheckpoint(ports, parsed(text), signer, origin)).toEqual({
      ok: true,
      value: checkpoint,
    });
  });

  it.each(checkpoints.malformed)('C6: refuses the form of a note: $name', ({ note: text }) => {
    expect(parseSignedCheckpoint(utf8(text))).toEqual({ ok: false, error: 'malformed' });
  });

  it.each(checkpoints.refused)('C6: refuses $name', async ({ note: text, error }) => {
    expect(await verifyCheckpoint(ports, parsed(text), signer, origin)).toEqual({ ok: false, error });
  });

  it('C20: accepts the cosignature with its time', async () => {
    expect(await verifyCosignature(ports, parsed(cosigned), cosigner)).toEqual({
      ok: true,
      value: atSeconds,
    });
  });

  it.each(checkpoints.notCosigned)('C20: refuses a cosignature: $name', async ({ note: text, error }) => {
    expect(await verifyCosignature(ports, parsed(text), cosigner)).toEqual({ ok: false, error });
  });
});

describe('records', () => {
  it.each(records.journal)('C21: journal record $value.ty', ({ value, text, hash }) => {
    const bytes = encodeRecord(value as unknown as JournalRecord);
    expect(bytes).toEqual(utf8(text));
    expect(decodeRecord(bytes)).toEqual({ ok: true, value });
    expect(recordHash(sha256, bytes)).toBe(hash);
  });

  it.each(records.notJournal)('C21: refuses as a journal record: $name', ({ text, error }) => {
    expect(decodeRecord(utf8(text))).toEqual({ ok: false, error });
  });

  it.each(records.siteLog)('C22: site log record $value.ty', ({ value, text, hash }) => {
    const bytes = encodeSiteLogRecord(value as unknown as SiteLogRecord);
    expect(bytes).toEqual(utf8(text));
    expect(decodeSiteLogRecord(bytes)).toEqual({ ok: true, value });
    expect(recordHash(sha256, bytes)).toBe(hash);
  });

  it.each(records.notSiteLog)('C22: refuses as a site log record: $name', ({ text, error }) => {
    expect(decodeSiteLogRecord(utf8(text))).toEqual({ ok: false, error });
  });

  it('C22: the hash of an approval', () => {
    expect(approvalHash(sha256, approvalSchema.parse(records.approval.value))).toBe(records.approval.hash);
  });
});

describe('commitments', () => {
  const salt = fromBase64Url(commitments.salt);
  const [first] = commitments.commitments;

  it.each(commitments.commitments)('C7: $field of "$value"', ({ field, value, commitment }) => {
    expect(commitTo(hmac, salt, field as CommittedField, value)).toBe(commitment);
    const opening = { gw: 'gw', ep: 1, sq: 0, field: field as CommittedField, salt: commitments.salt, value };
    expect(doesOpen(hmac, opening, commitment)).toBe(true);
  });

  it.each(commitments.notOpening)('C7: $name does not open it', ({ field, value, salt: other }) => {
    const opening = { gw: 'gw', ep: 1, sq: 0, field: field as CommittedField, salt: other, value };
    expect(doesOpen(hmac, opening, first!.commitment)).toBe(false);
  });

  it.each(commitments.handles)('C23: the handle of a card', ({ pepper, card, handle }) => {
    expect(credentialHandle(hmac, fromBase64Url(pepper), card)).toBe(handle);
  });
});

describe('policy documents', () => {
  const keyOf = (kid: string): Uint8Array | null =>
    Object.hasOwn(policy.keys, kid)
      ? fromBase64Url(policy.keys[kid as keyof typeof policy.keys].publicKey)
      : null;
  const claimsOf = (jws: string): unknown =>
    JSON.parse(Buffer.from(jws.split('.')[1]!, 'base64url').toString('utf8'));

  /** What every party must ask of a JWS: the vectors are what they say only if this refuses all of them. */
  async function isAccepted(jws: string): Promise<boolean> {
    try {
      const { payload } = await jwtVerify(
        jws,
        async ({ kid }) => {
          const publicKey = kid === 'issuer-1' ? keyOf(kid) : null;
          if (publicKey === null) throw new Error('unknown key');
          return importJWK({ kty: 'OKP', crv: 'Ed25519', x: encodeBase64Url(publicKey) }, 'Ed25519');
        },
        {
          algorithms: ['Ed25519'],
          typ: 'permit+jws',
          issuer: policy.issuer,
          audience: policy.site,
          requiredClaims: ['iss', 'aud', 'sub', 'jti', 'nbf', 'exp'],
          currentDate: new Date(policy.nowSeconds * 1000),
        },
      );
      const claims = permitClaimsSchema.safeParse(payload);
      return claims.success && claims.data.exp - claims.data.nbf <= 90 * 86_400;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return false;
    }
  }

  it.each([policy.permit, policy.secondPermit])('C8: permit $claims.jti', async ({ claims, jws, hash }) => {
    expect(claimsOf(jws)).toEqual(claims);
    expect(permitClaimsSchema.parse(claims)).toEqual(claims);
    expect(jwsHash(sha256, jws)).toBe(hash);
    expect(await isAccepted(jws)).toBe(true);
    const signed = jws.slice(0, jws.lastIndexOf('.'));
    const signature = fromBase64Url(jws.slice(signed.length + 1));
    expect(await verifyEd25519(keyOf('issuer-1')!, utf8(signed), signature)).toBe(true);
    const now = asEpochMs(policy.nowSeconds * 1000);
    expect(permitAllows(permitClaimsSchema.parse(claims), 'ruang-server', now)).toBeNull();
  });

  it.each(policy.refusedPermits)('C8: no party accepts a permit with $name', async ({ jws, reason }) => {
    expect(await isAccepted(jws)).toBe(false);
    const isByClaims = reason === 'claims';
    expect(isByClaims && permitClaimsSchema.safeParse(claimsOf(jws)).success).toBe(false);
  });

  it.each(policy.limitedPermits)('C9: a permit that does not reach: $name', ({ jws, door, limit }) => {
    const claims = permitClaimsSchema.parse(claimsOf(jws));
    expect(permitAllows(claims, door, asEpochMs(policy.nowSeconds * 1000))).toBe(limit);
  });

  it.each(policy.manifestRoots)('C10: manifest root over $members.length permits', ({ members, root }) => {
    expect(manifestRoot(sha256, members)).toBe(root);
  });

  it('C10: manifest, directory and heartbeat hold on to each other by hash', () => {
    const manifest = manifestClaimsSchema.parse(claimsOf(policy.manifest.jws));
    const heartbeat = heartbeatClaimsSchema.parse(claimsOf(policy.heartbeat.jws));
    expect(manifest).toEqual(policy.manifest.claims);
    expect(heartbeat).toEqual(policy.heartbeat.claims);
    expect(directoryClaimsSchema.parse(claimsOf(policy.directory.jws))).toEqual(policy.directory.claims);
    expect(heartbeat.mh).toBe(jwsHash(sha256, policy.manifest.jws));
    expect(manifest.dir).toBe(jwsHash(sha256, policy.directory.jws));
    const members = [policy.permit, policy.secondPermit].map(({ claims, hash }) => ({
      jti: claims.jti,
      rev: claims.rev,
      hash,
    }));
    expect(manifest.root).toBe(manifestRoot(sha256, members));
  });
});

describe('root documents', () => {
  const chainOf = (chain: unknown): [RootDocument, ...RootDocument[]] =>
    (chain as unknown[]).map((document) => rootDocumentSchema.parse(document)) as [RootDocument];

  it('C11: message, hash and fingerprint', () => {
    const [first] = chainOf(roots.chains[0]!.chain);
    expect(rootMessage(first.root)).toEqual(utf8(roots.message));
    expect(rootHash(sha256, first.root)).toBe(roots.hash);
    expect(rootFingerprint(sha256, first.root)).toBe(roots.fingerprint);
  });

  it.each(roots.chains)('C11: accepts $name', async ({ chain, newest }) => {
    expect(await verifyRootChain(verifyEd25519, chainOf(chain))).toMatchObject({
      ok: true,
      value: { v: newest },
    });
  });

  it.each(roots.refused)('C11: refuses $name', async ({ chain, error }) => {
    expect(await verifyRootChain(verifyEd25519, chainOf(chain))).toEqual({ ok: false, error });
  });
});

describe('request signatures', () => {
  const { parameters } = requests;

  it('C24: the digest of the standard', () => {
    expect(contentDigest(sha256, utf8(requests.knownDigest.body))).toBe(requests.knownDigest.digest);
  });

  it.each(requests.requests)('C24: $request.method $request.path', async ({ request, base, headers }) => {
    const signed = { ...request, body: utf8(request.body) };
    expect(signatureBase(sha256, signed, parameters)).toEqual(utf8(base));
    const read = parseSignatureHeaders(headers['signature-input'], headers.signature);
    if (!read.ok) throw new Error('headers not read');
    expect(read.value.parameters).toEqual(parameters);
    const signature = new Uint8Array(Buffer.from(read.value.signatureBase64, 'base64'));
    expect(await verifyEd25519(fromHex(requests.publicKey), utf8(base), signature)).toBe(true);
    expect(encodeSignatureHeaders(sha256, signed, parameters, signature)).toEqual(headers);
  });

  it.each(requests.malformed)('C24: refuses headers: $name', ({ input, signature }) => {
    expect(parseSignatureHeaders(input, signature)).toEqual({ ok: false, error: 'malformed' });
  });
});
