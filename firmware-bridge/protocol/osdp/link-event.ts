import type { Capabilities } from './capabilities.ts';
import type { PairedKey } from './channel-key.ts';
import type { HandshakeFault } from './handshake.ts';
import type { KeypadKey } from './keypad.ts';
import type { OutputRefusal } from './output-safety.ts';
import type { Identity, Reply } from './replies.ts';
import type { PointChanged } from './supervision.ts';

/**
 * How old an event may be at most: the device's queue was known to be empty `maxAgeMs` ago. `undefined`: never known
 * to be empty. `isAfterOffline`: the link was down since then, so the event may have waited for the link to return.
 */
export interface EventAge {
  readonly maxAgeMs: number | undefined;
  readonly isAfterOffline: boolean;
}

/**
 * `unstable`: the device lost its session again and again. `key-required`: it wants a secure channel and has no key
 * here. The rest: how the handshake failed.
 */
export type OfflineReason = 'silent' | 'unplugged' | 'unstable' | 'key-required' | HandshakeFault;

export type RequestRefusal = OutputRefusal | 'no-secure-channel' | 'key-unfit' | 'too-long';

/**
 * What became of a request. `acknowledged`: the device did it. `declined`: the device said no, with its NAK code, or
 * `wrong-reply`; `isVerified` is false where the no came in clear although the channel is secure. `refused`: never
 * sent, it is not safe. `expired`, `offline`, `queue-full`: never sent. `unconfirmed`: sent, outcome unknown; it is
 * never sent again.
 */
export type RequestOutcome =
  | { readonly kind: 'acknowledged'; readonly reply: Reply }
  | {
      readonly kind: 'declined';
      readonly reason: number | 'wrong-reply' | 'key-not-taken';
      readonly isVerified: boolean;
    }
  | { readonly kind: 'refused'; readonly reason: RequestRefusal }
  | { readonly kind: 'expired' | 'offline' | 'queue-full' | 'unconfirmed' };

export type LinkDiagnostic =
  /** A reply that is not for the command in flight: late, or twice. */
  | 'late-reply'
  /** No reply in time. */
  | 'no-reply'
  /** The device lost its state: it restarted, or lost count. */
  | 'device-restarted'
  /** A frame in clear, or with a wrong MAC, where only a secured one counts. */
  | 'untrusted-reply'
  /** A reply whose payload cannot be read. */
  | 'malformed-reply'
  /** The device did not take our frame for whole. */
  | 'damaged-command'
  /** A card or key from a device that still has the key that everybody knows: dropped. */
  | 'unpaired-event'
  /** A byte that no key of a keypad sends. */
  | 'unknown-key';

export type LinkEvent =
  | {
      readonly type: 'online';
      readonly isSecure: boolean;
      readonly identity: Identity | undefined;
      readonly capabilities: Capabilities;
    }
  | { readonly type: 'offline'; readonly reason: OfflineReason }
  /** A card read. `bits`: first bit = highest bit of the first byte, zeros behind the last. */
  | ({
      readonly type: 'card-read';
      readonly reader: number;
      readonly format: number;
      readonly bitCount: number;
      readonly bits: Uint8Array;
    } & EventAge)
  | ({
      readonly type: 'keys-pressed';
      readonly reader: number;
      readonly keys: readonly KeypadKey[];
    } & EventAge)
  | PointChanged
  /** A reply to a poll that this link has no use for. */
  | { readonly type: 'other-replied'; readonly reply: Reply }
  | { readonly type: 'request-finished'; readonly id: string; readonly outcome: RequestOutcome }
  /** The device answers with the key that everybody knows though it was paired: somebody may have reset it. */
  | { readonly type: 'install-mode-met' }
  /** The new key works, the old one is gone: this is the moment to store it. */
  | { readonly type: 'key-changed'; readonly key: PairedKey }
  /** The old key still works, so the new one was not taken and is given up. */
  | { readonly type: 'key-kept' }
  | { readonly type: 'diagnosed'; readonly diagnostic: LinkDiagnostic };
