import { describe, expect, it } from 'vitest';
import { rootBody, rootKey, signRoot } from '../../test/contract/evidence-fixture.ts';
import { sha256, testKey, verifyEd25519 } from '../../test/contract/test-keys.ts';
import { roleKey, rootBodySchema, rootFingerprint, verifyRootChain } from './root-document.ts';

describe('root documents', () => {
  it('C11: a key serves the roles that name it, and no other', () => {
    const body = rootBody(1);
    expect(roleKey(body, 'log', 'log-1')).not.toBeNull();
    expect(roleKey(body, 'root', 'log-1')).toBeNull();
    expect(roleKey(body, 'log', 'root-1')).toBeNull();
    expect(roleKey(body, 'log', 'toString')).toBeNull();
  });

  it('C11: a role that names a key which is not there, or is no key, has none', () => {
    const log = { keys: ['log-9', 'constructor'], threshold: 1 };
    const body = rootBody(1, { roles: { ...rootBody(1).roles, log } });
    expect(roleKey(body, 'log', 'log-9')).toBeNull();
    expect(roleKey(body, 'log', 'constructor')).toBeNull();
    expect(roleKey({ ...rootBody(1), keys: { 'log-1': `${'A'.repeat(42)}B` } }, 'log', 'log-1')).toBeNull();
  });

  it('C11: two names of one key are one signer', async () => {
    const { keys, roles } = rootBody(1);
    const one = keys['root-1'] ?? '';
    const body = rootBody(1, {
      keys: { ...keys, 'root-2': one },
      roles: { ...roles, root: { keys: ['root-1', 'root-2'], threshold: 2 } },
    });
    const document = signRoot(body, { 'root-1': rootKey, 'root-2': rootKey });
    expect(await verifyRootChain(verifyEd25519, [document])).toEqual({
      ok: false,
      error: 'not-signed-by-enough',
    });
  });

  it('C11: a signature that is not base64url counts as none', async () => {
    const signed = signRoot(rootBody(1), { 'root-1': rootKey });
    const bad = { ...signed, signatures: [{ kid: 'root-1', sig: `${'A'.repeat(85)}B` }] };
    expect(await verifyRootChain(verifyEd25519, [bad])).toEqual({ ok: false, error: 'not-signed-by-enough' });
  });

  it('C11: the fingerprint changes with every part of the body', () => {
    const bodies = [
      rootBody(1),
      rootBody(2),
      rootBody(1, { singleOfficial: false }),
      rootBody(1, { site: 'dinas-lain' }),
      rootBody(1, { keys: { ...rootBody(1).keys, 'root-1': 'A'.repeat(43) } }),
    ];
    expect(new Set(bodies.map((body) => rootFingerprint(sha256, body))).size).toBe(bodies.length);
    expect(testKey('root').publicKey).toEqual(rootKey.publicKey);
  });

  it.each([
    { v: 0 },
    { site: 'Dinas' },
    { keys: { 'log-1': 'short' } },
    { keys: { '../x': 'A'.repeat(43) } },
    { roles: {} },
    { extra: 1 },
  ])('C11: the body %o is refused', (change) => {
    expect(rootBodySchema.safeParse(rootBody(1)).success).toBe(true);
    expect(rootBodySchema.safeParse({ ...rootBody(1), ...change }).success).toBe(false);
  });
});
