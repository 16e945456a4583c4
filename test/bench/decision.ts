import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { asEpochMs } from '#contract/clock';
import type { PermitClaims } from '#contract/permit';
import type { DirectoryClaims } from '#contract/policy';
import { decide, type Facts } from '../../gateway/decision/decide.ts';
import { createPolicyIndex, type PolicyIndex } from '../../gateway/permits/policy-index.ts';
import { percentile } from './badge-to-relay.ts';
import type { BenchGroup, Figure } from './figure.ts';

const NOW = Date.UTC(2026, 2, 12, 3, 0);
const DOOR = 'ruang-server';
const SIZES = [
  ['1k', 1000],
  ['1m', 1_000_000],
] as const;
/** Decisions at a time between the two indexes, so that neither has the quiet minute of the machine. */
const ROUND = 50;

const base64Url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const handleAt = (index: number): string => `c_${base64Url(Buffer.from(String(index).padStart(32, '0')))}`;
const subAt = (index: number): string => `s_${base64Url(Buffer.from(String(index).padStart(16, '0')))}`;

function signPermit(key: KeyObject, index: number): string {
  const claims: PermitClaims = {
    iss: 'palang/bench',
    aud: 'bench',
    jti: `pm_${base64Url(Buffer.from(String(index).padStart(16, '0')))}`,
    rev: 1,
    sub: subAt(index),
    iat: NOW / 1000 - 3600,
    nbf: NOW / 1000 - 3600,
    exp: NOW / 1000 + 86_400,
    cls: 'staff',
    doors: [DOOR],
    cred: [handleAt(index)],
    apr: [{ by: subAt(0), at: NOW / 1000, h: base64Url(randomBytes(32)), m: 'session' }],
    req: base64Url(randomBytes(32)),
  };
  const encode = (value: unknown): string => base64Url(Buffer.from(JSON.stringify(value)));
  const message = `${encode({ alg: 'Ed25519', typ: 'permit+jws', kid: 'issuer-1' })}.${encode(claims)}`;
  return `${message}.${base64Url(sign(null, Buffer.from(message), key))}`;
}

async function indexOf(size: number, tell: (line: string) => void): Promise<PolicyIndex> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const permits: { jws: string; key: KeyObject }[] = [];
  const creds: DirectoryClaims['creds'] = [];
  for (let index = 0; index < size; index++) {
    permits.push({ jws: signPermit(privateKey, index), key: publicKey });
    creds.push({ cred: handleAt(index), sub: subAt(index), st: 'active' });
    if (index % 100_000 === 99_999) {
      tell(`decision: ${index + 1} of ${size} permits signed`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  tell(`decision: verifying ${size} permits, as a gateway does when they come in`);
  const iat = NOW / 1000;
  const common = { iss: 'palang/bench', aud: 'bench', iat };
  const hash = 'A'.repeat(43);
  const manifest = { ...common, v: 1, prev: hash, root: hash, n: size, dir: hash, exp: iat + 86_400 };
  return createPolicyIndex({ manifest, mh: hash, directory: { ...common, creds }, permits });
}

/** One decision as the door makes it: the card is looked up, its permits are verified, the rules speak. */
function decideFor(index: PolicyIndex, handle: string): boolean {
  const facts: Facts = {
    door: DOOR,
    now: asEpochMs(NOW),
    time: { lo: asEpochMs(NOW), hi: NOW },
    clockTrust: 3,
    isJournalWritable: true,
    presentation: { ageMs: 1, isReaderOnline: true },
    isLockedOut: false,
    policy: { asOf: asEpochMs(NOW), endsAt: index.endsAt },
    credential: index.credentialOf(handle),
    isCodeUsed: false,
    pin: 'not-wanted',
    permits: index.permitsOf(handle),
    isDenied: () => false,
    usesOf: () => 0,
    holidays: index.rules.holidays,
    person: { hasAcknowledged: true, hasOpenEquipment: false },
    overrides: { lockdown: null, isNeighbourShut: null },
    room: {
      antiPassback: 'off',
      isInside: false,
      others: 0,
      isEmpty: true,
      capacity: null,
      company: new Set(),
      isFire: false,
    },
    isTwoPersonDoor: false,
    hasSecondPerson: false,
  };
  return decide(facts).kind === 'granted';
}

/**
 * Measures a decision among a thousand and among a million permits, in turns. The baseline of the first is the
 * lookup in a bare Map of the same size, that of the second is the first.
 */
export const benchDecision: BenchGroup = async (n, tell) => {
  const held = await Promise.all(
    SIZES.map(async ([name, size]) => ({
      name,
      size,
      index: await indexOf(size, tell),
      times: [] as number[],
    })),
  );
  const bare = new Map(Array.from({ length: 1000 }, (_, index) => [handleAt(index), index]));
  const bareTimes: number[] = [];
  const rounds = Math.max(20, Math.ceil((n * 10) / ROUND));
  tell(`decision: ${rounds * ROUND} decisions each`);
  for (let round = -2; round < rounds; round++) {
    for (const { size, index, times } of held) {
      // Cards from all over the index: the same few would stay in the processor's cache.
      const handles = Array.from({ length: ROUND }, (_, at) =>
        handleAt(((round + 3) * 7919 + at * 104_729) % size),
      );
      const began = performance.now();
      let granted = 0;
      for (const handle of handles) if (decideFor(index, handle)) granted += 1;
      const took = (performance.now() - began) / ROUND;
      if (granted !== ROUND) throw new Error('a decision of the bench was not a grant');
      if (round >= 0) times.push(took * 1000);
    }
    const handles = Array.from({ length: ROUND }, (_, at) => handleAt((at * 104_729) % 1000));
    const began = performance.now();
    let found = 0;
    for (const handle of handles) found += bare.get(handle) ?? 0;
    if (round >= 0) bareTimes.push(((performance.now() - began) / ROUND) * 1000 + (found < 0 ? 1 : 0));
  }
  const p50 = (times: readonly number[]): number =>
    percentile(
      times.toSorted((a, b) => a - b),
      0.5,
    );
  const [small = 0, large = 0] = held.map(({ times }) => p50(times));
  const lookup = p50(bareTimes);
  const figure = (name: string, value: number, baseline: number): Figure => ({
    name,
    value: round3(value),
    unit: 'us',
    baseline: round3(baseline),
    ratio: round3(value / baseline),
    n: rounds * ROUND,
  });
  return [figure('decision.permits.1k', small, lookup), figure('decision.permits.1m', large, small)];
};

const round3 = (value: number): number => Math.round(value * 1000) / 1000;
