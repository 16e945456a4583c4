import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import type { SiteRules } from '#contract/door-rules';
import type { PermitClaims } from '#contract/permit';
import { derivePin, visitCodeHandle, type PinVerifier } from '#contract/pin';
import type { DirectoryClaims } from '#contract/policy';
import type { DoorConfig } from '../../gateway/config.ts';
import { deriveKey } from '../../gateway/crypto-ports.ts';
import { createDoorPublisher } from '../../gateway/sensors/door-publisher.ts';
import { decodeRecord } from '#contract/record';
import { DoorBench, RELEASE_MS, type Written } from './gateway-door-bench.ts';
import {
  BUDI,
  CARD,
  DOOR,
  hmacSha256,
  OTHER_CARD,
  SARI,
  SITE,
  START_MS,
  TestSite,
  until,
} from './gateway-world.ts';

const site = new TestSite();
const cred = site.handleOf(CARD);
const otherCred = site.handleOf(OTHER_CARD);
const STRANGE_CARD = 'em:00000000AA';
const PIN = '481573';
const DURESS = '902614';
const CODE = '40718265';
const ALWAYS = [{ days: '1234567', from: '00:00', to: '24:00', utc: '+07:00' }];
const keyed = (message: Uint8Array): Uint8Array => hmacSha256(site.pepper, message);

async function verifierOf(handle: string, pin: string): Promise<PinVerifier> {
  const salt = hmacSha256(utf8(pin), utf8(handle)).slice(0, 16);
  return {
    s: encodeBase64Url(salt),
    h: encodeBase64Url(await derivePin(keyed, deriveKey, handle, pin, salt)),
  };
}

let verifiers: { readonly pin: PinVerifier; readonly du: PinVerifier };
let codeHandle: string;

beforeAll(async () => {
  const [pin, du, code] = await Promise.all([
    verifierOf(cred, PIN),
    verifierOf(cred, DURESS),
    visitCodeHandle(keyed, deriveKey, SITE, CODE),
  ]);
  verifiers = { pin, du };
  codeHandle = code;
});

interface Orders {
  readonly permits?: readonly PermitClaims[];
  readonly creds?: DirectoryClaims['creds'];
  readonly people?: DirectoryClaims['people'];
  readonly rules?: Partial<SiteRules>;
}

const OTHER_PERMIT = `pm_${'Q'.repeat(22)}`;
const sari = (changes: Partial<PermitClaims> = {}) => site.permit({ cred: [cred], ...changes });
const budi = (changes: Partial<PermitClaims> = {}) =>
  site.permit({ jti: OTHER_PERMIT, sub: BUDI, cred: [otherCred], ...changes });
const bothCards: DirectoryClaims['creds'] = [
  { cred, sub: SARI, st: 'active' },
  { cred: otherCred, sub: BUDI, st: 'active' },
];

let bench: DoorBench;
afterEach(() => bench.close());

async function open(orders: Orders, config: Partial<DoorConfig> = {}): Promise<number> {
  const { people, rules } = orders;
  bench = await DoorBench.open(
    site,
    site.policy({
      permits: orders.permits ?? [sari(), budi()],
      creds: orders.creds ?? bothCards,
      directory: {
        ...(people !== undefined && { people }),
        rules: { holidays: [], sop: [], doors: {}, ...rules },
      },
    }),
  );
  if (Object.keys(config).length > 0) await bench.restart(() => undefined, config);
  return bench.journal.size();
}

const door = (rules: SiteRules['doors'][string]): Partial<SiteRules> => ({ doors: { [DOOR]: rules } });

async function key(digits: string): Promise<void> {
  for (const digit of digits) {
    bench.simulated.pressKey(digit as '0');
    await bench.pass(150);
  }
}

/** Ends an entry and waits for the other thread that derives the key. */
async function enter(from: number, count = 1): Promise<void> {
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

const valueOf = (sq: number, field: string): string | undefined =>
  bench.journal.readBatch(sq)?.openings.find((opening) => opening.sq === sq && opening.field === field)
    ?.value;
const first = (from: number, ty: string): Written => {
  const found = bench.recordsFrom(from).find((record) => record.ty === ty);
  if (found === undefined) throw new Error(`there is no ${ty}`);
  return found;
};

describe('a card and its PIN', () => {
  const withPin = {
    creds: [{ cred, sub: SARI, st: 'active' as const }],
    permits: [sari()],
    rules: door({ pin: ALWAYS }),
  };
  const withVerifiers = (): Orders => ({
    ...withPin,
    creds: [{ cred, sub: SARI, st: 'active', ...verifiers }],
  });

  it('GL28: without a rule for it nobody waits for a PIN (fault 13)', async () => {
    const from = await open({});
    await bench.present('entry', CARD);
    expect(bench.typesFrom(from)).toEqual(['access.granted']);
    expect(bench.isReleased()).toBe(true);
  });

  it('GL29: the right PIN opens, and the record says that there was one and not which', async () => {
    const from = await open(withVerifiers());
    await bench.present('entry', CARD);
    expect(bench.typesFrom(from)).toEqual([]);
    expect(bench.simulated.state().reader.signal).toBe('wait');
    await key(PIN);
    expect(bench.edges()).toEqual([]);
    await enter(from);
    expect(bench.typesFrom(from)).toEqual(['access.granted']);
    expect(first(from, 'access.granted').x).toMatchObject({ pin: true });
    expect(bench.isReleased()).toBe(true);
    expect(JSON.stringify(bench.journal.readBatch(from))).not.toContain(PIN);
  });

  it('GL29: a wrong PIN moves nothing on the line of the lock', async () => {
    const from = await open(withVerifiers());
    await bench.present('entry', CARD);
    await key('000000');
    await enter(from);
    expect(bench.typesFrom(from)).toEqual(['access.denied wrong-pin']);
    expect(bench.edges()).toEqual([]);
  });

  it.each([
    ['left lying', async () => bench.pass(11_000)],
    ['cleared', async () => (await key('12'), bench.simulated.pressKey('clear'), bench.pass(300))],
    ['too short', async () => (await key('123'), bench.simulated.pressKey('enter'), bench.pass(300))],
    ['broken off', async () => (await key('12'), bench.pass(6000))],
  ] as const)('GL30: a PIN that was %s denies and is dropped (fault 12)', async (_name, leave) => {
    const from = await open(withVerifiers());
    await bench.present('entry', CARD);
    await leave();
    expect(bench.typesFrom(from)).toEqual(['access.denied pin-required']);
    // What was typed before belongs to nothing any more.
    await key(PIN.slice(2));
    bench.simulated.pressKey('enter');
    await bench.pass(500);
    expect(bench.typesFrom(from)).toHaveLength(1);
    expect(bench.edges()).toEqual([]);
  });

  it('GL29: a card that has no PIN is denied where one is wanted, and outside of the hours it is not asked', async () => {
    const from = await open(withPin);
    await bench.present('entry', CARD);
    await key(PIN);
    await enter(from);
    expect(bench.typesFrom(from)).toEqual(['access.denied pin-required']);
    await bench.close();
    const night = [{ days: '1234567', from: '18:00', to: '06:00', utc: '+07:00' }];
    const begin = await open({ ...withVerifiers(), rules: door({ pin: night }) });
    await bench.present('entry', CARD);
    expect(bench.typesFrom(begin)).toEqual(['access.granted']);
  });

  it('GL31: a strange card is asked as every other is, and refused after', async () => {
    const from = await open(withVerifiers());
    await bench.present('entry', STRANGE_CARD);
    expect(bench.simulated.state().reader.signal).toBe('wait');
    await key(PIN);
    await enter(from);
    expect(bench.typesFrom(from)).toEqual(['access.denied unknown-credential']);
  });

  it('GL32: the duress PIN opens as the other does, and only the record and the server know', async () => {
    const from = await open(withVerifiers());
    await bench.present('entry', CARD);
    await key(PIN);
    await enter(from);
    const seen = { light: bench.simulated.state().reader.light, isReleased: bench.isReleased() };
    await bench.close();

    const begin = await open(withVerifiers());
    await bench.present('entry', CARD);
    await key(DURESS);
    await enter(begin, 2);
    expect({ light: bench.simulated.state().reader.light, isReleased: bench.isReleased() }).toEqual(seen);
    expect(bench.typesFrom(begin)).toEqual(['access.granted', 'access.duress']);
    const granted = first(begin, 'access.granted');
    expect(granted.x).toMatchObject({ pin: true });
    expect(Object.keys(granted.x)).not.toContain('duress');
    expect(valueOf(first(begin, 'access.duress').sq, 'sub')).toBe(SARI);
    // A dashboard beside the door shows nothing.
    const topics: string[] = [];
    const publisher = createDoorPublisher(
      { publish: (topic: string, text: string) => void topics.push(`${topic} ${text}`) } as never,
      SITE,
    );
    for (const entry of bench.journal.readBatch(begin)?.entries ?? []) {
      const record = decodeRecord(utf8(entry));
      if (record.ok) publisher.publishEvent(record.value);
    }
    expect(topics.join('\n')).not.toContain('duress');
  });

  it(
    'GL33: five wrong PINs lock the card and the reader out, over a kill, for longer each time',
    { timeout: 30_000 },
    async () => {
      const from = await open(withVerifiers());
      for (let turn = 0; turn < 5; turn++) {
        await bench.present('entry', CARD);
        await key('000000');
        await enter(from, turn === 4 ? 7 : turn + 1);
      }
      const lockOuts = bench.recordsFrom(from).filter(({ ty }) => ty === 'access.locked-out');
      expect(lockOuts.map(({ x }) => [x['what'], x['level']])).toEqual([
        ['reader', 0],
        ['credential', 0],
      ]);
      bench.kill();
      await bench.restart();
      const again = bench.journal.size();
      await bench.present('entry', CARD);
      expect(bench.typesFrom(again)).toEqual(['access.denied locked-out']);
      await bench.pass(31_000);
      const later = bench.journal.size();
      await bench.present('entry', CARD);
      await key(PIN);
      await enter(later);
      expect(bench.typesFrom(later)).toEqual(['access.granted']);
      expect(bench.edges().filter(({ isReleased }) => isReleased)).toHaveLength(1);
    },
  );
});

describe('a visit code', () => {
  const guest = (): Orders => ({
    creds: [{ cred: codeHandle, sub: SARI, st: 'active', k: 'code' }],
    permits: [sari({ cred: [codeHandle], uses: 1 })],
    rules: door({ codes: true }),
  });

  it('GL34: it opens once, and not again after a restart', async () => {
    const from = await open(guest());
    await key(CODE);
    await enter(from);
    expect(bench.typesFrom(from)).toEqual(['access.granted']);
    expect(first(from, 'access.granted').x).toMatchObject({ media: 'code' });
    await bench.pass(RELEASE_MS + 3000);
    await bench.restart();
    const again = bench.journal.size();
    await key(CODE);
    await enter(again);
    expect(bench.typesFrom(again)).toEqual(['access.denied credential-expired']);
    expect(bench.edges().filter(({ isReleased }) => isReleased)).toHaveLength(1);
  });

  it('GL34: outside of the hours in which the door takes codes keys mean nothing', async () => {
    // Two days on: no window that begins then reaches now.
    const day = String(((new Date(START_MS + 7 * 3_600_000).getUTCDay() + 1) % 7) + 1);
    const other = [{ days: day, from: '08:00', to: '16:00', utc: '+07:00' }];
    const from = await open({ ...guest(), rules: door({ codes: true, codeHours: other }) });
    await key(CODE);
    bench.simulated.pressKey('enter');
    await bench.pass(500);
    expect(bench.typesFrom(from)).toEqual([]);
    expect(bench.edges()).toEqual([]);
    await bench.close();
    const begin = await open({ ...guest(), rules: door({ codes: true, codeHours: [...other, ...ALWAYS] }) });
    await key(CODE);
    await enter(begin);
    expect(bench.typesFrom(begin)).toEqual(['access.granted']);
  });

  it('GL34: where codes are not taken keys mean nothing; wrong ones lock the reader out', async () => {
    const from = await open({ ...guest(), rules: door({}) });
    await key(CODE);
    bench.simulated.pressKey('enter');
    await bench.pass(500);
    expect(bench.typesFrom(from)).toEqual([]);
    await bench.close();
    const begin = await open(guest());
    for (let turn = 1; turn <= 5; turn++) {
      await key('1234567' + String(turn));
      await enter(begin, turn === 5 ? 6 : turn);
    }
    expect(bench.typesFrom(begin).at(-1)).toBe('access.locked-out');
    await key(CODE);
    await enter(begin, 7);
    expect(bench.typesFrom(begin).at(-1)).toBe('access.denied locked-out');
    expect(bench.edges()).toEqual([]);
  });
});

describe('what the permit asks for', () => {
  it('GL35: uses are counted over restarts', async () => {
    const from = await open({ permits: [sari({ uses: 1 })] });
    await bench.present('entry', CARD);
    await bench.pass(RELEASE_MS + 3000);
    await bench.restart();
    await bench.present('entry', CARD);
    const answers = bench.typesFrom(from).filter((type) => /^access\.(granted|denied)/.test(type));
    expect(answers).toEqual(['access.granted', 'access.denied expired']);
  });

  it('GL36: SOP texts, open equipment and holidays are judged from the signed directory', async () => {
    const text = 'T'.repeat(43);
    const from = await open({
      rules: { sop: [text] },
      people: [
        { sub: SARI, ack: [] },
        { sub: BUDI, ack: [text], eq: true },
      ],
    });
    await bench.present('entry', CARD);
    await bench.present('entry', OTHER_CARD);
    expect(bench.typesFrom(from)).toEqual([
      'access.denied sop-not-acknowledged',
      'access.denied equipment-open',
    ]);
    await bench.close();
    const day = new Date(START_MS + 7 * 3_600_000).toISOString().slice(0, 10);
    const begin = await open({ permits: [sari({ win: ALWAYS })], rules: { holidays: [day] } });
    await bench.present('entry', CARD);
    expect(bench.typesFrom(begin)).toEqual(['access.denied holiday']);
    expect(bench.edges()).toEqual([]);
  });

  it('GL37: an approval that nobody signed with a key of their own is named as such in the record', async () => {
    const from = await open({});
    await bench.present('entry', CARD);
    expect(first(from, 'access.granted').x).toMatchObject({ approval: 'session' });
  });
});

describe('two people', () => {
  const two = door({ two: { withinMs: 20_000 } });

  it('GL38 (fault 67): the second within time opens once for both, both recorded and linked, and both are inside', async () => {
    const from = await open({ rules: two });
    await bench.present('entry', CARD);
    expect(bench.typesFrom(from)).toEqual(['access.denied second-person-required']);
    expect(bench.simulated.state().reader.signal).toBe('wait');
    expect(bench.edges()).toEqual([]);
    await bench.pass(5000);
    await bench.present('entry', OTHER_CARD);
    const granted = bench.recordsFrom(from).filter(({ ty }) => ty === 'access.granted');
    expect(granted).toHaveLength(2);
    expect(granted.map(({ sq }) => valueOf(sq, 'sub'))).toEqual([SARI, BUDI]);
    expect(granted.map(({ x }) => x['with'])).toEqual([[granted[1]?.sq], [granted[0]?.sq]]);
    expect(granted.map(({ x }) => x['after'])).toEqual([from, from]);
    expect(bench.edges().filter(({ isReleased }) => isReleased)).toHaveLength(1);
    await passThrough();
    const outcomes = bench.recordsFrom(from).filter(({ ty }) => ty === 'access.outcome');
    expect(outcomes.map(({ x }) => x['of'])).toEqual(granted.map(({ sq }) => sq));
    expect(bench.shown().occupancy).toBe(2);
  });

  it('GL38: too late, or the same person with another card, is no second', async () => {
    const spare = 'em:00000000BB';
    const spareCred = site.handleOf(spare);
    const from = await open({
      rules: two,
      permits: [sari({ cred: [cred, spareCred] }), budi()],
      creds: [...bothCards, { cred: spareCred, sub: SARI, st: 'active' }],
    });
    await bench.present('entry', CARD);
    await bench.present('entry', spare);
    await bench.pass(21_000);
    await bench.present('entry', OTHER_CARD);
    expect(bench.typesFrom(from)).toEqual(
      Array.from({ length: 3 }, () => 'access.denied second-person-required'),
    );
    expect(bench.edges()).toEqual([]);
  });

  it('GL39: when the count falls to one while the rule holds, that is told', async () => {
    const from = await open({ rules: two });
    await bench.present('entry', CARD);
    await bench.present('entry', OTHER_CARD);
    await passThrough();
    await bench.present('exit', OTHER_CARD);
    expect(bench.typesFrom(from)).toContain('occupancy.below-minimum');
    expect(valueOf(first(from, 'occupancy.below-minimum').sq, 'sub')).toBe(SARI);
    await bench.pass(RELEASE_MS + 3000);
    // One is inside already: a second comes in by themselves.
    const begin = bench.journal.size();
    await bench.present('entry', OTHER_CARD);
    expect(bench.typesFrom(begin)[0]).toBe('access.granted');
  });

  it('GL40: broken glass wants two people, is loud, and works without the SOP', async () => {
    const from = await open({
      permits: [sari({ cls: 'glass', knd: 'emergency' }), budi()],
      rules: { sop: [] },
    });
    await bench.present('entry', CARD);
    expect(bench.typesFrom(from)).toEqual(['access.denied second-person-required']);
    await bench.present('entry', OTHER_CARD);
    expect(bench.typesFrom(from)).toContain('emergency.used');
    expect(bench.edges().filter(({ isReleased }) => isReleased)).toHaveLength(1);
  });
});

describe('escorts and groups', () => {
  it('GL41: a visitor enters only with the escort inside; the escort who leaves is told and let out', async () => {
    const from = await open({ permits: [sari(), budi({ esc: [SARI] })] });
    await bench.present('entry', OTHER_CARD);
    expect(bench.typesFrom(from)).toEqual(['access.denied escort-required']);
    expect(bench.edges()).toEqual([]);
    await bench.present('entry', CARD);
    await passThrough();
    await bench.present('entry', OTHER_CARD);
    await passThrough();
    expect(bench.shown().occupancy).toBe(2);
    const lunch = bench.journal.size();
    await bench.present('exit', CARD);
    expect(bench.typesFrom(lunch).slice(0, 2)).toEqual(['exit.recorded', 'escort.left']);
    expect(valueOf(first(lunch, 'escort.left').sq, 'sub')).toBe(BUDI);
    expect(bench.isReleased()).toBe(true);
  });

  it('GL41: another escort who is inside takes the duty over', async () => {
    const third = 'em:00000000CC';
    const thirdCred = site.handleOf(third);
    const TONO = `s_${'T'.repeat(22)}`;
    await open({
      permits: [
        sari(),
        budi({ esc: [SARI, TONO] }),
        site.permit({ jti: `pm_${'T'.repeat(22)}`, sub: TONO, cred: [thirdCred] }),
      ],
      creds: [...bothCards, { cred: thirdCred, sub: TONO, st: 'active' }],
    });
    for (const card of [CARD, third, OTHER_CARD]) {
      await bench.present('entry', card);
      await passThrough();
    }
    const from = bench.journal.size();
    await bench.present('exit', CARD);
    expect(bench.typesFrom(from)).toContain('escort.handed-over');
    expect(bench.typesFrom(from)).not.toContain('escort.left');
    expect(valueOf(first(from, 'escort.handed-over').sq, 'sub')).toBe(TONO);
  });

  it('GL42: a group of four takes four places, over a restart, and leaves with its leader', async () => {
    const capacity = 4;
    const presence = {
      antiPassback: 'soft',
      forgiveMs: 43_200_000,
      overstayGraceMs: 900_000,
      capacity,
    } as const;
    await open({ permits: [sari({ heads: 4 }), budi()] }, { presence });
    await bench.present('entry', CARD);
    await passThrough();
    expect(bench.shown().occupancy).toBe(4);
    await bench.restart(() => undefined, { presence });
    expect(bench.shown().occupancy).toBe(4);
    const from = bench.journal.size();
    await bench.present('entry', OTHER_CARD);
    expect(bench.typesFrom(from)).toEqual(['access.denied room-full']);
    await bench.present('exit', CARD);
    expect(bench.shown().occupancy).toBe(0);
  });
});

describe('presence that people correct', () => {
  it('GL43: a reset lets in again who is inside only in the book, over a restart', async () => {
    const presence = { antiPassback: 'hard', forgiveMs: 43_200_000, overstayGraceMs: 900_000 } as const;
    await open({}, { presence });
    await bench.present('entry', CARD);
    await passThrough();
    const from = bench.journal.size();
    await bench.present('entry', CARD);
    expect(bench.typesFrom(from)).toEqual(['access.denied already-inside']);
    expect(bench.obey(bench.order('presence-reset', { sub: SARI }))).toBe('obeyed');
    expect(bench.typesFrom(from).slice(1)).toEqual(['operator.command', 'presence.reset']);
    expect(bench.shown().occupancy).toBe(0);
    await bench.restart(() => undefined, { presence });
    expect(bench.shown().occupancy).toBe(0);
    const begin = bench.journal.size();
    await bench.present('entry', CARD);
    expect(bench.typesFrom(begin)[0]).toBe('access.granted');
  });

  it('GL44: in a fire nobody is refused for having passed twice', async () => {
    const presence = { antiPassback: 'hard', forgiveMs: 43_200_000, overstayGraceMs: 900_000 } as const;
    await open({}, { presence });
    await bench.present('entry', CARD);
    await passThrough();
    bench.door.takeFire(true);
    const from = bench.journal.size();
    await bench.present('entry', CARD);
    expect(bench.typesFrom(from)[0]).toBe('access.granted');
  });
});
