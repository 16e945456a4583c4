import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asEpochMs, type ClockTrust } from '#contract/clock';
import { CREDENTIAL_STATES } from '#contract/policy';
import { PERMIT_CLASSES, permitAllows, type PermitClaims } from '#contract/permit';
import {
  CLASS_LIMITS,
  MAX_PRESENTATION_AGE_MS,
  RULES,
  decide,
  type Decision,
  type Facts,
  type RoomFacts,
} from './decide.ts';
import type { VerifiedPermit } from './verified-permit.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW = Date.UTC(2026, 2, 12, 3, 0);
const SUB = `s_${'A'.repeat(22)}`;
const OTHER_SUB = `s_${'B'.repeat(22)}`;
const CRED = `c_${'C'.repeat(43)}`;
const DOOR = 'ruang-server';

const permitOf = (changes: Partial<PermitClaims> = {}): VerifiedPermit => {
  const claims: PermitClaims = {
    iss: 'palang/site',
    aud: 'site',
    jti: `pm_${'P'.repeat(22)}`,
    rev: 1,
    sub: SUB,
    iat: NOW / 1000 - 7200,
    nbf: NOW / 1000 - 3600,
    exp: NOW / 1000 + 3600,
    cls: 'temp',
    doors: [DOOR],
    cred: [CRED],
    apr: [{ by: OTHER_SUB, at: NOW / 1000, h: 'h'.repeat(43), m: 'session' }],
    req: 'r'.repeat(43),
    ...changes,
  };
  return claims as unknown as VerifiedPermit;
};

const room: RoomFacts = {
  antiPassback: 'hard',
  isInside: false,
  others: 0,
  isEmpty: true,
  capacity: 2,
  company: new Set(),
  isFire: false,
};
const good: Facts = {
  door: DOOR,
  now: asEpochMs(NOW),
  time: { lo: asEpochMs(NOW), hi: NOW },
  clockTrust: 3,
  isJournalWritable: true,
  presentation: { ageMs: 20, isReaderOnline: true },
  isLockedOut: false,
  policy: { asOf: asEpochMs(NOW - 60_000), endsAt: asEpochMs(NOW + 24 * HOUR_MS) },
  credential: { cred: CRED, sub: SUB, st: 'active' },
  isCodeUsed: false,
  pin: 'not-wanted',
  permits: [permitOf()],
  isDenied: () => false,
  usesOf: () => 0,
  holidays: [],
  person: { hasAcknowledged: true, hasOpenEquipment: false },
  overrides: { lockdown: null, isNeighbourShut: null },
  room,
  isTwoPersonDoor: false,
  hasSecondPerson: false,
};

const reasonOf = (changes: Partial<Facts>): string => {
  const decision = decide({ ...good, ...changes });
  return decision.kind === 'granted' ? 'granted' : decision.reason;
};
const grantOf = (changes: Partial<Facts>): Extract<Decision, { kind: 'granted' }> => {
  const decision = decide({ ...good, ...changes });
  if (decision.kind === 'denied') throw new Error(decision.reason);
  return decision;
};
const entry = { cred: CRED, sub: SUB, st: 'active' } as const;
/** Between these it is. */
const between = (lo: number, hi: number) => ({ time: { lo: asEpochMs(lo), hi } });

describe('decide', () => {
  it('D15: with every rule satisfied the permit is granted, and every rule that applies was looked into', () => {
    expect(decide(good)).toEqual({
      kind: 'granted',
      permit: good.permits[0],
      checked: [
        'journal-unavailable',
        'presentation-stale',
        'locked-out',
        'clock-untrusted',
        'policy-stale',
        'unknown-credential',
        'credential-suspended',
        'credential-expired',
        'no-permit',
        'denied-by-notice',
        'wrong-door',
        'expired',
        'not-yet-valid',
        'outside-hours',
        'policy-stale',
        'sop-not-acknowledged',
        'equipment-open',
        'already-inside',
        'room-full',
      ],
      isPassedBack: false,
      isMaybeExpired: false,
      isStale: false,
    });
  });

  it('D1: a journal that cannot be written denies', () => {
    expect(reasonOf({ isJournalWritable: false })).toBe('journal-unavailable');
  });

  it.each([
    [0, true, 'granted'],
    [MAX_PRESENTATION_AGE_MS, true, 'granted'],
    [MAX_PRESENTATION_AGE_MS + 1, true, 'presentation-stale'],
    [-1, true, 'presentation-stale'],
    [Number.NaN, true, 'presentation-stale'],
    [20, false, 'presentation-stale'],
  ])('D2: a presentation %d ms old, reader online %s: %s', (ageMs, isReaderOnline, expected) => {
    expect(reasonOf({ presentation: { ageMs, isReaderOnline } })).toBe(expected);
  });

  it.each([
    [0, 'clock-untrusted'],
    [1, 'granted'],
    [2, 'granted'],
    [3, 'granted'],
  ] as const)('D3: clock trust %d: %s', (clockTrust: ClockTrust, expected) => {
    expect(reasonOf({ clockTrust })).toBe(expected);
  });

  it.each(PERMIT_CLASSES)(
    'D3, D24: without a clock class %s is let in only where it is for that day',
    (cls) => {
      const unknown = { clockTrust: 0, ...between(NOW - HOUR_MS / 2, Number.POSITIVE_INFINITY) } as const;
      const permits = [permitOf({ cls }), permitOf({ jti: `pm_${'Q'.repeat(22)}`, cls: 'temp' })];
      const expected = cls === 'glass' ? 'granted' : 'clock-untrusted';
      expect(reasonOf({ ...unknown, permits, hasSecondPerson: true })).toBe(expected);
      // 1970: the permit has not begun for all that is known.
      const epoch = { clockTrust: 0, ...between(0, Number.POSITIVE_INFINITY) } as const;
      expect(reasonOf({ ...epoch, permits, hasSecondPerson: true })).not.toBe('granted');
    },
  );

  it('D4: without orders the answer blames the orders and not the card', () => {
    expect(reasonOf({ policy: null, credential: null, permits: [] })).toBe('policy-stale');
  });

  it('D4: at the end of the manifest nothing is allowed any more', () => {
    const policy = { asOf: asEpochMs(NOW), endsAt: asEpochMs(NOW) };
    expect(reasonOf({ policy })).toBe('policy-stale');
    expect(reasonOf({ policy: { ...policy, endsAt: asEpochMs(NOW + 1) } })).toBe('granted');
  });

  it('D5: a card that the directory does not know is refused', () => {
    expect(reasonOf({ credential: null })).toBe('unknown-credential');
  });

  it('D6: a suspended card is refused whatever its permit says', () => {
    expect(reasonOf({ credential: { ...entry, st: 'suspended' } })).toBe('credential-suspended');
  });

  it('D7: an expired card, one lent until now, and a code that was used are refused', () => {
    expect(reasonOf({ credential: { ...entry, st: 'expired' } })).toBe('credential-expired');
    expect(reasonOf({ credential: { ...entry, exp: NOW / 1000 } })).toBe('credential-expired');
    expect(reasonOf({ credential: { ...entry, exp: NOW / 1000 + 1 } })).toBe('granted');
    expect(reasonOf({ isCodeUsed: true })).toBe('credential-expired');
  });

  it('D8: a permit of another person or another card is none', () => {
    expect(reasonOf({ permits: [] })).toBe('no-permit');
    expect(reasonOf({ permits: [permitOf({ sub: OTHER_SUB })] })).toBe('no-permit');
    expect(reasonOf({ permits: [permitOf({ cred: [`c_${'D'.repeat(43)}`] })] })).toBe('no-permit');
  });

  it('D9: a permit for another door is refused here', () => {
    expect(reasonOf({ permits: [permitOf({ doors: ['gudang'] })] })).toBe('wrong-door');
  });

  it('D10: an expired permit denies, from its last second on', () => {
    expect(reasonOf({ permits: [permitOf({ exp: NOW / 1000 })] })).toBe('expired');
    expect(reasonOf({ permits: [permitOf({ exp: NOW / 1000 + 1 })] })).toBe('granted');
  });

  it.each(PERMIT_CLASSES)('D20: class %s in doubt over its end', (cls) => {
    const permits = [permitOf({ cls, exp: NOW / 1000 })];
    const doubt = { permits, hasSecondPerson: true, ...between(NOW - 1000, NOW + 1000) };
    const outlives = cls === 'staff' || cls === 'glass';
    expect(decide({ ...good, ...doubt })).toMatchObject(
      outlives ? { kind: 'granted', isMaybeExpired: true } : { kind: 'denied', reason: 'expired' },
    );
    expect(reasonOf({ ...doubt, ...between(NOW, NOW + 1000) })).toBe('expired');
    expect(grantOf({ ...doubt, ...between(NOW - 2000, NOW - 1) }).isMaybeExpired).toBe(false);
  });

  it('D11: a permit that has not begun denies, up to its first second, and in doubt as well', () => {
    expect(reasonOf({ permits: [permitOf({ nbf: NOW / 1000 + 1 })] })).toBe('not-yet-valid');
    expect(reasonOf({ permits: [permitOf({ nbf: NOW / 1000 })] })).toBe('granted');
    for (const cls of PERMIT_CLASSES) {
      const doubt = { permits: [permitOf({ cls, nbf: NOW / 1000 })], ...between(NOW - 1, NOW + 5) };
      expect(reasonOf(doubt)).toBe('not-yet-valid');
    }
  });

  it('D12: a permit outside its weekly hours denies', () => {
    // NOW is Thursday 10:00 in Jakarta.
    const week = { days: '12345', from: '07:00', to: '10:00', utc: '+07:00' };
    expect(reasonOf({ permits: [permitOf({ win: [week] })] })).toBe('outside-hours');
    expect(reasonOf({ permits: [permitOf({ win: [{ ...week, to: '10:01' }] })] })).toBe('granted');
  });

  it('D38: a permit whose end is in doubt keeps its hours and its holidays', () => {
    const late = { ...between(NOW - 60_000, NOW + 60_000), holidays: ['2026-03-12'] };
    const until = (win: PermitClaims['win'], hol = false) => [
      permitOf({ cls: 'staff', exp: NOW / 1000, ...(win !== undefined && { win }), hol }),
    ];
    const morning = [{ days: '1234567', from: '07:00', to: '09:00', utc: '+07:00' }];
    const day = [{ days: '1234567', from: '07:00', to: '17:00', utc: '+07:00' }];
    expect(reasonOf({ ...late, permits: until(morning, true) })).toBe('outside-hours');
    expect(reasonOf({ ...late, permits: until(day) })).toBe('holiday');
    expect(grantOf({ ...late, permits: until(day, true) }).isMaybeExpired).toBe(true);
    expect(grantOf({ ...late, permits: until(undefined) }).isMaybeExpired).toBe(true);
  });

  it('D26: on a holiday weekly hours do not count, an approved single visit does', () => {
    const win = [{ days: '12345', from: '07:00', to: '17:00', utc: '+07:00' }];
    const holidays = ['2026-03-12'];
    expect(reasonOf({ permits: [permitOf({ win })], holidays })).toBe('holiday');
    expect(reasonOf({ permits: [permitOf({ win, hol: true })], holidays })).toBe('granted');
    expect(reasonOf({ permits: [permitOf({ win })], holidays: ['2026-03-13'] })).toBe('granted');
    expect(reasonOf({ holidays })).toBe('granted');
  });

  it.each(PERMIT_CLASSES)('D13: class %s outlives the last word of the server by its own limit', (cls) => {
    const permits = [permitOf({ cls })];
    const policyAt = (ageMs: number): Partial<Facts> => ({
      permits,
      hasSecondPerson: true,
      policy: { asOf: asEpochMs(NOW - ageMs), endsAt: asEpochMs(NOW + 1) },
    });
    const { hardMs, softMs } = CLASS_LIMITS[cls];
    expect(reasonOf(policyAt(hardMs))).toBe('granted');
    expect(reasonOf(policyAt(hardMs + 1))).toBe('policy-stale');
    // A clock that may be ahead makes the orders older.
    expect(reasonOf({ ...policyAt(hardMs), ...between(NOW, NOW + 1) })).toBe('policy-stale');
    expect(grantOf(policyAt(softMs ?? hardMs)).isStale).toBe(false);
    expect(grantOf(policyAt(hardMs)).isStale).toBe(softMs !== null);
  });

  it('D13: the limits are those of the design', () => {
    expect(Object.entries(CLASS_LIMITS).map(([cls, { hardMs }]) => [cls, hardMs / DAY_MS])).toEqual([
      ['strict', 1 / 6],
      ['temp', 3],
      ['staff', 30],
      ['glass', 45],
    ]);
  });

  it('D14: of several permits the one that allows is found in any order', () => {
    const allowing = permitOf({ jti: `pm_${'Z'.repeat(22)}` });
    const others = [
      permitOf({ doors: ['gudang'] }),
      permitOf({ exp: NOW / 1000 - 1 }),
      permitOf({ nbf: NOW / 1000 + 1 }),
      permitOf({ sub: OTHER_SUB }),
    ];
    for (let at = 0; at <= others.length; at++) {
      const decision = decide({ ...good, permits: others.toSpliced(at, 0, allowing) });
      expect(decision).toMatchObject({ kind: 'granted', permit: allowing });
    }
  });

  it('D14: a denial names the permit that came furthest, tomorrow before yesterday', () => {
    const yesterday = permitOf({ jti: `pm_${'Y'.repeat(22)}`, exp: NOW / 1000 - 1 });
    const tomorrow = permitOf({ jti: `pm_${'T'.repeat(22)}`, nbf: NOW / 1000 + 60 });
    const elsewhere = permitOf({ jti: `pm_${'E'.repeat(22)}`, doors: ['gudang'] });
    for (const permits of [
      [yesterday, tomorrow, elsewhere],
      [elsewhere, tomorrow, yesterday],
    ]) {
      expect(decide({ ...good, permits })).toMatchObject({ reason: 'not-yet-valid', permit: tomorrow });
    }
    expect(decide({ ...good, permits: [elsewhere, yesterday] })).toMatchObject({
      reason: 'expired',
      permit: yesterday,
    });
  });

  it('D16, D17, D18, D33: over every room the answer is that of the table', () => {
    let seen = 0;
    for (const antiPassback of ['off', 'soft', 'hard'] as const) {
      for (const isInside of [false, true]) {
        for (const isFire of [false, true]) {
          for (const capacity of [null, 1, 2, 4]) {
            for (const others of [0, 1, 2, 3]) {
              for (const heads of [1, 2]) {
                const decision = decide({
                  ...good,
                  permits: [permitOf({ heads })],
                  room: { ...room, antiPassback, isInside, others, capacity, isFire },
                });
                const isBarred = antiPassback === 'hard' && isInside && !isFire;
                const isFull = capacity !== null && others + heads > capacity;
                const isPassedBack = antiPassback === 'soft' && isInside;
                const reason = isBarred ? 'already-inside' : 'room-full';
                expect(decision).toMatchObject(
                  isBarred || isFull ? { kind: 'denied', reason } : { kind: 'granted', isPassedBack },
                );
                const looked = decision.checked.slice(decision.checked.indexOf('equipment-open') + 1);
                expect(looked).toEqual([
                  ...(antiPassback === 'hard' && !isFire ? ['already-inside'] : []),
                  ...(capacity !== null && !isBarred ? ['room-full'] : []),
                ]);
                seen += 1;
              }
            }
          }
        }
      }
    }
    expect(seen).toBe(3 * 2 * 2 * 4 * 4 * 2);
  });

  it('D16, D17: a card without a permit that reaches learns nothing of the room', () => {
    const full = { ...room, isInside: true, others: 9, capacity: 1 };
    expect(reasonOf({ room: full, permits: [] })).toBe('no-permit');
    expect(reasonOf({ room: full, permits: [permitOf({ exp: NOW / 1000 })] })).toBe('expired');
    expect(reasonOf({ room: full })).toBe('already-inside');
  });

  it('D19: who is locked out learns nothing more, whatever the card', () => {
    for (const credential of [null, entry, { ...entry, st: 'suspended' as const }]) {
      expect(reasonOf({ isLockedOut: true, credential })).toBe('locked-out');
    }
  });

  it.each([
    ['not-wanted', 'granted'],
    ['missing', 'pin-required'],
    ['wrong', 'wrong-pin'],
    ['right', 'granted'],
  ] as const)('D21, D22: a PIN that is %s: %s', (pin, expected) => {
    expect(reasonOf({ pin })).toBe(expected);
    expect(grantOf({}).checked).not.toContain('wrong-pin');
    // Who found a card learns nothing of its permits without the PIN.
    const isPinFault = expected !== 'granted';
    expect(reasonOf({ pin, permits: [] })).toBe(isPinFault ? expected : 'no-permit');
  });

  it('D23: a notice takes a right away though the manifest still lists it', () => {
    const denied = permitOf({ jti: `pm_${'D'.repeat(22)}` });
    const isDenied = ({ jti }: VerifiedPermit): boolean => jti === denied.jti;
    expect(reasonOf({ permits: [denied], isDenied })).toBe('denied-by-notice');
    expect(reasonOf({ permits: [denied, permitOf()], isDenied })).toBe('granted');
  });

  it.each([
    [0, 'granted'],
    [1, 'granted'],
    [2, 'expired'],
    [3, 'expired'],
  ])('D25: of two uses %d are spent: %s', (spent, expected) => {
    const permits = [permitOf({ uses: 2 })];
    expect(reasonOf({ permits, usesOf: () => spent })).toBe(expected);
    expect(reasonOf({ usesOf: () => spent })).toBe('granted');
  });

  it('D27, D28: an SOP that was not acknowledged and equipment that is open deny, but for broken glass', () => {
    const person = { hasAcknowledged: false, hasOpenEquipment: false };
    expect(reasonOf({ person })).toBe('sop-not-acknowledged');
    expect(reasonOf({ person: { hasAcknowledged: true, hasOpenEquipment: true } })).toBe('equipment-open');
    const permits = [permitOf({ cls: 'glass' })];
    expect(reasonOf({ person, permits, hasSecondPerson: true })).toBe('granted');
  });

  it('D29: a lockdown beats every permit but those of whom it names', () => {
    const lockdown = { allow: [OTHER_SUB] };
    const overrides = { lockdown, isNeighbourShut: null };
    for (const cls of PERMIT_CLASSES) {
      expect(reasonOf({ overrides, permits: [permitOf({ cls })], hasSecondPerson: true })).toBe('lockdown');
    }
    expect(reasonOf({ overrides: { ...overrides, lockdown: { allow: [SUB] } } })).toBe('granted');
  });

  it.each([
    [null, 'granted'],
    [true, 'granted'],
    [false, 'interlock'],
  ])('D30: the interlocked door seen shut %s: %s', (isNeighbourShut, expected) => {
    expect(reasonOf({ overrides: { lockdown: null, isNeighbourShut } })).toBe(expected);
  });

  it('D31: a visitor enters only where an escort is', () => {
    const permits = [permitOf({ esc: [OTHER_SUB, `s_${'E'.repeat(22)}`] })];
    const company = (...subs: string[]) => ({ room: { ...room, company: new Set(subs) } });
    expect(reasonOf({ permits })).toBe('escort-required');
    expect(reasonOf({ permits, ...company(SUB, `s_${'X'.repeat(22)}`) })).toBe('escort-required');
    expect(reasonOf({ permits, ...company(OTHER_SUB) })).toBe('granted');
  });

  it('D32: over every door and room two people are wanted where one would be alone, for broken glass always', () => {
    for (const isTwoPersonDoor of [false, true]) {
      for (const two of [undefined, true]) {
        for (const isEmpty of [false, true]) {
          for (const cls of PERMIT_CLASSES) {
            for (const hasSecondPerson of [false, true]) {
              const permits = [permitOf({ cls, ...(two === true && { two }) })];
              // One who may be inside takes a place and is no second person.
              const place = { ...room, others: 1, isEmpty };
              const facts = { permits, isTwoPersonDoor, hasSecondPerson, room: place };
              const isWanted = cls === 'glass' || ((isTwoPersonDoor || two === true) && isEmpty);
              expect(reasonOf(facts)).toBe(
                isWanted && !hasSecondPerson ? 'second-person-required' : 'granted',
              );
              const { checked } = decide({ ...good, ...facts });
              expect(checked.includes('second-person-required')).toBe(isWanted);
            }
          }
        }
      }
    }
  });

  it('D15: over every combination of facts the first rule that denies gives the reason', () => {
    const permits = [
      [],
      [permitOf()],
      [permitOf({ sub: OTHER_SUB })],
      [permitOf({ doors: ['gudang'] })],
      [permitOf({ exp: NOW / 1000 })],
      [permitOf({ nbf: NOW / 1000 + 1 })],
      [permitOf({ win: [{ days: '7', from: '00:00', to: '24:00', utc: '+07:00' }] })],
      [permitOf({ cls: 'strict' })],
      [permitOf({ doors: ['gudang'] }), permitOf()],
    ];
    const ages = [0, 5 * HOUR_MS, 100 * HOUR_MS];
    const rooms = [room, { ...room, isInside: true }, { ...room, others: 2 }];
    let seen = 0;
    for (const isJournalWritable of [true, false]) {
      for (const ageMs of [0, 5000]) {
        for (const clockTrust of [0, 1, 2, 3] as const) {
          for (const policyAge of [null, ...ages]) {
            for (const st of [null, ...CREDENTIAL_STATES]) {
              for (const [set, place] of permits.flatMap((each) =>
                rooms.map((where) => [each, where] as const),
              )) {
                const policy =
                  policyAge === null
                    ? null
                    : { asOf: asEpochMs(NOW - policyAge), endsAt: asEpochMs(NOW + 1) };
                const credential = st === null ? null : { ...entry, st };
                const presentation = { ageMs, isReaderOnline: true };
                const facts: Facts = {
                  ...good,
                  room: place,
                  isJournalWritable,
                  clockTrust,
                  policy,
                  credential,
                  presentation,
                  permits: set,
                };
                const decision = decide(facts);
                seen += 1;
                expect(decision.kind === 'granted' ? null : decision.reason).toBe(expectedReason(facts));
              }
            }
          }
        }
      }
    }
    expect(seen).toBe(2 * 2 * 4 * 4 * 4 * permits.length * rooms.length);
  });

  /** Mostly what lets in, so that a grant is not one chance in thousands. */
  const mostly = <T>(usual: T, ...others: readonly T[]) =>
    fc.oneof(
      { weight: 8, arbitrary: fc.constant(usual) },
      { weight: others.length, arbitrary: fc.constantFrom(...others) },
    );
  const facts = fc
    .record({
      permit: fc.record(
        {
          cls: fc.constantFrom(...PERMIT_CLASSES),
          exp: mostly(NOW / 1000 + 3600, NOW / 1000, NOW / 1000 - 60),
          nbf: mostly(NOW / 1000 - 3600, NOW / 1000 + 1),
          uses: fc.constantFrom(1, 3),
          two: fc.constant(true),
          heads: fc.constantFrom(1, 2, 3),
          esc: fc.constantFrom([OTHER_SUB], [`s_${'E'.repeat(22)}`]),
        },
        { requiredKeys: ['cls', 'exp', 'nbf'] },
      ),
      doubt: mostly(0, 1000, Number.POSITIVE_INFINITY),
      spent: fc.nat(3),
      flags: fc.record({
        isLockedOut: mostly(false, true),
        isCodeUsed: mostly(false, true),
        isTwoPersonDoor: fc.boolean(),
        hasSecondPerson: mostly(true, false),
        pin: mostly<Facts['pin']>('right', 'not-wanted', 'missing', 'wrong'),
      }),
      isDenied: mostly(false, true),
      person: fc.record({
        hasAcknowledged: mostly(true, false),
        hasOpenEquipment: mostly(false, true),
      }),
      overrides: fc.record({
        lockdown: mostly<Facts['overrides']['lockdown']>(null, { allow: [] }, { allow: [SUB] }),
        isNeighbourShut: mostly<boolean | null>(null, true, false),
      }),
      place: fc.record({
        antiPassback: mostly<RoomFacts['antiPassback']>('off', 'soft', 'hard'),
        isInside: mostly(false, true),
        others: fc.nat(3),
        isEmpty: fc.boolean(),
        capacity: fc.constantFrom(null, 1, 3),
        company: mostly(new Set([OTHER_SUB]), new Set<string>()),
        isFire: fc.boolean(),
      }),
    })
    .map(({ permit, doubt, spent, flags, isDenied, person, overrides, place }): Facts => ({
      ...good,
      ...flags,
      ...between(NOW - (Number.isFinite(doubt) ? doubt : 0), NOW + doubt),
      permits: [permitOf(permit as unknown as Partial<PermitClaims>)],
      isDenied: () => isDenied,
      usesOf: () => spent,
      person,
      overrides,
      room: place,
    }));

  it('D15: over any facts, what was looked into ends with the reason, in the order of the rules', () => {
    const order = RULES.map(({ reason }) => reason);
    fc.assert(
      fc.property(facts, (each) => {
        const decision = decide(each);
        let from = 0;
        for (const reason of decision.checked) {
          const at = order.indexOf(reason, from);
          expect(at).toBeGreaterThanOrEqual(from);
          from = at + 1;
        }
        const last = decision.kind === 'denied' ? decision.reason : decision.checked.at(-1);
        expect(decision.checked.at(-1)).toBe(last);
      }),
      { seed: 15, numRuns: 2000 },
    );
  });

  it('D29, D30, D31, D32: over any facts nobody is let in against a lockdown, an interlock, without escort or second', () => {
    let granted = 0;
    fc.assert(
      fc.property(facts, (each) => {
        const decision = decide(each);
        if (decision.kind === 'denied') return;
        granted += 1;
        const { permit } = decision;
        const { overrides, room: place, time } = each;
        const faults = {
          lockdown: overrides.lockdown?.allow.includes(SUB) === false,
          interlock: overrides.isNeighbourShut === false,
          escort: permit.esc?.some((sub) => place.company.has(sub)) === false,
          second:
            !each.hasSecondPerson &&
            (permit.cls === 'glass' || ((each.isTwoPersonDoor || permit.two === true) && place.isEmpty)),
          lock: each.isLockedOut || each.isCodeUsed || each.isDenied(permit),
          pin: each.pin === 'missing' || each.pin === 'wrong',
          uses: permit.uses !== undefined && each.usesOf(permit.jti) >= permit.uses,
          ended: time.lo >= permit.exp * 1000 || time.lo < permit.nbf * 1000,
          full: place.capacity !== null && place.others + (permit.heads ?? 1) > place.capacity,
        };
        expect(Object.entries(faults).filter(([, isSo]) => isSo)).toEqual([]);
      }),
      { seed: 29, numRuns: 20_000 },
    );
    expect(granted).toBeGreaterThan(50);
  });
});

/** The same meaning said another way: as nested conditions, and over permits as "is there one". */
function expectedReason(facts: Facts): string | null {
  const { policy, credential } = facts;
  if (!facts.isJournalWritable) return 'journal-unavailable';
  if (facts.presentation.ageMs > 3000) return 'presentation-stale';
  if (facts.clockTrust === 0) return 'clock-untrusted';
  if (policy === null) return 'policy-stale';
  if (credential === null) return 'unknown-credential';
  if (credential.st !== 'active') return `credential-${credential.st}`;
  const own = facts.permits.filter(({ sub }) => sub === credential.sub);
  if (own.length === 0) return 'no-permit';
  const limits = own.map((permit) => permitAllows(permit, facts.door, facts.now));
  const maxAge = (permit: PermitClaims): number =>
    ({ strict: 4, temp: 72, staff: 30 * 24, glass: 45 * 24 })[permit.cls] * HOUR_MS;
  const age = facts.now - policy.asOf;
  if (own.some((permit, index) => limits[index] === null && age <= maxAge(permit))) {
    if (facts.room.isInside) return 'already-inside';
    return facts.room.others > 1 ? 'room-full' : null;
  }
  if (limits.includes(null)) return 'policy-stale';
  return (
    (['outside-hours', 'not-yet-valid', 'expired', 'wrong-door'] as const).find((limit) =>
      limits.includes(limit),
    ) ?? null
  );
}
