import { describe, expect, it } from 'vitest';
import { ROLE_NAMES, type RoleName } from '#contract/api';
import { canonicalText } from '#contract/canonical';
import { asEpochMs } from '#contract/clock';
import { permitClaimsSchema } from '#contract/permit';
import { ACTIONS, mayDo, type Action } from './permissions.ts';
import { draftPermit, requestDraft, type RequestFacts } from './permit-draft.ts';
import { PURPOSES } from './purposes.ts';
import { registerNumber, registerSeries, seriesKey } from './register-number.ts';
import { maySee, type Audience } from './stream-audience.ts';

describe('permissions', () => {
  // Who may do what, role by role: T technician, S supervisor, A auditor, D administrator.
  const EXPECTED: Readonly<Record<Action, string>> = {
    'places.read': 'TSOADP',
    'people.read': 'SOADP',
    'people.write': 'D',
    'credentials.read': 'OAD',
    'credentials.write': 'OD',
    'requests.file': 'TSO',
    'requests.read': 'TSOAD',
    'requests.read.all': 'SOAD',
    'requests.decide': 'S',
    'requests.decide.delegated': 'TSO',
    'requests.verify': 'O',
    'requests.revoke': 'S',
    'visits.desk': 'O',
    'visits.desk.read': 'SOA',
    'visits.close': 'TSO',
    'places.write': 'D',
    'maintenance.write': 'OD',
    'delegations.read': 'SOAD',
    'delegations.write': 'S',
    'visits.read': 'TSOAD',
    'visits.read.all': 'SOAD',
    'events.read': 'TSOAD',
    'events.read.all': 'SOAD',
    'evidence.verify': 'SOAD',
    'evidence.export': 'A',
    'gateways.read': 'SOAD',
    'gateways.write': 'D',
    'rules.read': 'TSOAD',
    'rules.write': 'D',
    'audit-trail.read': 'A',
    'pins.write': 'O',
    'visit-codes.issue': 'TSO',
    'visit-codes.issue.all': 'O',
    'commands.read': 'SOAD',
    'commands.order': 'SO',
    'commands.release': 'S',
    'commands.lockdown': 'S',
    'commands.hold-open': 'SO',
    'commands.attend': 'SO',
    'privacy.read': 'AP',
    'privacy.manage': 'P',
    'privacy.approve': 'S',
    'identity.read': 'OP',
    'settings.read': 'AD',
    'sop.read': 'TSOADP',
    'sop.read.drafts': 'SOAD',
    'sop.read.acknowledgements': 'SOAD',
    'sop.write': 'OD',
    'sop.approve': 'S',
    'sop.acknowledge.for-others': 'O',
    'reviews.read': 'SOAD',
    'reviews.open': 'SD',
    'reviews.decide': 'S',
    'reviews.sign': 'S',
    'reports.read': 'SOAD',
  };
  const letters: Readonly<Record<RoleName, string>> = {
    technician: 'T',
    supervisor: 'S',
    officer: 'O',
    auditor: 'A',
    administrator: 'D',
    'privacy-officer': 'P',
  };

  it.each(ACTIONS)('SD7: %s is for its roles only', (action) => {
    const allowed = ROLE_NAMES.filter((role) => mayDo([role], action)).map((role) => letters[role]);
    expect(allowed.join('')).toBe(EXPECTED[action]);
  });

  it('SD7: somebody without a role may do nothing', () => {
    expect(ACTIONS.filter((action) => mayDo([], action))).toEqual([]);
  });

  it('SD7: an auditor may change nothing', () => {
    const writes = ACTIONS.filter((action) => /write|decide|file|revoke/.test(action));
    expect(writes.filter((action) => mayDo(['auditor'], action))).toEqual([]);
  });
});

describe('live messages', () => {
  const technician = { id: 's_me', roles: ['technician' as const] };
  it.each<[string, Audience, boolean]>([
    ['a door', { kind: 'everybody' }, true],
    ['an event about nobody', { kind: 'event', personId: null }, true],
    ['an event about oneself', { kind: 'event', personId: 's_me' }, true],
    ['a silent alert that oneself gave', { kind: 'silent-alert', personId: 's_me' }, false],
    ['a silent alert of somebody', { kind: 'silent-alert', personId: 's_other' }, false],
    ['an event about somebody else', { kind: 'event', personId: 's_other' }, false],
    ['a request of one’s own', { kind: 'request', requesterId: 's_me' }, true],
    ['a request of somebody else', { kind: 'request', requesterId: 's_other' }, false],
    ['an order at a door', { kind: 'command' }, false],
  ])('SD11: a technician and %s', (_name, audience, expected) => {
    expect(maySee(technician, audience)).toBe(expected);
    expect(maySee({ id: 's_s', roles: ['supervisor'] }, audience)).toBe(true);
  });

  it('SD11: somebody without a role sees nothing but their own request', () => {
    const nobody = { id: 's_me', roles: [] };
    expect(maySee(nobody, { kind: 'everybody' })).toBe(false);
    expect(maySee(nobody, { kind: 'event', personId: 's_me' })).toBe(false);
    expect(maySee(nobody, { kind: 'event', personId: null })).toBe(false);
  });
});

describe('purposes', () => {
  it('SD12: sixteen, each with a code, two names and a longest visit within a permit’s life', () => {
    expect(PURPOSES).toHaveLength(16);
    expect(new Set(PURPOSES.map(({ code }) => code)).size).toBe(16);
    for (const purpose of PURPOSES) {
      expect(purpose.nameId.length * purpose.nameEn.length).toBeGreaterThan(0);
      expect(purpose.maxHours).toBeGreaterThan(0);
      expect(purpose.maxHours).toBeLessThanOrEqual(24);
    }
  });
});

describe('register number', () => {
  it.each([
    ['2026-03-31T16:59:59.999Z', 'Asia/Jakarta', '001/IZIN-RS/03/2026'],
    ['2026-03-31T17:00:00.000Z', 'Asia/Jakarta', '001/IZIN-RS/04/2026'],
    ['2026-12-31T15:00:00.000Z', 'Asia/Jayapura', '001/IZIN-RS/01/2027'],
    ['2026-12-31T15:00:00.000Z', 'Asia/Makassar', '001/IZIN-RS/12/2026'],
  ])('SD6: filed at %s in %s', (at, zone, expected) => {
    expect(registerNumber(registerSeries(asEpochMs(Date.parse(at)), zone), 1)).toBe(expected);
  });

  it('SD6: the ordinal has at least three digits and may have more', () => {
    const series = { year: 2026, month: 3 };
    expect([1, 42, 999, 1000].map((n) => registerNumber(series, n).split('/')[0])).toEqual([
      '001',
      '042',
      '999',
      '1000',
    ]);
    expect(seriesKey(series)).toBe('IZIN-RS/03/2026');
  });
});

describe('permit draft', () => {
  const id = 'A'.repeat(22);
  const request: RequestFacts = {
    id: `rq_${id}`,
    requesterId: `s_${id}`,
    subjectId: `s_${id}`,
    kind: 'single',
    cls: 'temp',
    hours: [],
    isForHolidays: false,
    uses: null,
    needsTwoPersons: false,
    needsEscort: false,
    escortIds: [],
    members: [],
    groupId: null,
    hostId: null,
    equipmentHash: null,
    workOrder: null,
    changeNumber: null,
    risk: null,
    extendsId: null,
    purpose: 'NET-FW',
    description: 'Pembaruan',
    doorId: 'ruang-server',
    from: asEpochMs(1_773_298_800_000),
    until: asEpochMs(1_773_306_000_000),
  };
  // One of each thing that may be asked for beside who, where and when.
  const variants: readonly RequestFacts[] = [
    { ...request, subjectId: `s_${'V'.repeat(22)}` },
    { ...request, kind: 'recurring', hours: [{ days: '15', from: '08:00', to: '10:00', utc: '+07:00' }] },
    { ...request, kind: 'standing', cls: 'staff', isForHolidays: true },
    { ...request, kind: 'standing', cls: 'glass' },
    { ...request, cls: 'strict' },
    { ...request, uses: 3 },
    { ...request, needsTwoPersons: true },
    { ...request, needsEscort: true, escortIds: [`s_${'P'.repeat(22)}`] },
    { ...request, members: [{ name: 'Wayan Contoh', organisation: 'PT Contoh' }], groupId: `g_${id}` },
    { ...request, hostId: `s_${'H'.repeat(22)}` },
    { ...request, equipmentHash: 'F'.repeat(43) },
    { ...request, workOrder: 'SPK-7' },
    { ...request, changeNumber: 'CHG-7' },
    { ...request, risk: 'Layanan dapat terhenti' },
    { ...request, extendsId: `rq_${'Y'.repeat(22)}` },
  ];
  const input = {
    siteId: 'pemda',
    issuer: 'palang/pemda',
    permitId: `pm_${id}`,
    requestHash: 'B'.repeat(43),
    approvals: [{ by: `s_${'C'.repeat(22)}`, at: 1_773_298_700, h: 'D'.repeat(43), m: 'session' as const }],
    now: asEpochMs(1_773_298_700_999),
  };
  const draft = (handles: readonly string[]) => draftPermit({ ...input, request, handles });

  it('SD8: person, door and window are those of the request', () => {
    const permit = draft([`c_${'E'.repeat(43)}`]);
    if (!permit.ok) throw new Error(permit.error);
    expect(permitClaimsSchema.parse(permit.value)).toEqual(permit.value);
    expect(permit.value).toMatchObject({
      sub: request.requesterId,
      doors: ['ruang-server'],
      nbf: 1_773_298_800,
      exp: 1_773_306_000,
      iat: 1_773_298_700,
      cls: 'temp',
      cred: [`c_${'E'.repeat(43)}`],
    });
  });

  it('SD8: without a card there is no permit, and of many cards the newest sixteen count', () => {
    expect(draft([])).toEqual({ ok: false, error: 'no-credential' });
    const many = Array.from({ length: 20 }, (_each, index) => `c_${String(index).padStart(43, 'F')}`);
    const permit = draft(many);
    expect(permit.ok && permit.value.cred).toEqual(many.slice(0, 16));
  });

  it('SD8: every fact of the request changes what is approved', () => {
    const texts = [
      request,
      { ...request, id: `rq_${'Z'.repeat(22)}` },
      { ...request, requesterId: 's_x' },
      { ...request, purpose: 'AUD' },
      { ...request, description: 'Lain' },
      { ...request, doorId: 'lain' },
      { ...request, from: asEpochMs(request.from + 1000) },
      { ...request, until: asEpochMs(request.until + 1000) },
      ...variants,
    ].map((each) => JSON.stringify(requestDraft('pemda', each)));
    texts.push(JSON.stringify(requestDraft('lain', request)));
    expect(new Set(texts).size).toBe(9 + variants.length);
  });

  it('SD31: what is approved holds every claim of the permit under its name, but for the issuer’s own', () => {
    const issuers = ['iss', 'aud', 'jti', 'rev', 'iat', 'cred', 'apr', 'req'];
    for (const each of [request, ...variants]) {
      const permit = draftPermit({ ...input, request: each, handles: [`c_${'E'.repeat(43)}`] });
      if (!permit.ok) throw new Error(permit.error);
      expect(permitClaimsSchema.parse(permit.value)).toEqual(permit.value);
      const approved = requestDraft('pemda', each) as Readonly<Record<string, unknown>>;
      const claims = Object.entries(permit.value).filter(([name]) => !issuers.includes(name));
      for (const [name, value] of claims) expect([name, approved[name]]).toEqual([name, value]);
    }
  });

  it('SD31: what is the same said another way is the same request', () => {
    const all = Object.assign({}, request, ...variants) as typeof request;
    const turned = Object.fromEntries(Object.entries(all).reverse()) as unknown as typeof request;
    const text = (each: typeof request): string => canonicalText(requestDraft('pemda', each));
    expect(text(turned)).toBe(text(all));
  });
});
