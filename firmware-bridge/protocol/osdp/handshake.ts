import { malformed, parsed, type Parsed } from '../result.ts';
import type { Aes128 } from './aes-128.ts';
import { allZeroKey, defaultKey, type ChannelKey } from './channel-key.ts';
import type { SecurityBlock } from './frame.ts';
import type { SecureSession } from './secure-frame.ts';
import {
  deriveSessionKeys,
  deviceCryptogram,
  initialReplyMac,
  isSameSecret,
  panelCryptogram,
  type SessionKeys,
} from './session-keys.ts';

export const HANDSHAKE_BLOCK = { chlng: 0x11, ccrypt: 0x12, scrypt: 0x13, rmac: 0x14 } as const;

/** The status byte of RMAC_I that means success; every other value is a failure. */
const RMAC_SUCCESS = 0x01;

export const keyBlock = (type: number, { indicator }: ChannelKey): SecurityBlock => ({
  type,
  data: Uint8Array.of(indicator),
});

/** `known-key`: the device has a key that everybody knows instead of ours. `wrong-key`: it has another one. */
export type HandshakeFault = 'block' | 'key-indicator' | 'known-key' | 'wrong-key' | 'refused';

/** A handshake of ours after a right CCRYPT. */
export interface ProvenDevice {
  readonly keys: SessionKeys;
  readonly panelProof: Uint8Array;
}

/** Checks that a CCRYPT answers our challenge with our key, indicator included. */
export function proveDevice(
  aes: Aes128,
  channelKey: ChannelKey,
  rndA: Uint8Array,
  security: SecurityBlock | undefined,
  reply: { readonly rndB: Uint8Array; readonly cryptogram: Uint8Array },
): Parsed<ProvenDevice, HandshakeFault> {
  if (security?.type !== HANDSHAKE_BLOCK.ccrypt || security.data.length !== 1) return malformed('block');
  const keys = deriveSessionKeys(aes, channelKey.key, rndA);
  const isProvenBy = (candidate: SessionKeys): boolean =>
    isSameSecret(deviceCryptogram(aes, candidate, rndA, reply.rndB), reply.cryptogram);
  const hasKnownKey = (): boolean =>
    [defaultKey, allZeroKey].some((known) => isProvenBy(deriveSessionKeys(aes, known, rndA)));
  if (security.data[0] !== channelKey.indicator)
    return malformed(channelKey.indicator === 1 && hasKnownKey() ? 'known-key' : 'key-indicator');
  if (!isProvenBy(keys))
    return malformed(channelKey.indicator === 1 && hasKnownKey() ? 'known-key' : 'wrong-key');
  return parsed({ keys, panelProof: panelCryptogram(aes, keys, rndA, reply.rndB) });
}

/** Checks RMAC_I, status and value, and starts the session. */
export function startSession(
  aes: Aes128,
  device: ProvenDevice,
  security: SecurityBlock | undefined,
  rMac: Uint8Array,
): Parsed<SecureSession, HandshakeFault> {
  if (security?.type !== HANDSHAKE_BLOCK.rmac || security.data.length !== 1) return malformed('block');
  if (security.data[0] !== RMAC_SUCCESS) return malformed('refused');
  const expected = initialReplyMac(aes, device.keys, device.panelProof);
  if (!isSameSecret(expected, rMac)) return malformed('wrong-key');
  // There is no command yet to chain on; the first command sets the C-MAC before any reply needs it.
  return parsed({ keys: device.keys, commandMac: new Uint8Array(16), replyMac: rMac });
}
