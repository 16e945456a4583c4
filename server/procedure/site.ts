import type { StreamMessage } from '#contract/api';
import type { Clock, Random } from '#contract/clock';
import type { Problem, ProblemCode } from '#contract/problem';
import type { Audience } from '../domain/stream-audience.ts';
import type { Broadcast } from '../notify/broadcast.ts';
import type { KeyStore } from '../signing/key-store.ts';
import { sha256 } from '../signing/node-crypto.ts';
import type { ErasureLedger } from '../signing/erasure-ledger.ts';
import type { PiiBox } from '../signing/pii-box.ts';
import type { SiteSigner } from '../signing/site-signer.ts';
import type { Vault } from '../signing/vault.ts';
import type { Database } from '../store/database.ts';
import type { SiteLogPort } from '../store/site-log.ts';

/** A line of the server's log: constant words and harmless facts. It may be lost; the journal may not. */
export interface Log {
  info(facts: Readonly<Record<string, unknown>>, words: string): void;
  warn(facts: Readonly<Record<string, unknown>>, words: string): void;
  error(facts: Readonly<Record<string, unknown>>, words: string): void;
}

/** A live message with whom it is about. */
export interface LiveItem {
  readonly message: StreamMessage;
  readonly audience: Audience;
}

/** Tells which gateway should ask. */
export interface GatewayWake {
  readonly gatewayId: string;
}

/** A running site: what every procedure works with. */
export interface Site {
  readonly id: string;
  /** IANA name. */
  readonly timeZone: string;
  readonly db: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly signer: SiteSigner;
  readonly pepper: Uint8Array;
  /** Seals what commitments stand for. */
  readonly vault: Vault;
  /** Seals personal values in columns. */
  readonly pii: PiiBox;
  /** Who was erased, apart from the database. */
  readonly erasures: ErasureLedger;
  /** Root documents, the newest in force last; officials may add to it while the server runs. */
  readonly rootChain: KeyStore['rootChain'];
  /** Takes root documents that were put beside the keys. */
  readonly reloadRoots: KeyStore['reload'];
  readonly live: Broadcast<LiveItem>;
  /** Versions of the policy as they come into force. */
  readonly policyChanges: Broadcast<number>;
  /** Gateways for which an order waits. */
  readonly commands: Broadcast<GatewayWake>;
  readonly log: Log;
  /** Folder of attached files, each under its hash. */
  readonly filesDir: string;
}

/** Why a procedure did not go through, and which fields are at fault. */
export interface Refusal {
  readonly code: ProblemCode;
  readonly errors?: NonNullable<Problem['errors']>;
}

/** Says why in one word. */
export const refusal = (code: ProblemCode, errors?: NonNullable<Problem['errors']>): Refusal =>
  errors === undefined ? { code } : { code, errors };

/** What appending to the site log needs. */
export const siteLogPort = (site: Site): SiteLogPort => ({
  siteId: site.id,
  sha256,
  signCheckpoint: (checkpoint) => site.signer.signSiteCheckpoint(checkpoint),
});
