import { describe, expect, it } from 'vitest';
import { testKey } from '../../test/contract/test-keys.ts';
import { EVENT_TYPE_NAMES } from './event.ts';
import {
  decodeRecord,
  encodeRecord,
  idSchema,
  journalNoteKey,
  NO_PREVIOUS_HASH,
  siteNoteKey,
  type JournalRecord,
} from './record.ts';

const record: JournalRecord = {
  v: 1,
  gw: 'gw-ruang-server',
  ep: 1,
  sq: 3,
  bt: 1,
  t: 1_763_946_781_123,
  tq: 3,
  mo: 12,
  ty: 'door.closed',
  ph: NO_PREVIOUS_HASH,
  x: {},
};

describe('journal records', () => {
  it('C21: every event of the catalogue can be recorded', () => {
    for (const ty of EVENT_TYPE_NAMES) {
      expect(decodeRecord(encodeRecord({ ...record, ty }))).toEqual({ ok: true, value: { ...record, ty } });
    }
  });

  it('C21: its own facts may nest, but hold no fractions', () => {
    const x = { checked: ['a', 'b'], of: 3, deep: { list: [1, null, true] } };
    expect(decodeRecord(encodeRecord({ ...record, x }))).toEqual({ ok: true, value: { ...record, x } });
    expect(() => encodeRecord({ ...record, x: { afterMs: 0.5 } })).toThrow('number-not-integer');
  });

  it('C21: a field that is absent is left out, never written as nothing', () => {
    expect(() => encodeRecord({ ...record, door: undefined } as unknown as JournalRecord)).toThrow(
      'type-not-allowed',
    );
  });

  it.each(['a', 'gw-1', '0', 'a'.repeat(64)])('C21: %j is a name', (name) => {
    expect(idSchema.safeParse(name).success).toBe(true);
  });

  it.each(['', '-a', 'a-', 'A', 'a/b', 'a.b', 'a b', 'a_b', 'a\n', '../a', '\u00e9', 'a'.repeat(65)])(
    'C21: %j is not a name',
    (name) => {
      expect(idSchema.safeParse(name).success).toBe(false);
    },
  );

  it('C6: each journal and the site log sign under names of their own', () => {
    const { publicKey } = testKey('a');
    const names = [
      journalNoteKey('s', 'gw', 1, publicKey).name,
      journalNoteKey('s', 'gw', 2, publicKey).name,
      journalNoteKey('s', 'gw-2', 1, publicKey).name,
      journalNoteKey('t', 'gw', 1, publicKey).name,
      siteNoteKey('s', publicKey).name,
    ];
    expect(names).toEqual(['s/gw/1', 's/gw/2', 's/gw-2/1', 't/gw/1', 's/site-log']);
  });
});
