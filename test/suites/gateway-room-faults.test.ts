import { afterEach, describe, expect, it } from 'vitest';
import { encodeBase64Url } from '#contract/bytes';
import type { PermitClaims } from '#contract/permit';
import { derivePin, type PinVerifier } from '#contract/pin';
import type { DirectoryClaims } from '#contract/policy';
import { deriveKey } from '../../gateway/crypto-ports.ts';
import { DoorBench, RELEASE_MS } from './gateway-door-bench.ts';
import {
  BUDI,
  CARD,
  DOOR,
  hmacSha256,
  OTHER_CARD,
  SARI,
  START_MS,
  TestSite,
  until,
} from './gateway-world.ts';

const HOUR_MS = 3_600_000;
const site = new TestSite();
const cred = site.handleOf(CARD);
const otherCred = site.handleOf(OTHER_CARD);
const ALWAYS = [{ days: '1234567', from: '00:00', to: '24:00', utc: '+07:00' }];

let bench: DoorBench;
afterEach(() => bench.close());

async function open(
  permits: readonly PermitClaims[],
  creds: DirectoryClaims['creds'] = [
    { cred, sub: SARI, st: 'active' },
    { cred: otherCred, sub: BUDI, st: 'active' },
  ],
  isPinWanted = false,
): Promise<number> {
  const doors = isPinWanted ? { [DOOR]: { pin: ALWAYS } } : {};
  const body = site.policy({ permits, creds, directory: { rules: { holidays: [], sop: [], doors } } });
  bench = await DoorBench.open(site, body);
  return bench.journal.size();
}
const sari = (changes: Partial<PermitClaims> = {}) => site.permit({ cred: [cred], ...changes });
const budi = () => site.permit({ jti: `pm_${'Q'.repeat(22)}`, sub: BUDI, cred: [otherCred] });
const answersFrom = (from: number): readonly string[] =>
  bench.typesFrom(from).filter((type) => /^access\.(granted|denied)/.test(type));
const released = (): number => bench.edges().filter(({ isReleased }) => isReleased).length;

describe('faults that others shipped, at this door', () => {
  it('GL7 (fault 9): the same card again is a second visit, and is seen', async () => {
    const from = await open([sari()]);
    await bench.present('entry', CARD);
    await bench.pass(RELEASE_MS + 2500);
    await bench.present('entry', CARD);
    expect(answersFrom(from)).toEqual(['access.granted', 'access.granted']);
    expect(released()).toBe(2);
  });

  it('GL7 (fault 10): a card that stays on the reader is one decision, and hides no other card', async () => {
    const from = await open([sari(), budi()]);
    bench.simulated.presentCard('entry', CARD.slice('em:'.length), 1500);
    await bench.pass(500);
    bench.simulated.presentCard('entry', OTHER_CARD.slice('em:'.length));
    await bench.pass(1000);
    expect(answersFrom(from)).toEqual(['access.granted', 'access.granted']);
    const subs = bench.journal.readBatch(from)?.openings.filter(({ field }) => field === 'sub');
    expect(new Set(subs?.map(({ value }) => value))).toEqual(new Set([SARI, BUDI]));
  });

  it('GL29 (fault 11): each of the twelve keys is read', async () => {
    const pins = ['01234567', '8901'] as const;
    const verifierOf = async (handle: string, pin: string): Promise<PinVerifier> => {
      const salt = new Uint8Array(16).fill(7);
      const keyed = (message: Uint8Array): Uint8Array => hmacSha256(site.pepper, message);
      const key = await derivePin(keyed, deriveKey, handle, pin, salt);
      return { s: encodeBase64Url(salt), h: encodeBase64Url(key) };
    };
    const from = await open(
      [sari(), budi()],
      [
        { cred, sub: SARI, st: 'active', pin: await verifierOf(cred, pins[0]) },
        { cred: otherCred, sub: BUDI, st: 'active', pin: await verifierOf(otherCred, pins[1]) },
      ],
      true,
    );
    for (const [index, card] of [CARD, OTHER_CARD].entries()) {
      await bench.present('entry', card);
      // What was cleared denies; then the card again and its PIN.
      bench.simulated.pressKey('5');
      await bench.pass(100);
      bench.simulated.pressKey('clear');
      await bench.pass(2500);
      await bench.present('entry', card);
      for (const digit of pins[index] ?? '') {
        bench.simulated.pressKey(digit as '0');
        await bench.pass(100);
      }
      bench.simulated.pressKey('enter');
      await bench.pass(100);
      await until(() => answersFrom(from).length === 2 * (index + 1));
      await bench.pass(RELEASE_MS + 2500);
    }
    expect(answersFrom(from)).toEqual([
      'access.denied pin-required',
      'access.granted',
      'access.denied pin-required',
      'access.granted',
    ]);
  });

  it('D8 (fault 31): a card that was enrolled a moment ago opens nothing without a right', async () => {
    const from = await open([]);
    await bench.present('entry', CARD);
    expect(answersFrom(from)).toEqual(['access.denied no-permit']);
    expect(bench.edges()).toEqual([]);
  });

  it('D5 (fault 44): with no server in sight an unknown card is refused', async () => {
    const from = await open([sari()]);
    await bench.present('entry', 'em:00000000AA');
    expect(answersFrom(from)).toEqual(['access.denied unknown-credential']);
    expect(bench.edges()).toEqual([]);
  });

  it('D13 (fault 45): kept orders age, and a right does not outlive the word of the server for ever', async () => {
    const from = await open([sari({ cls: 'strict', exp: START_MS / 1000 + 10 * 3600 })]);
    await bench.present('entry', CARD);
    await bench.pass(4 * HOUR_MS - 60_000);
    await bench.present('entry', CARD);
    await bench.pass(120_000);
    await bench.present('entry', CARD);
    expect(answersFrom(from)).toEqual(['access.granted', 'access.granted', 'access.denied policy-stale']);
    expect(released()).toBe(2);
  });

  it('GL8 (fault 48): a record that cannot be written refuses once, and nothing is decided a second time', async () => {
    const from = await open([sari()]);
    bench.isDiskFull = true;
    await bench.present('entry', CARD);
    await bench.pass(5000);
    expect(bench.edges()).toEqual([]);
    bench.isDiskFull = false;
    await bench.pass(5000);
    expect(bench.edges()).toEqual([]);
    expect(answersFrom(from)).toEqual([]);
  });

  it('D7 (fault 52): a date of nought is a date: what was made in 1970 is judged, what ended then has ended', async () => {
    const from = await open(
      [sari({ iat: 0 }), budi()],
      [
        { cred, sub: SARI, st: 'active' },
        { cred: otherCred, sub: BUDI, st: 'active', exp: 0 },
      ],
    );
    await bench.present('entry', CARD);
    await bench.present('entry', OTHER_CARD);
    expect(answersFrom(from)).toEqual(['access.granted', 'access.denied credential-expired']);
  });

  it.each([
    ['3', 'access.granted'],
    ['4', 'access.denied outside-hours'],
  ])(
    'D12 (fault 53): hours from 20:00 to 11:00 of weekday %s belong to the day they began on: %s',
    async (days, answer) => {
      // It is Thursday 10:00 in Jakarta.
      const from = await open([sari({ win: [{ days, from: '20:00', to: '11:00', utc: '+07:00' }] })]);
      await bench.present('entry', CARD);
      expect(answersFrom(from)).toEqual([answer]);
    },
  );
});
