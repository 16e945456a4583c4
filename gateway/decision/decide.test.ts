import { describe, expect, it } from 'vitest';
import { asEpochMs, type ClockTrust } from '#contract/clock';
import { CREDENTIAL_STATES } from '#contract/policy';
import { PERMIT_CLASSES, permitAllows, type PermitClaims } from '#contract/permit';
import { MAX_POLICY_AGE_MS, MAX_PRESENTATION_AGE_MS, RULES, decide, type Facts } from './decide.ts';
import type { VerifiedPermit } from './verified-permit.ts';

const HOUR_MS = 3_600_000;
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

const good: Facts = {
  door: DOOR,
  now: asEpochMs(NOW),
  clockTrust: 3,
  isJournalWritable: true,
  presentation: { ageMs: 20, isReaderOnline: true },
  policy: { asOf: asEpochMs(NOW - 60_000), endsAt: asEpochMs(NOW + 24 * HOUR_MS) },
  credential: { cred: CRED, sub: SUB, st: 'active' },
  permits: [permitOf()],
  room: { antiPassback: 'hard', isInside: false, others: 0, capacity: 2 },
};

const MOMENT_AND_PERMIT_RULES = RULES.length - 2;

const reasonOf = (changes: Partial<Facts>): string => {
  const decision = decide({ ...good, ...changes });
  return decision.kind === 'granted' ? 'granted' : decision.reason;
};
const entry = { cred: CRED, sub: SUB, st: 'active' } as const;

describe('decide', () => {
  it('D15: with every rule satisfied the permit is granted and every rule was looked into', () => {
    expect(decide(good)).toEqual({
      kind: 'granted',
      permit: good.permits[0],
      checked: RULES.map(({ reason }) => reason),
      isPassedBack: false,
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

  it('D7: an expired card is refused', () => {
    expect(reasonOf({ credential: { ...entry, st: 'expired' } })).toBe('credential-expired');
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

  it('D11: a permit that has not begun denies, up to its first second', () => {
    expect(reasonOf({ permits: [permitOf({ nbf: NOW / 1000 + 1 })] })).toBe('not-yet-valid');
    expect(reasonOf({ permits: [permitOf({ nbf: NOW / 1000 })] })).toBe('granted');
  });

  it('D12: a permit outside its weekly hours denies', () => {
    // NOW is Thursday 10:00 in Jakarta.
    const week = { days: '12345', from: '07:00', to: '10:00', utc: '+07:00' };
    expect(reasonOf({ permits: [permitOf({ win: [week] })] })).toBe('outside-hours');
    expect(reasonOf({ permits: [permitOf({ win: [{ ...week, to: '10:01' }] })] })).toBe('granted');
  });

  it.each(PERMIT_CLASSES)('D13: class %s outlives the last word of the server by its own limit', (cls) => {
    const permits = [permitOf({ cls })];
    const policyAt = (ageMs: number): Partial<Facts> => ({
      permits,
      policy: { asOf: asEpochMs(NOW - ageMs), endsAt: asEpochMs(NOW + 1) },
    });
    expect(reasonOf(policyAt(MAX_POLICY_AGE_MS[cls]))).toBe('granted');
    expect(reasonOf(policyAt(MAX_POLICY_AGE_MS[cls] + 1))).toBe('policy-stale');
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

  it('D16, D17, D18: over every room the answer is that of the table', () => {
    let seen = 0;
    for (const antiPassback of ['off', 'soft', 'hard'] as const) {
      for (const isInside of [false, true]) {
        for (const capacity of [null, 1, 2]) {
          for (const others of [0, 1, 2, 3]) {
            const decision = decide({ ...good, room: { antiPassback, isInside, others, capacity } });
            const isBarred = antiPassback === 'hard' && isInside;
            const isFull = capacity !== null && others >= capacity;
            const isPassedBack = antiPassback === 'soft' && isInside;
            const reason = isBarred ? 'already-inside' : 'room-full';
            expect(decision).toMatchObject(
              isBarred || isFull ? { kind: 'denied', reason } : { kind: 'granted', isPassedBack },
            );
            const looked = decision.checked.slice(MOMENT_AND_PERMIT_RULES);
            expect(looked).toEqual([
              ...(antiPassback === 'hard' ? ['already-inside'] : []),
              ...(capacity !== null && !isBarred ? ['room-full'] : []),
            ]);
            seen += 1;
          }
        }
      }
    }
    expect(seen).toBe(72);
  });

  it('D16, D17: a card without a permit that reaches learns nothing of the room', () => {
    const room = { antiPassback: 'hard', isInside: true, others: 9, capacity: 1 } as const;
    expect(reasonOf({ room, permits: [] })).toBe('no-permit');
    expect(reasonOf({ room, permits: [permitOf({ exp: NOW / 1000 })] })).toBe('expired');
    expect(reasonOf({ room })).toBe('already-inside');
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
    const rooms = [good.room, { ...good.room, isInside: true }, { ...good.room, others: 2 }];
    let seen = 0;
    const answers = new Set<string>();
    for (const isJournalWritable of [true, false]) {
      for (const ageMs of [0, 5000]) {
        for (const clockTrust of [0, 1, 2, 3] as const) {
          for (const policyAge of [null, ...ages]) {
            for (const st of [null, ...CREDENTIAL_STATES]) {
              for (const [set, room] of permits.flatMap((each) =>
                rooms.map((room) => [each, room] as const),
              )) {
                const policy =
                  policyAge === null
                    ? null
                    : { asOf: asEpochMs(NOW - policyAge), endsAt: asEpochMs(NOW + 1) };
                const credential = st === null ? null : { ...entry, st };
                const presentation = { ageMs, isReaderOnline: true };
                const facts = { ...good, room, isJournalWritable, clockTrust, policy, credential };
                const decision = decide({ ...facts, presentation, permits: set });
                const expected = expectedReason({ ...facts, presentation, permits: set });
                seen += 1;
                expect(decision.kind === 'granted' ? null : decision.reason).toBe(expected);
                expect(decision.checked).toEqual(
                  RULES.slice(0, decision.checked.length).map(({ reason }) => reason),
                );
                const isDenied = decision.kind === 'denied';
                const last = isDenied ? decision.reason : RULES.at(-1)?.reason;
                expect(decision.checked.at(-1)).toBe(last);
                expect(isDenied || decision.checked.length === RULES.length).toBe(true);
                if (isDenied) answers.add(decision.reason);
              }
            }
          }
        }
      }
    }
    expect(seen).toBe(2 * 2 * 4 * 4 * 4 * permits.length * rooms.length);
    expect(answers).toEqual(new Set(RULES.map(({ reason }) => reason)));
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
