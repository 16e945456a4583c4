import { createPublicKey } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { asEpochMs } from '#contract/clock';
import type { SiteRules } from '#contract/door-rules';
import type { PermitClaims } from '#contract/permit';
import { derivePin, type DeriveKey, type PinVerifier } from '#contract/pin';
import type { DirectoryClaims, ManifestClaims } from '#contract/policy';
import type { DoorConfig } from '../../gateway/config.ts';
import { deriveKey } from '../../gateway/crypto-ports.ts';
import type { NewRecord } from '../../gateway/journal/journal.ts';
import { openEntryDesk } from '../../gateway/loop/entry-desk.ts';
import { createPolicyIndex } from '../../gateway/permits/policy-index.ts';
import { NOBODY } from '../../gateway/presence/presence.ts';
import { DoorBench, RELEASE_MS, type Written } from './gateway-door-bench.ts';
import {
  BUDI,
  CARD,
  createFakeClock,
  DOOR,
  hmacSha256,
  OTHER_CARD,
  SARI,
  silentLog,
  SITE,
  START_MS,
  TestSite,
  until,
} from './gateway-world.ts';

const site = new TestSite();
const THIRD_CARD = 'em:00000000CC';
const TONO = `s_${'T'.repeat(22)}`;
const [cred, otherCred, thirdCred] = [CARD, OTHER_CARD, THIRD_CARD].map((card) => site.handleOf(card)) as [
  string,
  string,
  string,
];
const PIN = '481573';
const DURESS = '902614';
const OTHER_PIN = '30728';
const ALWAYS = [{ days: '1234567', from: '00:00', to: '24:00', utc: '+07:00' }];
const PRESENCE = { antiPassback: 'soft', forgiveMs: 43_200_000, overstayGraceMs: 900_000 } as const;

const sari = (changes: Partial<PermitClaims> = {}) => site.permit({ cred: [cred], ...changes });
const budi = (changes: Partial<PermitClaims> = {}) =>
  site.permit({ jti: `pm_${'Q'.repeat(22)}`, sub: BUDI, cred: [otherCred], ...changes });
const tono = (changes: Partial<PermitClaims> = {}) =>
  site.permit({ jti: `pm_${'T'.repeat(22)}`, sub: TONO, cred: [thirdCred], ...changes });
const allCards: DirectoryClaims['creds'] = [
  { cred, sub: SARI, st: 'active' },
  { cred: otherCred, sub: BUDI, st: 'active' },
  { cred: thirdCred, sub: TONO, st: 'active' },
];

let verifiers: { readonly pin: PinVerifier; readonly du: PinVerifier };
let otherVerifier: PinVerifier;
beforeAll(async () => {
  const keyed = (message: Uint8Array): Uint8Array => hmacSha256(site.pepper, message);
  const verifierOf = async (handle: string, pin: string): Promise<PinVerifier> => {
    const salt = hmacSha256(utf8(pin), utf8(handle)).slice(0, 16);
    const key = await derivePin(keyed, deriveKey, handle, pin, salt);
    return { s: encodeBase64Url(salt), h: encodeBase64Url(key) };
  };
  verifiers = { pin: await verifierOf(cred, PIN), du: await verifierOf(cred, DURESS) };
  otherVerifier = await verifierOf(otherCred, OTHER_PIN);
});

let bench: DoorBench;
afterEach(() => bench.close());

async function open(
  orders: {
    readonly permits?: readonly PermitClaims[];
    readonly creds?: DirectoryClaims['creds'];
    readonly rules?: SiteRules['doors'][string];
    readonly holidays?: readonly string[];
  },
  config: Partial<DoorConfig> = {},
): Promise<number> {
  bench = await DoorBench.open(
    site,
    site.policy({
      permits: orders.permits ?? [sari(), budi(), tono()],
      creds: orders.creds ?? allCards,
      directory: {
        rules: { holidays: [...(orders.holidays ?? [])], sop: [], doors: { [DOOR]: orders.rules ?? {} } },
      },
    }),
  );
  if (Object.keys(config).length > 0) await bench.restart(() => undefined, config);
  return bench.journal.size();
}

async function key(digits: string): Promise<void> {
  for (const digit of digits) {
    bench.simulated.pressKey(digit as '0');
    await bench.pass(150);
  }
}

/** Ends an entry and waits for what comes of it on another thread. */
async function enterAndAwait(from: number, count: number): Promise<void> {
  bench.simulated.pressKey('enter');
  await bench.pass(150);
  await until(() => bench.typesFrom(from).length >= count);
  await bench.pass(300);
}

/** Goes in and lets the leaf fall shut. */
async function passThrough(): Promise<void> {
  expect(bench.simulated.pushDoor()).toBe(true);
  await bench.pass(300);
  bench.simulated.closeDoor();
  await bench.pass(RELEASE_MS + 2500);
}

const answersFrom = (from: number): readonly string[] =>
  bench.typesFrom(from).filter((type) => /^access\.(granted|denied)/.test(type));
const released = (): number => bench.edges().filter(({ isReleased }) => isReleased).length;
const valueOf = (sq: number, field: string): string | undefined =>
  bench.journal.readBatch(sq)?.openings.find((opening) => opening.sq === sq && opening.field === field)
    ?.value;
const first = (from: number, ty: string): Written => {
  const found = bench.recordsFrom(from).find((record) => record.ty === ty);
  if (found === undefined) throw new Error(`there is no ${ty}`);
  return found;
};

const two = { two: { withinMs: 20_000 } };

describe('two people and the room', () => {
  it('GL38: two people do not share the last place', async () => {
    const from = await open({ rules: two }, { presence: { ...PRESENCE, capacity: 1 } });
    await bench.present('entry', CARD);
    await bench.present('entry', OTHER_CARD);
    expect(answersFrom(from)).toEqual(['access.denied second-person-required', 'access.denied room-full']);
    expect(bench.edges()).toEqual([]);
  });

  it('GL38: nobody is let in alone behind two who were let in and have not opened', async () => {
    const from = await open({ rules: two });
    for (const card of [CARD, OTHER_CARD, THIRD_CARD]) await bench.present('entry', card);
    expect(answersFrom(from)).toEqual([
      'access.denied second-person-required',
      'access.granted',
      'access.granted',
      'access.denied second-person-required',
    ]);
    expect(released()).toBe(1);
  });

  it('GL38: who only may be inside, as after a power cut, is no second person', async () => {
    await open({ rules: two });
    await bench.present('entry', CARD);
    await bench.present('entry', OTHER_CARD);
    bench.kill();
    await bench.restart();
    expect(bench.shown()).toMatchObject({ occupancy: 0, unsure: 2 });
    const from = bench.journal.size();
    await bench.present('entry', THIRD_CARD);
    expect(answersFrom(from)).toEqual(['access.denied second-person-required']);
  });
});

describe('one who is left', () => {
  it('GL39: a permit that wants two people is enough for the alert, and somebody long forgiven is not named', async () => {
    const forgiveMs = 60_000;
    await open(
      { permits: [sari({ two: true }), budi({ two: true }), tono()] },
      { presence: { ...PRESENCE, forgiveMs } },
    );
    await bench.present('entry', THIRD_CARD);
    await passThrough();
    await bench.pass(forgiveMs);
    await bench.present('entry', CARD);
    await bench.present('entry', OTHER_CARD);
    await passThrough();
    const from = bench.journal.size();
    await bench.present('exit', OTHER_CARD);
    expect(valueOf(first(from, 'occupancy.below-minimum').sq, 'sub')).toBe(SARI);
  });

  it('GL39: who needs no second person is not told to be alone', async () => {
    await open({ permits: [sari(), budi({ two: true }), tono()] });
    for (const card of [CARD, OTHER_CARD]) {
      await bench.present('entry', card);
      await passThrough();
    }
    const from = bench.journal.size();
    await bench.present('exit', OTHER_CARD);
    expect(bench.typesFrom(from)).not.toContain('occupancy.below-minimum');
  });
});

describe('a PIN', () => {
  const withPin = (changes: Partial<PermitClaims> = {}, rules: SiteRules['doors'][string] = {}) => ({
    creds: [
      { cred, sub: SARI, st: 'active' as const, ...verifiers },
      { cred: otherCred, sub: BUDI, st: 'active' as const, pin: otherVerifier },
      { cred: thirdCred, sub: TONO, st: 'active' as const },
    ],
    permits: [sari(changes), budi(), tono()],
    rules: { pin: ALWAYS, ...rules },
  });

  it('GL65: a duress PIN is told although the door stays shut, and nothing at the door shows it', async () => {
    const from = await open(withPin({ exp: START_MS / 1000 - 60 }));
    await bench.present('entry', CARD);
    await key(DURESS);
    await enterAndAwait(from, 2);
    expect(bench.typesFrom(from)).toEqual(['access.denied expired', 'access.duress']);
    const denied = first(from, 'access.denied');
    const duress = first(from, 'access.duress');
    expect(duress.x).toEqual({ of: denied.sq });
    expect(valueOf(duress.sq, 'sub')).toBe(SARI);
    expect(bench.edges()).toEqual([]);
  });

  it('GL65: who waits for the second person under duress is told at once, and once', async () => {
    const from = await open(withPin({}, two));
    await bench.present('entry', CARD);
    await key(DURESS);
    await enterAndAwait(from, 2);
    expect(bench.typesFrom(from)).toEqual(['access.denied second-person-required', 'access.duress']);
    expect(first(from, 'access.duress').x).toEqual({ of: from });
    await bench.present('entry', OTHER_CARD);
    await key(OTHER_PIN);
    await enterAndAwait(from, 4);
    const types = bench.typesFrom(from);
    expect(types.slice(2)).toEqual(['access.granted', 'access.granted']);
    // From the entry the alert is found by the number of the waiting.
    expect(first(from, 'access.granted').x['after']).toBe(from);
    expect(released()).toBe(1);
  });

  it('GL66: a card in the place of another that waited for its PIN leaves a record of the first', async () => {
    const from = await open(withPin());
    await bench.present('entry', OTHER_CARD);
    await bench.present('entry', CARD);
    expect(bench.typesFrom(from)).toEqual(['access.denied pin-required']);
    expect(valueOf(from, 'cred')).toBe(otherCred);
    expect(bench.simulated.state().reader.signal).toBe('wait');
    await key(PIN);
    await enterAndAwait(from, 2);
    expect(bench.typesFrom(from).at(-1)).toBe('access.granted');
  });

  it('GL66: a card that is cleared before its PIN was begun leaves a record', async () => {
    const from = await open(withPin());
    await bench.present('entry', CARD);
    bench.simulated.pressKey('clear');
    await bench.pass(300);
    expect(bench.typesFrom(from)).toEqual(['access.denied pin-required']);
    expect(bench.simulated.state().reader.signal).toBe('denied');
  });

  it('GL66: the same card twice is one presentation', async () => {
    const from = await open(withPin());
    await bench.present('entry', CARD);
    await bench.pass(1500);
    await bench.present('entry', CARD);
    expect(bench.typesFrom(from)).toEqual([]);
  });

  it('GL66: a reader that goes away while a card waits for its PIN leaves a record; another reader disturbs nobody', async () => {
    const from = await open(withPin());
    await bench.present('entry', CARD);
    await bench.simulated.unplug('exit');
    await bench.pass(3000);
    await key(PIN);
    bench.simulated.pressKey('enter');
    await bench.pass(150);
    await until(() => answersFrom(from).length > 0);
    expect(answersFrom(from)).toEqual(['access.granted']);
    await bench.simulated.replug('exit');
    await bench.pass(RELEASE_MS + 10_000);
    const begin = bench.journal.size();
    await bench.present('entry', CARD);
    await key('48');
    await bench.simulated.unplug('entry');
    await bench.pass(500);
    expect(answersFrom(begin)).toHaveLength(1);
    expect(valueOf(first(begin, 'access.denied').sq, 'cred')).toBe(cred);
  });
});

describe('the work for a PIN', () => {
  const doors = { [DOOR]: { pin: ALWAYS } };
  const config: DoorConfig = {
    id: DOOR,
    readers: { entry: { protocol: 'rdm6300', port: '/dev/entry' } },
    lock: { driver: 'line', reader: 'panel', output: 0, releaseMs: RELEASE_MS },
    heldOpenMs: 30_000,
    presence: PRESENCE,
  };

  /** A desk alone, whose derivations are counted; lays down a card and keys in a PIN. */
  async function keyIn(
    creds: DirectoryClaims['creds'],
    derive: DeriveKey,
  ): Promise<{ readonly answers: readonly string[]; readonly shown: readonly string[] }> {
    const clock = createFakeClock();
    const body = site.policy({ creds, permits: [sari()] });
    const records: NewRecord[] = [];
    const shown: string[] = [];
    const index = createPolicyIndex({
      manifest: { v: 1, exp: START_MS / 1000 + 86_400 } as ManifestClaims,
      mh: '',
      directory: { creds, rules: { holidays: [], sop: [], doors } } as unknown as DirectoryClaims,
      permits: body.permits.map((jws) => ({ jws, key: createPublicKey(site.issuer.privateKey) })),
    });
    const desk = openEntryDesk(config, {
      journal: { epoch: 1, isWritable: () => true, size: () => records.length },
      settings: { readSetting: () => null },
      policy: () => ({ index, asOf: asEpochMs(START_MS), endsAt: index.endsAt }),
      clock,
      pepper: site.pepper,
      siteId: SITE,
      derive,
      view: () => ({ present: NOBODY, awaited: [], lockdown: null, isFire: false, isNeighbourShut: null }),
      onlineSince: () => 0,
      record: (more) => records.push(...more) > 0,
      admit: () => undefined,
      show: (_, signal) => shown.push(signal),
      crashPoint: () => undefined,
      log: silentLog,
    });
    desk.takeCard('entry', cred, clock.monoMs());
    for (const digit of PIN) desk.takeKey('entry', digit as '0', clock.monoMs());
    desk.takeKey('entry', 'enter', clock.monoMs());
    await until(() => records.length > 0);
    desk.close();
    return { answers: records.map(({ ty, rs }) => `${ty} ${rs ?? ''}`.trim()), shown };
  }

  it('GL70: every card costs the same two derivations: known or not, with a duress PIN or without', async () => {
    const known = { cred, sub: SARI, st: 'active' } as const;
    const answers: string[] = [];
    for (const creds of [[], [known], [{ ...known, pin: verifiers.pin }], [{ ...known, ...verifiers }]]) {
      let count = 0;
      const seen = await keyIn(creds, (password, salt) => {
        count += 1;
        return deriveKey(password, salt);
      });
      expect(count).toBe(2);
      answers.push(...seen.answers);
    }
    expect(answers).toEqual([
      'access.denied unknown-credential',
      'access.denied pin-required',
      'access.granted',
      'access.granted',
    ]);
  });

  it('GL70: a PIN that cannot be derived opens nothing, and is said in the record', async () => {
    const creds = [{ cred, sub: SARI, st: 'active', ...verifiers } as const];
    const { answers, shown } = await keyIn(creds, () => Promise.reject(new Error('no memory')));
    expect(answers).toEqual(['access.denied pin-required']);
    expect(shown).toEqual(['wait', 'denied']);
  });
});

describe('lock-outs', () => {
  it('GL67: damaged memory of wrong tries stops no gateway', async () => {
    await open({});
    for (const damaged of ['{', '[]', '{"reader/entry":{"untilMs":"x"}}', 'null']) {
      bench.journal.append([], { [`lock-outs/${DOOR}`]: damaged });
      await bench.restart();
      const from = bench.journal.size();
      await bench.present('entry', CARD);
      expect(answersFrom(from)).toEqual(['access.granted']);
      await bench.pass(RELEASE_MS + 2500);
    }
  });
});

describe('escorts', () => {
  it('GL68: a reset that takes the escort out of the book tells of the guest who stays', async () => {
    await open({ permits: [sari(), budi({ esc: [SARI] }), tono()] });
    for (const card of [CARD, OTHER_CARD]) {
      await bench.present('entry', card);
      await passThrough();
    }
    const from = bench.journal.size();
    bench.obey(bench.order('presence-reset', { sub: SARI }));
    expect(bench.typesFrom(from)).toEqual(['operator.command', 'presence.reset', 'escort.left']);
    expect(valueOf(first(from, 'escort.left').sq, 'sub')).toBe(BUDI);
  });
});

describe('a stay', () => {
  it('PR16: hours that run into a holiday end where it begins', async () => {
    // It is Thursday 10:00 in Jakarta; Friday is a holiday.
    const friday = new Date(START_MS + 31 * 3_600_000).toISOString().slice(0, 10);
    const exp = START_MS / 1000 + 72 * 3600;
    const from = await open({ permits: [sari({ win: ALWAYS, exp })], holidays: [friday] });
    await bench.present('entry', CARD);
    expect(first(from, 'access.granted').x['untilMs']).toBe(START_MS + 14 * 3_600_000);
  });
});

describe('old orders', () => {
  it('GL69: a grant that rests on old orders says so at the reader as well', async () => {
    await open({ permits: [sari({ cls: 'staff', exp: START_MS / 1000 + 40 * 86_400 })] });
    bench.ordersAgeMs = 15 * 86_400_000;
    const from = bench.journal.size();
    await bench.present('entry', CARD);
    expect(first(from, 'access.granted').x).toMatchObject({ isStale: true });
    expect(bench.isReleased()).toBe(true);
    expect(bench.simulated.state().reader.signal).toBe('granted');
    await bench.pass(1500);
    expect(bench.simulated.state().reader.signal).toBe('wait');
    await bench.pass(3000);
    expect(bench.simulated.state().reader.signal).toBe('idle');
  });
});
