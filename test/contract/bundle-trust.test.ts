import { describe, expect, it } from 'vitest';
import { verifyBundle } from '#contract/bundle';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { rootHash } from '#contract/root-document';
import type { Approval, SiteLogEntry } from '#contract/site-log';
import { makePasskey, RP } from './approver-fixture.ts';
import { makeBundle, rootBody, rootKey, signRoot, SITE, type EvidenceOptions } from './evidence-fixture.ts';
import { ports, sha256 } from './test-keys.ts';

const approver = makePasskey(`s_${'A'.repeat(22)}`);
const stranger = makePasskey(`s_${'B'.repeat(22)}`, 'OKP');
const hash = (name: string): string => encodeBase64Url(sha256(utf8(name)));

const two = rootBody(2, { approvers: [approver.approver], approval: { rp: RP, weak: 'session' } });
const chain = [signRoot(rootBody(1), { 'root-1': rootKey }), signRoot(two, { 'root-1': rootKey })];
const published: SiteLogEntry = { ty: 'root.published', x: { v: 2, root: rootHash(sha256, two) } };

const facts = { req: hash('request'), at: 1, d: [hash('terms')] };
const signed = approver.approve(facts, SITE);
const recorded = (x: Approval): SiteLogEntry => ({ ty: 'approval.recorded', x });

async function answer(options: EvidenceOptions) {
  const verdict = await verifyBundle(await makeBundle({ chain, ...options }), ports);
  return verdict.ok ? 'yes' : `${verdict.error.file}:${verdict.error.line} ${verdict.error.reason}`;
}
const withEntry = (...more: SiteLogEntry[]): EvidenceOptions => ({
  siteEntries: (entries) => [...entries, ...more],
});

describe('evidence of approvals and orders', () => {
  it('C47: approvals by passkey are verified, and those by session counted', async () => {
    const files = await makeBundle({ chain, ...withEntry(published, recorded(signed)) });
    expect(await verifyBundle(files, ports)).toMatchObject({
      ok: true,
      value: { approvals: { passkey: 1, session: 1 }, weakGrants: 0 },
    });
  });

  it.each<[string, Approval, string]>([
    ['of a passkey that is in no roster', stranger.approve(facts, SITE), 'wrong-key'],
    ['that nobody signed', { ...signed, as: undefined } as unknown as Approval, 'unsigned'],
    ['over another permit', { ...signed, d: [hash('other terms')] }, 'changed'],
    ['over another request', { ...signed, req: hash('another request') }, 'changed'],
    ['of another site', approver.approve(facts, 'lain'), 'changed'],
  ])('C47: an approval by passkey %s is named', async (_, approval, reason) => {
    const { as: assertion, ...bare } = approval;
    const x = assertion === undefined ? bare : approval;
    expect(await answer(withEntry(recorded(x)))).toBe(`site-log.jsonl:18 ${reason}`);
  });

  it('C48: a root document that was published is one of the chain', async () => {
    expect(await answer(withEntry(published))).toBe('yes');
    for (const x of [
      { v: 2, root: hash('another root') },
      { v: 3, root: published.x.root },
    ]) {
      expect(await answer(withEntry({ ty: 'root.published', x }))).toBe('site-log.jsonl:18 inconsistent');
    }
  });

  it('C49: a gateway was shown the orders that the site log knows', async () => {
    const applied = (mh: string): EvidenceOptions => ({
      facts: (sq) => (sq === 2 ? { ty: 'policy.applied', x: { v: 9, mh, rootv: 2 } } : {}),
    });
    const logged = (...hashes: string[]) =>
      withEntry(...hashes.map((mh): SiteLogEntry => ({ ty: 'manifest.signed', x: { v: 9, mh } })));
    expect(await answer({ ...applied(hash('nine')), ...logged(hash('nine')) })).toBe('yes');
    expect(await answer({ ...applied(hash('nine')), ...logged(hash('other'), hash('nine')) })).toBe('yes');
    expect(await answer({ ...applied(hash('nine')), ...logged(hash('other')) })).toBe(
      'journal/gw-arsip/1.jsonl:3 inconsistent',
    );
  });

  it('C49: two manifests under one version are named, unless a root document started the count again', async () => {
    let call = 0;
    const shown = (rootOf: (call: number) => number): EvidenceOptions => ({
      facts: (sq) => {
        if (sq !== 2) return {};
        call += 1;
        return { ty: 'policy.applied', x: { v: 9, mh: hash(`shown ${call % 3}`), rootv: rootOf(call) } };
      },
    });
    expect(await answer(shown(() => 1))).toMatch(/^journal\/gw-[a-z-]+\/[12]\.jsonl:3 inconsistent$/);
    call = 0;
    expect(await answer(shown((n) => n))).toBe('yes');
  });

  it('C46: entries on approvals of the weaker setting are counted', async () => {
    const files = await makeBundle({
      chain,
      facts: (sq) => (sq === 4 ? { ty: 'access.granted', x: { approval: 'session' } } : {}),
    });
    const verdict = await verifyBundle(files, ports);
    expect(verdict).toMatchObject({ ok: true, value: { weakGrants: 3 } });
  });
});
