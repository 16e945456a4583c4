import { installKey, pairedChannelKey, type ChannelKey, type PairedKey } from './channel-key.ts';
import type { LinkEvent } from './link-event.ts';

/**
 * The keys of one link. A key that was sent to the device is `next` until a handshake shows which of the two the
 * device has; until then the old one is kept and both are tried in turn.
 */
export interface LinkKeys {
  readonly current: ChannelKey;
  readonly next: PairedKey | undefined;
  readonly isTryingNext: boolean;
  /** The KEYSET request whose outcome that handshake tells. */
  readonly keysetId: string | undefined;
}

export const unpairedKeys: LinkKeys = {
  current: installKey,
  next: undefined,
  isTryingNext: false,
  keysetId: undefined,
};

export const pairedKeys = (key: PairedKey, next: PairedKey | undefined): LinkKeys => ({
  current: pairedChannelKey(key),
  next,
  isTryingNext: next !== undefined,
  keysetId: undefined,
});

/** The key that the next handshake tries. */
export const handshakeKey = ({ current, next, isTryingNext }: LinkKeys): ChannelKey =>
  isTryingNext && next !== undefined ? pairedChannelKey(next) : current;

/** A device in install mode shows nothing but a key that everybody has. */
export const isUnpaired = (keys: LinkKeys | undefined): boolean => keys?.current.indicator === 0;

/** Takes up a key as it goes out: from here on the device may have it, whatever it answers. */
export const offerKey = (keys: LinkKeys, next: PairedKey): LinkKeys => ({
  ...keys,
  next,
  isTryingNext: true,
});

/** A handshake worked: the key it was made with is the key, and the other one is given up. */
export function settleKeys(keys: LinkKeys): {
  readonly keys: LinkKeys;
  readonly events: readonly LinkEvent[];
} {
  const { next, isTryingNext, keysetId } = keys;
  if (next === undefined) return { keys, events: [] };
  const settled = { ...keys, next: undefined, isTryingNext: false, keysetId: undefined };
  const finished: readonly LinkEvent[] =
    keysetId === undefined
      ? []
      : [
          {
            type: 'request-finished',
            id: keysetId,
            outcome: isTryingNext
              ? { kind: 'acknowledged', reply: { type: 'ACK' } }
              : { kind: 'declined', reason: 'key-not-taken', isVerified: true },
          },
        ];
  return isTryingNext
    ? {
        keys: { ...settled, current: pairedChannelKey(next) },
        events: [{ type: 'key-changed', key: next }, ...finished],
      }
    : { keys: settled, events: [{ type: 'key-kept' }, ...finished] };
}
