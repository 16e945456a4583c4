import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import type { EventDetail } from '#contract/api';
import { encodeBase64, encodeBase64Url, utf8 } from '#contract/bytes';
import { encodeCheckpointBody } from '#contract/checkpoint';
import { inclusionProof, leafHash, rootOfLeaves } from '#contract/merkle';
import { checkRecordProof } from './record-proof.ts';

const records = Array.from({ length: 13 }, (_, seq) => `{"sq":${seq}}`);
const leaves = records.map((record) => leafHash(sha256, utf8(record)));

function detailOf(seq: number, changes: Partial<EventDetail> = {}, origin = 'situs/gw-1/1'): EventDetail {
  const body = encodeCheckpointBody({ origin, size: leaves.length, root: rootOfLeaves(sha256, leaves) });
  const leaf = leaves[seq];
  if (leaf === undefined) throw new Error('no such record');
  return {
    id: `gw-1/1/${seq}`,
    gateway: 'gw-1',
    epoch: 1,
    seq,
    at: '2026-03-12T07:05:00.000Z',
    clockTrust: 3,
    receivedAt: '2026-03-12T07:05:01.000Z',
    type: 'door.closed',
    severity: 'normal',
    doorId: null,
    direction: null,
    reason: null,
    personName: null,
    requestId: null,
    requestNumber: null,
    record: records[seq] ?? '',
    leafHash: encodeBase64Url(leaf),
    proof: {
      size: leaves.length,
      hashes: inclusionProof(sha256, leaves, seq).map(encodeBase64),
      checkpoint: `${body}\n\u2014 ${origin} ${encodeBase64(new Uint8Array(68))}\n`,
    },
    checked: [],
    ...changes,
  };
}

describe('proof of a record', () => {
  it('W5: every record of a journal is found in it', () => {
    for (let seq = 0; seq < records.length; seq++) {
      expect(checkRecordProof(detailOf(seq))).toMatchObject({ kind: 'included', size: 13 });
    }
  });

  it('W5: one changed byte of the record is no longer in it', () => {
    expect(checkRecordProof(detailOf(4, { record: '{"sq":5}' }))).toEqual({ kind: 'mismatch' });
  });

  it('W5: a record whose stated hash is another one is refused', () => {
    const other = detailOf(5).leafHash;
    expect(checkRecordProof(detailOf(4, { leafHash: other }))).toEqual({ kind: 'mismatch' });
  });

  it('W5: a proof for another place or another journal is none', () => {
    const { proof } = detailOf(5);
    expect(checkRecordProof(detailOf(4, { proof }))).toEqual({ kind: 'mismatch' });
    expect(checkRecordProof(detailOf(4, {}, 'situs/gw-2/1'))).toEqual({ kind: 'mismatch' });
    expect(checkRecordProof(detailOf(4, { seq: 3 }))).toEqual({ kind: 'mismatch' });
  });

  it('W5: garbage in the proof is a mismatch, not a crash', () => {
    const { proof } = detailOf(4);
    if (proof === null) throw new Error('the fixture has a proof');
    expect(checkRecordProof(detailOf(4, { proof: { ...proof, hashes: ['%'] } }))).toEqual({
      kind: 'mismatch',
    });
    expect(checkRecordProof(detailOf(4, { proof: { ...proof, checkpoint: 'no note' } }))).toEqual({
      kind: 'mismatch',
    });
  });

  it('W5: a record that no checkpoint covers yet waits', () => {
    expect(checkRecordProof(detailOf(4, { proof: null }))).toEqual({ kind: 'pending' });
  });
});
