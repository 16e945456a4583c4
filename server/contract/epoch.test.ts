import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeUtf8, utf8 } from './bytes.ts';
import { closeMessage, decodeEpochOpened, decodeReclaimed, epochProofMessage } from './epoch.ts';
import { NO_PREVIOUS_HASH, encodeRecord, recordHash, type JournalRecord } from './record.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const text = (bytes: Uint8Array): string => {
  const decoded = decodeUtf8(bytes);
  if (!decoded.ok) throw new Error('not UTF-8');
  return decoded.value;
};

const record = (changes: Partial<JournalRecord> = {}): JournalRecord => ({
  v: 1,
  gw: 'gw',
  ep: 1,
  sq: 4,
  bt: 1,
  t: 1000,
  tq: 3,
  mo: 5,
  ty: 'door.closed',
  ph: NO_PREVIOUS_HASH,
  x: {},
  ...changes,
});

function wrap(original: JournalRecord, changes: Record<string, unknown> = {}): JournalRecord {
  const bytes = encodeRecord(original);
  const x = { orig: text(bytes), hash: recordHash(sha256, bytes), ...changes } as JournalRecord['x'];
  return record({ ep: 2, sq: 7, ty: 'journal.reclaimed', x });
}

describe('epochs', () => {
  it('C50: what closes an epoch names gateway, epoch, size, root and the next key, and nothing else', () => {
    const root = 'r'.repeat(43);
    const message = text(closeMessage('gw', { ep: 3, size: 10, root }, 'n'.repeat(43)));
    expect(message).toBe(
      `palang-epoch-close/v1\n{"ep":3,"gw":"gw","next":"${'n'.repeat(43)}","root":"${root}","size":10}`,
    );
    expect(text(epochProofMessage('gw', 'k'))).toBe('palang-epoch/v1\ngw\nk');
  });

  it('C50: an opening names nonce, key and reason; one that does not is none', () => {
    const x = {
      nonce: 'n',
      key: 'k'.repeat(43),
      why: 'conflict',
      prev: { ep: 1, size: 0, root: 'r'.repeat(43) },
    };
    expect(decodeEpochOpened(record({ ty: 'epoch.opened', x }))).toEqual(x);
    expect(decodeEpochOpened(record({ ty: 'boot', x }))).toBeNull();
    expect(decodeEpochOpened(record({ ty: 'epoch.opened', x: { ...x, why: 'whim' } }))).toBeNull();
    expect(decodeEpochOpened(record({ ty: 'epoch.opened', x: { ...x, prev: { ep: 1 } } }))).toBeNull();
  });

  it('C51: a reclaimed record gives back its original, byte for byte', () => {
    const original = record({ x: { a: 'é', n: [1, null, true] } });
    expect(decodeReclaimed(sha256, wrap(original))).toEqual({
      ok: true,
      value: {
        record: original,
        text: text(encodeRecord(original)),
        hash: recordHash(sha256, encodeRecord(original)),
      },
    });
  });

  it('C51: another hash, another gateway, a later epoch, no record, or a reclaimed one inside is none', () => {
    const original = record();
    expect(decodeReclaimed(sha256, wrap(original, { hash: NO_PREVIOUS_HASH }))).toMatchObject({
      error: 'hash-differs',
    });
    expect(decodeReclaimed(sha256, wrap(record({ gw: 'lain' })))).toMatchObject({ error: 'another-journal' });
    expect(decodeReclaimed(sha256, wrap(record({ ep: 2 })))).toMatchObject({ error: 'another-journal' });
    expect(decodeReclaimed(sha256, wrap(wrap(original)))).toMatchObject({ error: 'not-reclaimed' });
    expect(decodeReclaimed(sha256, wrap(original, { orig: '{}' }))).toMatchObject({ error: 'not-reclaimed' });
    const spaced = `${text(encodeRecord(original))} `;
    const hash = recordHash(sha256, utf8(spaced));
    expect(decodeReclaimed(sha256, wrap(original, { orig: spaced, hash }))).toMatchObject({
      error: 'not-reclaimed',
    });
    expect(decodeReclaimed(sha256, original)).toMatchObject({ error: 'not-reclaimed' });
  });
});
