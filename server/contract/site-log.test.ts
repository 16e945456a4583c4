import { describe, expect, it } from 'vitest';
import { linkSiteLog } from '../../test/contract/evidence-fixture.ts';
import { sha256 } from '../../test/contract/test-keys.ts';
import { NO_PREVIOUS_HASH, recordHash } from './record.ts';
import { approvalHash, decodeSiteLogRecord, type Approval, type SiteLogEntry } from './site-log.ts';

const hash = NO_PREVIOUS_HASH;
const approval: Approval = {
  req: hash,
  decision: 'approved',
  by: `s_${'a'.repeat(22)}`,
  at: 1,
  m: 'session',
};
const entries: readonly SiteLogEntry[] = [
  { ty: 'site.opened', x: { root: hash } },
  { ty: 'gateway.enrolled', x: { gw: 'gw', ep: 1, key: hash } },
  { ty: 'gateway.revoked', x: { gw: 'gw', ep: 1 } },
  { ty: 'approval.recorded', x: approval },
  { ty: 'root.published', x: { v: 2, root: hash } },
  { ty: 'permit.issued', x: { h: hash } },
  { ty: 'permit.revoked', x: { h: hash } },
  { ty: 'manifest.signed', x: { v: 1, mh: hash } },
  { ty: 'rules.changed', x: { h: hash } },
  { ty: 'log.reviewed', x: { h: hash } },
  { ty: 'journal.checkpointed', x: { gw: 'gw', ep: 1, size: 1, root: hash } },
];

describe('site log records', () => {
  it('C22: every kind is encoded, decoded and linked', () => {
    let ph = NO_PREVIOUS_HASH;
    for (const [sq, bytes] of linkSiteLog(entries).entries()) {
      expect(decodeSiteLogRecord(bytes)).toMatchObject({ ok: true, value: { sq, ph, ...entries[sq] } });
      ph = recordHash(sha256, bytes);
    }
  });

  it('C22: an approval hashes to what its permit names', () => {
    const other: Approval = { ...approval, m: 'passkey' };
    expect(approvalHash(sha256, approval)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(approvalHash(sha256, other)).not.toBe(approvalHash(sha256, approval));
  });
});
