import { createHash, createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { termsHash } from '#contract/approval';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import {
  asEpochMs,
  asMonoMs,
  type ClockTrust,
  type EpochMs,
  type MonoMs,
  type Random,
} from '#contract/clock';
import { credentialHandle } from '#contract/commitment';
import type { CommandClaims } from '#contract/command';
import type { PermitClaims } from '#contract/permit';
import {
  jwsHash,
  manifestRoot,
  type DirectoryClaims,
  type ManifestClaims,
  type PolicySnapshot,
} from '#contract/policy';
import { rootMessage, type RootBody, type RootDocument } from '#contract/root-document';
import { approvalHash, type Approval } from '#contract/site-log';
import type {
  DoorHardware,
  HardwareEvent,
  PulseCommand,
  PulseOutcome,
} from '../../firmware-bridge/bridge.ts';
import { createSigner, type Signer } from '../../gateway/crypto-ports.ts';
import type { GatewayClock } from '../../gateway/clock/gateway-clock.ts';
import type { PolicyTrust } from '../../gateway/permits/verify-policy.ts';

export const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
export const hmacSha256 = (key: Uint8Array, message: Uint8Array): Uint8Array =>
  createHmac('sha256', key).update(message).digest();

export const SITE = 'uji';
export const ISSUER = `palang/${SITE}`;
export const GATEWAY = 'gw-ruang-server';
export const DOOR = 'ruang-server';
/** Thursday 12 March 2026, 10:00 in Jakarta, and far above the oldest time that a gateway believes. */
export const START_MS = Date.UTC(2027, 2, 11, 3, 0);

export const silentLog = pino({ level: 'silent' });

/** Bytes that repeat by seed. */
export function createSeededRandom(seed: string): Random {
  let turn = 0;
  return {
    bytes: (count) => {
      const parts: Uint8Array[] = [];
      for (let length = 0; length < count; length += 32) {
        parts.push(sha256(utf8(`${seed}/${turn++}`)));
      }
      return new Uint8Array(Buffer.concat(parts)).slice(0, count);
    },
  };
}

/** A folder of its own for one test. */
export function makeFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'palang-gateway-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface FakeClock extends GatewayClock {
  /** Lets time pass: wakes sleepers in order and lets each run. */
  advance(ms: number): Promise<void>;
  setTrust(trust: ClockTrust): void;
  setFloor(floorMs: number): void;
  /** How far the true time may lie before and after what the clock shows; 0 and 0 as it comes. */
  setDoubt(beforeMs: number, afterMs: number): void;
}

/** Lets everything that is ready run, promises and callbacks of finished I/O alike. */
export async function settle(turns = 20): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits for what other threads (WebCrypto, the disk) have to finish first; no clock of ours moves meanwhile. */
export async function until(isSo: () => boolean): Promise<void> {
  const giveUpMs = performance.now() + 9000;
  while (!isSo()) {
    if (performance.now() > giveUpMs) throw new Error('it never came');
    await settle(1);
  }
}

/** A clock that moves only when told. */
export function createFakeClock(startMs = START_MS, startMonoMs = 0): FakeClock {
  let mono = startMonoMs;
  let trust: ClockTrust = 3;
  let floor = startMs;
  let doubt = { beforeMs: 0, afterMs: 0 };
  let sleepers: { at: number; wake: () => void }[] = [];
  return {
    epochMs: () => asEpochMs(startMs + mono - startMonoMs),
    monoMs: () => asMonoMs(mono),
    trust: () => trust,
    interval: () => {
      const now = startMs + mono - startMonoMs;
      return { lo: asEpochMs(now - doubt.beforeMs), hi: now + doubt.afterMs };
    },
    floorMs: () => asEpochMs(floor),
    raiseFloor: (next: EpochMs) => {
      floor = Math.max(floor, next);
    },
    trustSigned: () => {
      trust = 3;
    },
    signedTime: () => null,
    check: () => null,
    sleepUntil: (at: MonoMs, signal) =>
      new Promise((resolve) => {
        if (at <= mono || signal?.aborted === true) {
          resolve();
          return;
        }
        const sleeper = { at, wake: resolve };
        sleepers.push(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers = sleepers.filter((each) => each !== sleeper);
          resolve();
        });
      }),
    advance: async (ms) => {
      const end = mono + ms;
      for (;;) {
        await settle();
        const next = sleepers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        sleepers = sleepers.filter((each) => each !== next);
        mono = Math.max(mono, next.at);
        next.wake();
      }
      mono = end;
      await settle();
    },
    setTrust: (next) => {
      trust = next;
    },
    setFloor: (next) => {
      floor = next;
    },
    setDoubt: (beforeMs, afterMs) => {
      doubt = { beforeMs, afterMs };
    },
  };
}

interface Key {
  readonly id: string;
  readonly privateKey: KeyObject;
  /** base64url */
  readonly publicKey: string;
}

const makeKey = (id: string): Key => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { id, privateKey, publicKey: publicKey.export({ format: 'jwk' }).x ?? '' };
};

/** Signs a compact JWS by hand, so that what the gateway verifies was not made by the code that verifies it. */
export function signJws(
  key: Pick<Key, 'id' | 'privateKey'>,
  typ: string,
  claims: unknown,
  header: Readonly<Record<string, unknown>> = {},
): string {
  const encode = (value: unknown): string => encodeBase64Url(utf8(JSON.stringify(value)));
  const message = `${encode({ alg: 'Ed25519', typ, kid: key.id, ...header })}.${encode(claims)}`;
  return `${message}.${encodeBase64Url(sign(null, utf8(message), key.privateKey))}`;
}

/** A site with its keys: makes everything that a gateway may be told, and everything that it must not believe. */
export class TestSite {
  readonly root = makeKey('root-1');
  readonly issuer = makeKey('issuer-1');
  readonly fresh = makeKey('fresh-1');
  readonly log = makeKey('log-1');
  readonly gatewaySeed = sha256(utf8('gateway seed of the tests'));
  readonly gateway: Signer = createSigner(this.gatewaySeed);
  readonly pepper = sha256(utf8('pepper of the tests'));
  readonly body: RootBody = {
    site: SITE,
    v: 1,
    at: START_MS,
    keys: Object.fromEntries(
      [this.root, this.issuer, this.fresh, this.log].map((key) => [key.id, key.publicKey]),
    ),
    roles: {
      root: { keys: ['root-1'], threshold: 1 },
      issuer: { keys: ['issuer-1'], threshold: 1 },
      fresh: { keys: ['fresh-1'], threshold: 1 },
      log: { keys: ['log-1'], threshold: 1 },
    },
    singleOfficial: true,
    approval: { weak: 'session' },
  };

  get trust(): PolicyTrust {
    return { root: this.body, site: SITE, issuer: ISSUER, gateway: GATEWAY };
  }

  get chain(): readonly RootDocument[] {
    const sig = encodeBase64Url(sign(null, rootMessage(this.body), this.root.privateKey));
    return [{ root: this.body, signatures: [{ kid: 'root-1', sig }] }];
  }

  handleOf(card: string): string {
    return credentialHandle(hmacSha256, this.pepper, card);
  }

  /** The approval that a permit of the tests names: by a signed-in session, for exactly this permit. */
  approvalOf(claims: PermitClaims): Approval {
    const at = START_MS / 1000 - 3600;
    const by = claims.sub === BUDI ? SARI : BUDI;
    const d = [termsHash(sha256, claims)];
    return { req: claims.req, decision: 'approved', by, at, m: 'session', d };
  }

  /** Names the approval of exactly these claims, where they name that of the tests at all. */
  sealed(claims: PermitClaims): PermitClaims {
    const approval = this.approvalOf(claims);
    const { by, at, m } = approval;
    const [named] = claims.apr;
    const isOurs = claims.apr.length === 1 && named?.by !== HADI && named?.m === 'session';
    return isOurs ? { ...claims, apr: [{ by, at, h: approvalHash(sha256, approval), m }] } : claims;
  }

  permit(changes: Partial<PermitClaims> & Pick<PermitClaims, 'cred'>): PermitClaims {
    return this.sealed({
      iss: ISSUER,
      aud: SITE,
      jti: `pm_${'P'.repeat(22)}`,
      rev: 1,
      sub: SARI,
      iat: START_MS / 1000 - 3600,
      nbf: START_MS / 1000 - 3600,
      exp: START_MS / 1000 + 4 * 3600,
      cls: 'temp',
      doors: [DOOR],
      apr: [{ by: BUDI, at: START_MS / 1000 - 3600, h: 'h'.repeat(43), m: 'session' }],
      req: 'r'.repeat(43),
      ...changes,
    });
  }

  signPermit(claims: PermitClaims): string {
    return signJws(this.issuer, 'permit+jws', this.sealed(claims));
  }

  /** An order of a person in charge, to this gateway's door. */
  command(changes: Partial<CommandClaims> & Pick<CommandClaims, 'act' | 'nonce'>): CommandClaims {
    return {
      iss: ISSUER,
      aud: SITE,
      gw: GATEWAY,
      door: DOOR,
      id: `cm_${'C'.repeat(22)}`,
      by: BUDI,
      m: 'passkey',
      at: START_MS / 1000,
      ...changes,
    };
  }

  signCommand(claims: CommandClaims): string {
    return signJws(this.issuer, 'command+jws', claims);
  }

  /** The body of a policy answer. */
  policy(options: {
    readonly v?: number;
    readonly prev?: string;
    readonly permits?: readonly PermitClaims[];
    readonly creds?: DirectoryClaims['creds'];
    /** What the directory says beside the cards. */
    readonly directory?: Pick<DirectoryClaims, 'people' | 'rules'>;
    readonly manifest?: Partial<ManifestClaims>;
    /** In the place of the approvals that the permits name. */
    readonly approvals?: readonly Approval[];
  }): NonNullable<PolicySnapshot['body']> {
    const permits = (options.permits ?? []).map((claims) => this.signPermit(claims));
    const members = (options.permits ?? []).map(({ jti, rev }, index) => ({
      jti,
      rev,
      hash: jwsHash(sha256, permits[index] ?? ''),
    }));
    const iat = START_MS / 1000;
    const directory = signJws(this.issuer, 'directory+jws', {
      iss: ISSUER,
      aud: SITE,
      iat,
      creds: options.creds ?? [],
      ...options.directory,
    });
    const manifest = signJws(this.issuer, 'manifest+jws', {
      iss: ISSUER,
      aud: SITE,
      v: options.v ?? 1,
      prev: options.prev ?? 'A'.repeat(43),
      root: manifestRoot(sha256, members),
      n: members.length,
      dir: jwsHash(sha256, directory),
      iat,
      exp: iat + 45 * 86_400,
      ...options.manifest,
    });
    const approvals = options.approvals ?? (options.permits ?? []).map((claims) => this.approvalOf(claims));
    return { manifest, directory, permits, approvals: [...approvals] };
  }

  heartbeat(options: {
    readonly nonce: string;
    readonly t: number;
    readonly v: number;
    readonly mh: string;
    readonly gw?: string;
  }): string {
    return signJws(this.fresh, 'heartbeat+jws', { iss: ISSUER, aud: SITE, gw: GATEWAY, ...options });
  }

  snapshot(
    body: NonNullable<PolicySnapshot['body']>,
    options: { readonly nonce: string; readonly t?: number; readonly v?: number },
  ): PolicySnapshot {
    const mh = jwsHash(sha256, body.manifest);
    const { nonce, t = START_MS, v = 1 } = options;
    return { heartbeat: this.heartbeat({ nonce, t, v, mh }), body };
  }
}

/** Invented people, by handle. */
export const SARI = `s_${'S'.repeat(22)}`;
export const BUDI = `s_${'B'.repeat(22)}`;
export const HADI = `s_${'H'.repeat(22)}`;
export const NONCE = 'N'.repeat(22);
export const CARD = 'em:6F007B3972';
export const OTHER_CARD = 'em:6F007B3973';

/** Hardware that obeys at once and remembers every order. */
export interface FakeHardware extends DoorHardware {
  emit(event: HardwareEvent): void;
  readonly pulses: PulseCommand[];
  readonly signals: string[];
  secured: number;
  answer: PulseOutcome;
}

export function createFakeHardware(): FakeHardware {
  const listeners = new Set<(event: HardwareEvent) => void>();
  const hardware: FakeHardware = {
    pulses: [],
    signals: [],
    secured: 0,
    answer: { kind: 'acknowledged' },
    emit: (event) => listeners.forEach((listener) => listener(event)),
    onEvent: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    pulse: (command) => {
      hardware.pulses.push(command);
      return Promise.resolve(hardware.answer);
    },
    secure: () => {
      hardware.secured += 1;
      return Promise.resolve({ kind: 'secured' });
    },
    signal: (reader, signal) => void hardware.signals.push(`${reader} ${signal}`),
    close: () => Promise.resolve(),
  };
  return hardware;
}
