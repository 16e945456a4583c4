import type { Aes128 } from './aes-128.ts';
import { noCapabilities, type Capabilities } from './capabilities.ts';
import type { PairedKey } from './channel-key.ts';
import type { Command } from './commands.ts';
import type { CheckMode, Sqn } from './frame.ts';
import type { ProvenDevice } from './handshake.ts';
import type { OfflineReason } from './link-event.ts';
import { pairedKeys, unpairedKeys, type LinkKeys } from './link-keys.ts';
import type { Identity } from './replies.ts';
import type { SecureSession } from './secure-frame.ts';
import { noPoints, type KnownPoints } from './supervision.ts';

/**
 * `clear`: no key, every frame counts. `paired`: nothing in clear counts; `nextKey` is a key that was sent to the
 * device but not yet seen to work, as stored before a restart. `install`: the key that everybody knows, only to set
 * a proper one; cards and keys read over it do not count.
 */
export type LinkSecurity =
  | { readonly mode: 'clear' }
  | { readonly mode: 'paired'; readonly key: PairedKey; readonly nextKey?: PairedKey }
  | { readonly mode: 'install' };

export interface LinkConfig {
  /** 0 to 126; 127 only for a single device on the line. */
  readonly address: number;
  readonly security: LinkSecurity;
  /** 50 for one door, 100 for several. Default 100. */
  readonly pollMs?: number;
  /** Takes status replies of devices that send them clear but under the MAC. Default false. */
  readonly acceptsBareStatus?: boolean;
}

/** What the secure channel needs from outside. */
export interface LinkPorts {
  readonly aes: Aes128;
}

export interface LinkTimes {
  readonly pollMs: number;
  /** No valid reply for this long: the device is offline. */
  readonly offlineMs: number;
  readonly reprobeMs: number;
  readonly handshakeRetryMs: readonly [shortest: number, longest: number];
  readonly surveyMs: number;
  /** Repeats at once; further ones come at the pace of polls. */
  readonly quickRepeats: number;
}

/** OSDP v2.2 sets 8 s; the rest is what keeps a line of several devices lively. */
export const linkTimes: LinkTimes = {
  pollMs: 100,
  offlineMs: 8000,
  reprobeMs: 1000,
  handshakeRetryMs: [1000, 60_000],
  surveyMs: 30_000,
  quickRepeats: 3,
};

export type LinkState =
  'offline' | 'challenging' | 'scrypting' | 'identifying' | 'reading-capabilities' | 'online';

/** The handshake is the link's own. */
export type RequestableCommand = Exclude<Command, { readonly type: 'CHLNG' | 'SCRYPT' }>;

/** Something asked of a device. It is never sent past `notAfterMs`. */
export interface LinkRequest {
  readonly id: string;
  readonly command: RequestableCommand;
  readonly notAfterMs: number;
}

/** One command and the wait for its reply; every repeat sends the same bytes. */
export interface Exchange {
  readonly command: Command;
  readonly request: LinkRequest | undefined;
  readonly bytes: Uint8Array;
  readonly sqn: Sqn;
  readonly check: CheckMode;
  /** The C-MAC that the reply must chain on; undefined outside of a session. */
  readonly commandMac: Uint8Array | undefined;
  readonly attempts: number;
  readonly firstSentAtMs: number;
  readonly isInFlight: boolean;
  /** Nobody answered the last attempt. BUSY is an answer. */
  readonly isUnanswered: boolean;
}

export interface Link {
  readonly config: LinkConfig;
  readonly times: LinkTimes;
  readonly state: LinkState;
  /** As told outside: stays true while a lost session is being renewed. */
  readonly isOnline: boolean;
  readonly check: CheckMode;
  /** The other check mode was asked for by NAK 1, so what PDCAP says of CRC does not count. */
  readonly hasCheckTrouble: boolean;
  readonly sqn: Sqn;
  /** undefined: a link in clear. */
  readonly keys: LinkKeys | undefined;
  readonly rndA: Uint8Array | undefined;
  readonly device: ProvenDevice | undefined;
  readonly session: SecureSession | undefined;
  readonly exchange: Exchange | undefined;
  /** The last reply taken; the same bytes again are its echo, not news. */
  readonly lastReply: Uint8Array | undefined;
  readonly queue: readonly LinkRequest[];
  /** Status questions still to ask. */
  readonly survey: readonly Command[];
  readonly surveyedAtMs: number;
  readonly identity: Identity | undefined;
  readonly capabilities: Capabilities;
  readonly points: KnownPoints;
  readonly dueAtMs: number;
  readonly lastValidAtMs: number;
  /** When the device was last known to have nothing queued. */
  readonly emptyAtMs: number | undefined;
  readonly wasOfflineSinceEmpty: boolean;
  readonly failedHandshakes: number;
  readonly probes: number;
  /** Why the link is down, as last told; the same reason is not told twice. */
  readonly offlineReason: OfflineReason | undefined;
}

/** A link that has not talked to its device yet; its first probe is due at once. */
export function createLink(config: LinkConfig, nowMs: number): Link {
  const { security } = config;
  return {
    config,
    times: { ...linkTimes, pollMs: config.pollMs ?? linkTimes.pollMs },
    state: 'offline',
    isOnline: false,
    check: 'crc',
    hasCheckTrouble: false,
    sqn: 0,
    keys:
      security.mode === 'clear'
        ? undefined
        : security.mode === 'install'
          ? unpairedKeys
          : pairedKeys(security.key, security.nextKey),
    rndA: undefined,
    device: undefined,
    session: undefined,
    exchange: undefined,
    lastReply: undefined,
    queue: [],
    survey: [],
    surveyedAtMs: nowMs,
    identity: undefined,
    capabilities: noCapabilities,
    points: noPoints,
    dueAtMs: nowMs,
    lastValidAtMs: nowMs,
    emptyAtMs: undefined,
    wasOfflineSinceEmpty: true,
    failedHandshakes: 0,
    probes: 0,
    offlineReason: undefined,
  };
}
