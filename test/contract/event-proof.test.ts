import { describe, expect, it } from 'vitest';
import { BUNDLE_PATHS, splitCheckpoints } from '#contract/bundle-format';
import { encodeBase64, utf8 } from '#contract/bytes';
import type { Opening } from '#contract/commitment';
import {
  decodeEventId,
  encodeEventProof,
  isEventProof,
  verifyEventProof,
  type EventPlace,
} from '#contract/event-proof';
import { createRememberingPorts, flipBit, linesOf, text, type Files } from './bundle-edits.ts';
import { JOURNALS, makeBundle, SITE, START_MS } from './evidence-fixture.ts';
import { sha256, testKey } from './test-keys.ts';

const ports = createRememberingPorts();
const genuine = await makeBundle();
const GRANT: EventPlace = { gateway: 'gw-arsip', epoch: 1, seq: 7 };

function prove(place: EventPlace, files: Files = genuine, hasOpenings = true): Uint8Array {
  const proof = encodeEventProof(sha256, files, place, { hasOpenings });
  if (!proof.ok) throw new Error(proof.error);
  return proof.value;
}

const partsOf = (proof: Uint8Array): string[] =>
  Array.from(splitCheckpoints(proof), (part) => text(part.bytes));
const joinParts = (parts: readonly string[]): Uint8Array => utf8(parts.join('---\n'));
const withPart = (proof: Uint8Array, index: number, edit: (part: string) => string): Uint8Array =>
  joinParts(partsOf(proof).map((part, at) => (at === index ? edit(part) : part)));

async function failureOf(proof: Uint8Array): Promise<{ line: number; reason: string }> {
  const verdict = await verifyEventProof(proof, ports);
  if (verdict.ok) throw new Error('the proof verifies');
  if (verdict.error.words === '') throw new Error('the failure has no words');
  return { line: verdict.error.line, reason: verdict.error.reason };
}

const lineOfPart = (proof: Uint8Array, index: number): number => [...splitCheckpoints(proof)][index]!.line;

describe('the proof of one event', () => {
  it('C29: each event of each journal is proven by itself, with the time at which the server held it', async () => {
    for (const id of JOURNALS) {
      for (let seq = 0; seq < 12; seq++) {
        const verdict = await verifyEventProof(prove({ ...id, seq }), ports);
        const size = seq < 5 ? 5 : seq < 10 ? 10 : 12;
        expect(verdict).toMatchObject({
          ok: true,
          value: {
            site: SITE,
            isSingleOfficial: true,
            record: { gw: id.gateway, ep: id.epoch, sq: seq },
            size,
            cosignedAtSeconds: START_MS / 1000 + size * 60,
          },
        });
      }
    }
  });

  it('C29: it holds nothing of other events, and openings only where asked for', async () => {
    const bare = prove(GRANT, genuine, false);
    expect(text(bare)).not.toContain('s_orang');
    expect(await verifyEventProof(bare, ports)).toMatchObject({ ok: true, value: { openings: [] } });
    const verdict = await verifyEventProof(prove(GRANT), ports);
    if (!verdict.ok) throw new Error(verdict.error.words);
    expect(verdict.value.openings.map((opening) => [opening.field, opening.sq])).toEqual([
      ['sub', 7],
      ['pm', 7],
      ['cred', 7],
    ]);
    const others = linesOf(genuine, BUNDLE_PATHS.openings)
      .map((line) => JSON.parse(text(line)) as Opening)
      .filter((opening) => opening.sq !== GRANT.seq || opening.gw !== GRANT.gateway || opening.ep !== 1);
    for (const { salt } of others) expect(text(prove(GRANT))).not.toContain(salt);
  });

  it('C29: its inclusion proofs have the form that other programs read', () => {
    const [, , inJournal = '', , inSiteLog = ''] = partsOf(prove(GRANT));
    expect(inJournal).toMatch(
      /^c2sp\.org\/tlog-proof@v1\nindex 7\n(?:[A-Za-z0-9+/]{43}=\n){4}\ndinas-contoh\/gw-arsip\/1\n10\n[^\n]+\n\n(?:— [^\n]+\n){2}$/,
    );
    expect(inSiteLog).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex \d\n(?:[^\n]+\n)+\ndinas-contoh\/site-log\n/);
  });

  it('C29: a proof from a log of many records is short', async () => {
    const files = await makeBundle({ records: 300, every: 300, journals: JOURNALS.slice(0, 1) });
    const proof = prove({ gateway: 'gw-ruang-server', epoch: 1, seq: 211 }, files);
    expect(proof.length).toBeLessThan(4000);
    expect(await verifyEventProof(proof, ports)).toMatchObject({ ok: true, value: { size: 300 } });
  });

  it('C29: one flipped bit anywhere is a no', async () => {
    const proof = prove(GRANT);
    for (let byte = 0; byte < proof.length; byte++) {
      const { ok } = await verifyEventProof(flipBit(proof, byte, byte % 7), ports);
      expect({ byte, ok }).toEqual({ byte, ok: false });
    }
  }, 30_000);

  it('C29: a proof cut short, or with something behind it, is a no', async () => {
    const proof = prove(GRANT);
    const forged = ['\n', 'x', 'x\n', '---\n', '---\nx\n'].map((extra) => utf8(text(proof) + extra));
    for (let length = 0; length < proof.length; length += 7) forged.push(proof.subarray(0, length));
    for (const bytes of forged) {
      const { ok } = await verifyEventProof(bytes, ports);
      expect({ length: bytes.length, ok }).toEqual({ length: bytes.length, ok: false });
    }
  });

  it('C4: each mutation of the inclusion proof fails', async () => {
    const proof = prove(GRANT);
    const recordLine = lineOfPart(proof, 1);
    const hash = encodeBase64(sha256(utf8('x')));
    const editLines = (edit: (lines: string[]) => string[]): Uint8Array =>
      withPart(proof, 2, (part) => edit(part.split('\n')).join('\n'));
    const changed = { line: recordLine, reason: 'changed' };
    for (let at = 2; at < 6; at++) {
      expect(await failureOf(editLines((lines) => lines.toSpliced(at, 1)))).toEqual(changed);
      expect(await failureOf(editLines((lines) => lines.toSpliced(at, 0, hash)))).toEqual(changed);
      expect(await failureOf(editLines((lines) => lines.with(at, hash)))).toEqual(changed);
    }
    expect(
      await failureOf(editLines((lines) => lines.with(2, lines[3] ?? '').with(3, lines[2] ?? ''))),
    ).toEqual(changed);
    for (const index of ['index 6', 'index 8', 'index 70']) {
      const { reason, line } = await failureOf(editLines((lines) => lines.with(1, index)));
      expect({ reason, line }).toEqual({ reason: 'changed', line: lineOfPart(proof, 2) + 1 });
    }
    for (const index of ['index 07', 'index -1', 'index 7 ', 'extra AA', 'index 9007199254740993']) {
      const malformed = { reason: 'malformed', line: lineOfPart(proof, 2) };
      expect(await failureOf(editLines((lines) => lines.with(1, index)))).toEqual(malformed);
    }
  });

  it('C29: parts of two genuine proofs do not make a third', async () => {
    const here = partsOf(prove(GRANT));
    const there = partsOf(prove({ gateway: 'gw-arsip', epoch: 2, seq: 7 }));
    const another = partsOf(prove({ ...GRANT, seq: 8 }));
    for (const [index, reason] of [
      [1, 'wrong-key'],
      [2, 'changed'],
      [3, 'changed'],
      [4, 'changed'],
    ] as const) {
      expect((await failureOf(joinParts(here.with(index, there[index] ?? '')))).reason).toBe(reason);
    }
    for (const index of [1, 2]) {
      expect((await failureOf(joinParts(here.with(index, another[index] ?? '')))).reason).toBe('changed');
    }
    // The enrolment of another epoch with its own proof: a genuine key, of another journal.
    const mixed = here.with(3, there[3] ?? '').with(4, there[4] ?? '');
    expect((await failureOf(joinParts(mixed))).reason).toBe('wrong-key');
  });

  it('C29: a key that the site log names nowhere, or a server that did not cosign, proves nothing', async () => {
    const thief = await makeBundle({ gatewayKey: testKey('thief') });
    expect(await failureOf(prove(GRANT, thief))).toMatchObject({ reason: 'wrong-key' });
    const alone = await makeBundle({ cosigner: null });
    expect(await failureOf(prove(GRANT, alone))).toMatchObject({ reason: 'unsigned' });
  });

  it('C29: openings of others, twice, out of order or with another value are a no', async () => {
    const proof = prove(GRANT);
    const editOpenings = (edit: (lines: string[]) => string[]): Uint8Array =>
      withPart(proof, 1, (part) => {
        const [record = '', ...openings] = part.trimEnd().split('\n');
        return `${[record, ...edit(openings)].join('\n')}\n`;
      });
    const first = lineOfPart(proof, 1) + 1;
    const other = text(linesOf(genuine, BUNDLE_PATHS.openings)[0]);
    for (const [edit, line, reason] of [
      [(lines: string[]) => [...lines, other], first + 3, 'inserted'],
      [(lines: string[]) => [lines[0] ?? '', ...lines], first + 1, 'inserted'],
      [(lines: string[]) => lines.toReversed(), first + 1, 'inserted'],
      [
        (lines: string[]) => lines.map((each) => each.replace('s_orang', 's_orank')),
        first,
        'opening-mismatch',
      ],
      [(lines: string[]) => ['{}', ...lines], first, 'changed'],
    ] as const) {
      expect(await failureOf(editOpenings(edit))).toEqual({ line, reason });
    }
  });

  it('C12: the fingerprint on paper decides whose proof it is', async () => {
    const verdict = await verifyEventProof(prove(GRANT), ports);
    if (!verdict.ok) throw new Error(verdict.error.words);
    const { fingerprint } = verdict.value;
    const right = await verifyEventProof(prove(GRANT), ports, { rootFingerprint: fingerprint.toUpperCase() });
    expect(right.ok).toBe(true);
    const wrong = await verifyEventProof(prove(GRANT), ports, { rootFingerprint: '0'.repeat(64) });
    expect(wrong).toMatchObject({ ok: false, error: { reason: 'wrong-key' } });
  });

  it('C29: there is no proof of what is not in the bundle, or not in one that verifies', () => {
    const ask = (place: EventPlace, files: Files = genuine) =>
      encodeEventProof(sha256, files, place, { hasOpenings: false });
    for (const place of [
      { ...GRANT, seq: 12 },
      { ...GRANT, epoch: 3 },
      { ...GRANT, gateway: 'gw-lain' },
    ]) {
      expect(ask(place)).toEqual({ ok: false, error: 'no-such-event' });
    }
    for (const path of [BUNDLE_PATHS.root, BUNDLE_PATHS.siteLog, 'journal/gw-arsip/1.checkpoints']) {
      const files = new Map(genuine).set(path, new Uint8Array());
      expect(ask(GRANT, files)).toEqual({ ok: false, error: 'not-provable' });
    }
  });

  it('C29: an event is named by gateway, epoch and number, in one spelling', () => {
    expect(decodeEventId('gw-arsip/1/0')).toEqual({ gateway: 'gw-arsip', epoch: 1, seq: 0 });
    for (const wrong of [
      '',
      'gw-arsip',
      'gw-arsip/1',
      'gw-arsip/0/1',
      'gw-arsip/1/01',
      'GW/1/1',
      '../1/1',
      'a/1/1/1',
    ]) {
      expect(decodeEventId(wrong)).toBeNull();
    }
  });

  it('C29: a proof is told from a bundle by its first line', () => {
    expect(isEventProof(prove(GRANT))).toBe(true);
    for (const other of ['', 'palang-event-proof/1', 'palang-event-proof/2\n', 'PK\u0003\u0004']) {
      expect(isEventProof(utf8(other))).toBe(false);
    }
  });
});
