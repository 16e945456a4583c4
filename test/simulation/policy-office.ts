import type { PermitClaims } from '#contract/permit';
import { jwsHash, type DirectoryClaims, type PolicyBody, type PolicySnapshot } from '#contract/policy';
import { sha256, START_MS, type TestSite } from '../suites/gateway-world.ts';

/** One version of the orders. */
export interface IssuedVersion {
  readonly v: number;
  readonly mh: string;
  readonly body: PolicyBody;
  /** Names of its permits. */
  readonly members: ReadonlySet<string>;
}

/** Who signs the orders of a world, and remembers all that was ever signed. */
export interface PolicyOffice {
  newest(): IssuedVersion;
  version(v: number): IssuedVersion | undefined;
  permit(jti: string): PermitClaims | undefined;
  /** Version that took a permit back; undefined where it counts. */
  revokedIn(jti: string): number | undefined;
  issue(claims: PermitClaims): void;
  revoke(jti: string): void;
  /** An answer to a gateway that holds version `have`. */
  answer(
    gateway: string,
    have: number,
    nonce: string,
    tMs: number,
    other?: { readonly v?: number; readonly isWhole?: boolean },
  ): PolicySnapshot;
}

export function createPolicyOffice(site: TestSite, creds: DirectoryClaims['creds']): PolicyOffice {
  const versions: IssuedVersion[] = [];
  const all = new Map<string, PermitClaims>();
  const revoked = new Map<string, number>();
  let counting: readonly PermitClaims[] = [];

  function publish(): void {
    const last = versions.at(-1);
    const v = (last?.v ?? 0) + 1;
    const body = site.policy({
      v,
      permits: counting,
      creds,
      ...(last !== undefined && { prev: last.mh }),
    });
    versions.push({
      v,
      mh: jwsHash(sha256, body.manifest),
      body,
      members: new Set(counting.map(({ jti }) => jti)),
    });
  }
  publish();

  const newest = (): IssuedVersion => {
    const last = versions.at(-1);
    if (last === undefined) throw new Error('there is a first version');
    return last;
  };

  return {
    newest,
    version: (v) => versions[v - 1],
    permit: (jti) => all.get(jti),
    revokedIn: (jti) => revoked.get(jti),
    issue: (claims) => {
      all.set(claims.jti, claims);
      counting = [...counting, claims];
      publish();
    },
    revoke: (jti) => {
      counting = counting.filter((each) => each.jti !== jti);
      publish();
      revoked.set(jti, newest().v);
    },
    answer: (gateway, have, nonce, tMs, { v = newest().v, isWhole = false } = {}) => {
      const told = versions[v - 1] ?? newest();
      const heartbeat = site.heartbeat({ nonce, t: Math.floor(tMs), v: told.v, mh: told.mh, gw: gateway });
      if (have === told.v && !isWhole) return { heartbeat };
      const chain = have === 0 ? [] : versions.slice(have, told.v - 1).map(({ body }) => body.manifest);
      return { heartbeat, body: { ...told.body, ...(chain.length > 0 && { chain }) } };
    },
  };
}

/** The name of the n-th permit. */
export const permitName = (n: number): string => `pm_${String(n).padStart(22, '0')}`;

/** Seconds since 1970 of a moment so many hours after the start of a world. */
export const hoursIn = (hours: number): number => Math.floor(START_MS / 1000 + hours * 3600);
