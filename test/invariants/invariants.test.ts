import { describe, expect, it } from 'vitest';
import { checkI1, checkI13, checkI7, checkI8, checkI9, type DoorStep, type GrantView } from './check-door.ts';
import { checkL1, checkL2, checkL3, checkL4 } from './check-liveness.ts';
import {
  checkI10,
  checkI11,
  checkI12,
  checkI14,
  checkI15,
  checkI2,
  checkI3,
  checkI4,
  checkI5,
  checkI6,
  headWord,
  type JournalFileView,
} from './check-log.ts';
import { NOTHING_BEFORE, plainCanonical, plainLeaf, plainRoot } from './plain-log.ts';

const LOG = 'gw-uji/1';

function makeTexts(changes: Readonly<Record<number, object>> = {}): readonly string[] {
  let ph = NOTHING_BEFORE;
  return [0, 1, 2, 3].map((sq) => {
    const text = plainCanonical({
      v: 1,
      gw: 'gw-uji',
      ep: 1,
      sq,
      bt: sq < 2 ? 1 : 2,
      t: 1000 + sq,
      mo: sq % 2,
      ph,
      ...changes[sq],
    });
    ph = plainLeaf(text);
    return text;
  });
}

const texts = makeTexts();
const leaves = texts.map(plainLeaf);
const headAt = (size: number) => ({ log: LOG, size, head: leaves[size - 1] ?? NOTHING_BEFORE });
const what = (found: readonly { readonly what: string }[]): readonly string[] =>
  found.map((each) => each.what);

describe('invariants of the door', () => {
  const durable: DoorStep = { kind: 'durable', place: '1/4', ty: 'access.granted', isOutward: false };
  const pulse = { kind: 'pulse', place: '1/4', isOutward: false, isJournalWritable: true } as const;

  it('I1: a pulse after its durable record holds, and one who leaves while nothing can be written', () => {
    const leaving = { ...pulse, place: null, isOutward: true, isJournalWritable: false };
    expect(checkI1([durable, pulse, leaving])).toEqual([]);
  });

  it('I1: a pulse before its record, on a denial, or of an unrecorded entry is found', () => {
    const denied: DoorStep = { ...durable, ty: 'access.denied' };
    const entry = { ...pulse, place: null, isJournalWritable: false };
    const needless = { ...pulse, place: null, isOutward: true };
    expect(checkI1([pulse, durable])).toHaveLength(1);
    expect(checkI1([denied, pulse])).toHaveLength(1);
    expect(checkI1([entry])).toHaveLength(1);
    expect(checkI1([needless])).toHaveLength(1);
  });

  it('I7: rising versions and floors hold, a new root starts the count again, and any fall is found', () => {
    const at = (rootV: number, v: number, floorMs = 0, mh = `${rootV}${v}`) => ({ rootV, v, mh, floorMs });
    expect(checkI7('gw', [at(1, 1), at(1, 2, 5), at(1, 2, 5), at(2, 1, 5)])).toEqual([]);
    expect(checkI7('gw', [at(1, 2), at(1, 1)])).toHaveLength(1);
    expect(checkI7('gw', [at(2, 1), at(1, 9)])).toHaveLength(1);
    expect(checkI7('gw', [at(1, 1, 5), at(1, 1, 4)])).toHaveLength(1);
    expect(checkI7('gw', [at(1, 1), at(1, 1, 0, 'other')])).toHaveLength(1);
  });

  const grant: GrantView = {
    place: '1/4',
    door: 'ruang-server',
    fromMs: 1000,
    untilMs: 1000,
    permit: { cls: 'temp', doors: ['ruang-server'], nbfMs: 0, expMs: 5000, uses: 1 },
    isMember: true,
    asOfMs: 0,
    usedBefore: 0,
  };

  it('I8: a grant within its right holds', () => {
    expect(checkI8([grant])).toEqual([]);
    // A staff permit outlives doubt.
    const staff = { ...grant, permit: grant.permit && { ...grant.permit, cls: 'staff' as const } };
    expect(checkI8([{ ...staff, untilMs: 9000 }])).toEqual([]);
  });

  it('I8: a grant beyond its right is found, whatever it lacks', () => {
    const { permit } = grant;
    if (permit === null) throw new Error('the grant of this test has a permit');
    const wrong: readonly Partial<GrantView>[] = [
      { permit: null },
      { isMember: false },
      { door: 'gudang' },
      { fromMs: -1 },
      { untilMs: 5000 },
      { usedBefore: 1 },
      { permit: { ...permit, expMs: 1e12 }, untilMs: 73 * 3_600_000 },
    ];
    for (const change of wrong) expect(checkI8([{ ...grant, ...change }])).toHaveLength(1);
  });

  it('I9: what was not delivered ends with its class, what was delivered at once', () => {
    const revoked = {
      place: '1/4',
      isDelivered: false,
      cls: 'strict',
      grantedMs: 0,
      asOfMs: 0,
      doubtMs: 0,
    } as const;
    expect(checkI9([revoked])).toEqual([]);
    expect(checkI9([{ ...revoked, isDelivered: true }])).toHaveLength(1);
    expect(checkI9([{ ...revoked, grantedMs: 4 * 3_600_000 + 1 }])).toHaveLength(1);
  });

  it('I13: locking after somebody left holds, and locking meanwhile is found', () => {
    const view = { door: 'ruang-server', leaving: [{ fromMs: 0, untilMs: 5000 }] };
    const commands = [
      { kind: 'pulse', atMs: 1 },
      { kind: 'secure', atMs: 5000 },
    ] as const;
    expect(checkI13({ ...view, commands })).toEqual([]);
    expect(checkI13({ ...view, commands: [{ kind: 'secure', atMs: 4999 }] })).toHaveLength(1);
  });
});

describe('invariants of the evidence', () => {
  it('I2: what is kept is stored and what is gone is counted; either lacking is found', () => {
    const kept = new Map(leaves.map((hash, sq) => [hash, `${LOG}/${sq}`]));
    const stored = new Set(leaves);
    expect(checkI2({ kept, stored, gone: ['x'], told: 1 })).toEqual([]);
    expect(checkI2({ kept, stored, gone: ['x'], told: null })).toEqual([]);
    expect(checkI2({ kept, stored, gone: ['x'], told: 0 })).toHaveLength(1);
    expect(checkI2({ kept, stored: new Set(leaves.slice(1)), gone: [], told: 0 })).toHaveLength(1);
  });

  it('I3: a dense linked log holds; a gap, a double, a foreign link and a foreign record are found', () => {
    expect(checkI3({ log: LOG, texts })).toEqual([]);
    const [a = '', b = '', c = ''] = texts;
    expect(checkI3({ log: LOG, texts: [a, c] })).not.toEqual([]);
    expect(checkI3({ log: LOG, texts: [a, b, b] })).not.toEqual([]);
    expect(what(checkI3({ log: LOG, texts: makeTexts({ 1: { ph: 'B'.repeat(43) } }) }))).toEqual([
      'it is linked to another record',
    ]);
    expect(checkI3({ log: 'gw-lain/1', texts: [a] })).toHaveLength(1);
  });

  it('I4: prefixes of one log hold; a fork is found at the same size and at another', () => {
    const root = plainRoot(leaves);
    const view = { log: LOG, leafHashes: leaves };
    const prefix = { size: 2, root: plainRoot(leaves.slice(0, 2)) };
    expect(checkI4({ ...view, checkpoints: [prefix, { size: 4, root }, prefix] })).toEqual([]);
    const forked = plainRoot([...leaves.slice(0, 3), 'A'.repeat(43)]);
    expect(
      checkI4({
        ...view,
        checkpoints: [
          { size: 4, root },
          { size: 4, root: forked },
        ],
      }),
    ).toHaveLength(1);
    expect(checkI4({ ...view, checkpoints: [{ size: 3, root: forked }] })).toHaveLength(1);
    expect(checkI4({ ...view, checkpoints: [{ size: 5, root }] })).toHaveLength(1);
  });

  it('I5: a head that the gateway had holds, and one that it never had is found', () => {
    const had = new Set([headWord(headAt(3))]);
    expect(checkI5([headAt(3), headAt(0)], had)).toEqual([]);
    expect(checkI5([headAt(2)], had)).toHaveLength(1);
  });

  it('I6: an acknowledgement with its own hash that the server held is one; by number alone it is found', () => {
    const serverHad = new Set([headWord(headAt(3))]);
    expect(checkI6(headAt(3), leaves[2] ?? null, serverHad)).toEqual([]);
    expect(checkI6(headAt(0), null, serverHad)).toEqual([]);
    expect(checkI6(headAt(3), leaves[1] ?? null, serverHad)).toHaveLength(1);
    expect(checkI6(headAt(2), leaves[1] ?? null, serverHad)).toHaveLength(1);
  });

  it('I10: stamps above the floor and rising counters hold; a fall of any of them is found', () => {
    expect(checkI10({ log: LOG, texts }, [1000, 1000, 1000, 1000])).toEqual([]);
    expect(checkI10({ log: LOG, texts }, [1001])).toHaveLength(1);
    expect(checkI10({ log: LOG, texts: makeTexts({ 3: { bt: 1 } }) })).toHaveLength(1);
    expect(checkI10({ log: LOG, texts: makeTexts({ 3: { mo: -1 } }) })).toHaveLength(1);
  });

  it('I11: an erasure that is recorded and moves no root holds; anything else is found', () => {
    const view = { rootBefore: 'r', rootAfter: 'r', unopenable: ['a'], recorded: ['a'] };
    expect(checkI11(LOG, view)).toEqual([]);
    expect(checkI11(LOG, { ...view, rootAfter: 's' })).toHaveLength(1);
    expect(checkI11(LOG, { ...view, recorded: [] })).toHaveLength(1);
    expect(checkI11(LOG, { ...view, unopenable: [] })).toHaveLength(1);
  });

  it('I12: texts without a personal value hold, and one that holds it is found', () => {
    expect(checkI12(['Nama Kenari'], [['record', texts[0] ?? '']])).toEqual([]);
    expect(checkI12(['Nama Kenari'], [['log', 'masuk: Nama Kenari']])).toHaveLength(1);
  });

  const file: JournalFileView = {
    log: LOG,
    headSize: 4,
    recordCount: 4,
    frontierRoot: 'r',
    recordsRoot: 'r',
    commitments: ['1/sub'],
    openings: ['1/sub', '0/cred'],
    intents: [3],
    grantsWithoutOutcome: [3],
    usesCounted: { pm_a: 1 },
    usesRecorded: { pm_a: 1 },
  };

  it('I14: a file whose parts moved together holds, and each part that stayed behind is found', () => {
    expect(checkI14(file)).toEqual([]);
    const wrong: readonly Partial<JournalFileView>[] = [
      { headSize: 3 },
      { frontierRoot: 's' },
      { openings: [] },
      { intents: [] },
      { usesCounted: {} },
    ];
    for (const change of wrong) expect(checkI14({ ...file, ...change })).toHaveLength(1);
  });

  it('I15: canonical texts hold; another order, space or escape of the same value is found', () => {
    expect(checkI15({ log: LOG, texts })).toEqual([]);
    for (const text of ['{"b":1,"a":2}', '{"a": 1}', '{"a":"\\u0061"}', '{"a":1.0}']) {
      expect(checkI15({ log: LOG, texts: [text] })).toHaveLength(1);
    }
  });
});

describe('liveness', () => {
  it('L1: what is at the server in time holds, and what is late or missing is found', () => {
    const done = { where: '1/0', sinceMs: 0, doneMs: 10 };
    expect(checkL1([done, { ...done, sinceMs: 95, doneMs: null }], 100, 10)).toEqual([]);
    expect(checkL1([{ ...done, doneMs: 11 }], 100, 10)).toHaveLength(1);
    expect(checkL1([{ ...done, doneMs: null }], 100, 10)).toHaveLength(1);
  });

  it('L2: the newest orders in force hold, and older or none are found', () => {
    expect(checkL2(4, [{ where: 'gw-1', v: 4 }])).toEqual([]);
    expect(
      checkL2(4, [
        { where: 'gw-1', v: 3 },
        { where: 'gw-2', v: null },
      ]),
    ).toHaveLength(2);
  });

  it('L3: a log under a second signature to its end holds, and one that is not is found', () => {
    expect(checkL3([{ log: LOG, size: 4, cosignedSize: 4 }])).toEqual([]);
    expect(checkL3([{ log: LOG, size: 4, cosignedSize: 3 }])).toHaveLength(1);
  });

  it('L4: a card answered within two seconds holds, and one that is not is found', () => {
    expect(checkL4([{ where: 'card', sinceMs: 0, doneMs: 2000 }], 5000)).toEqual([]);
    expect(checkL4([{ where: 'card', sinceMs: 0, doneMs: null }], 5000)).toHaveLength(1);
  });
});
