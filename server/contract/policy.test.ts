import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../test/contract/test-keys.ts';
import { encodeBase64Url, utf8 } from './bytes.ts';
import { manifestRoot, policySnapshotSchema, type ManifestMember } from './policy.ts';

const member = (name: string, rev = 1): ManifestMember => ({
  jti: `pm_${name}`,
  rev,
  hash: encodeBase64Url(sha256(utf8(`${name} ${rev}`))),
});
const members = Array.from('ABCDEFG', (name) => member(name));

describe('manifest root', () => {
  it('C10: does not depend on the order of the permits', () => {
    const root = manifestRoot(sha256, members);
    fc.assert(
      fc.property(fc.shuffledSubarray(members, { minLength: members.length }), (shuffled) => {
        expect(manifestRoot(sha256, shuffled)).toBe(root);
      }),
      { seed: 20_260_312 },
    );
  });

  it('C10: changes with every permit that is added, left out, replaced or raised', () => {
    const sets = [
      members,
      [],
      [...members, member('H')],
      ...members.map((_, i) => members.toSpliced(i, 1)),
      ...members.map((each, i) => members.with(i, { ...each, rev: 2 })),
      ...members.map((each, i) => members.with(i, { ...each, hash: 'A'.repeat(43) })),
    ];
    expect(new Set(sets.map((each) => manifestRoot(sha256, each))).size).toBe(sets.length);
  });
});

describe('policy snapshot', () => {
  it('C10: a body is whole or is left out', () => {
    const body = { manifest: 'm', directory: 'd', permits: [] };
    expect(policySnapshotSchema.safeParse({ heartbeat: 'h' }).success).toBe(true);
    expect(policySnapshotSchema.safeParse({ heartbeat: 'h', body }).success).toBe(true);
    expect(
      policySnapshotSchema.safeParse({ heartbeat: 'h', body: { ...body, permits: undefined } }).success,
    ).toBe(false);
    expect(policySnapshotSchema.safeParse({ body }).success).toBe(false);
  });
});
