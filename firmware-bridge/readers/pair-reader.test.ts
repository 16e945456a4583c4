import { expect, it } from 'vitest';
import type { RequestOutcome } from '../protocol/osdp/link-event.ts';
import { pairingRefusalOf, type PairingRefusal } from './pair-reader.ts';

it.each<readonly [RequestOutcome, PairingRefusal | null]>([
  [{ kind: 'acknowledged', reply: { type: 'ACK' } }, null],
  [{ kind: 'declined', reason: 'key-not-taken', isVerified: true }, 'declined'],
  [{ kind: 'declined', reason: 9, isVerified: true }, 'declined'],
  [{ kind: 'declined', reason: 9, isVerified: false }, 'unknown'],
  [{ kind: 'declined', reason: 'wrong-reply', isVerified: true }, 'unknown'],
  [{ kind: 'unconfirmed' }, 'unknown'],
  [{ kind: 'refused', reason: 'no-secure-channel' }, 'not-reached'],
  [{ kind: 'expired' }, 'not-reached'],
  [{ kind: 'offline' }, 'not-reached'],
  [{ kind: 'queue-full' }, 'not-reached'],
])('FB131: after %j the reader counts as %j', (outcome, refusal) => {
  expect(pairingRefusalOf(outcome)).toBe(refusal);
});
