import { asMonoMs, type Clock, type Random } from '#contract/clock';
import { err, ok, type Result } from '#contract/result';
import type { RequestOutcome } from '../protocol/osdp/link-event.ts';
import type { LinkSecurity } from '../protocol/osdp/link-state.ts';
import { createAlarm } from '../transport/alarm.ts';
import type { OpenLink, PortAddress } from '../transport/byte-link.ts';
import { createOsdpLine } from './osdp-line.ts';
import type { ReaderKey } from './reader-key.ts';

/** Which reader gets which key. */
export interface Pairing {
  readonly port: PortAddress;
  /** 0 to 126. */
  readonly address: number;
  /** The key that it has; null for a reader in install mode. */
  readonly oldKey: ReaderKey | null;
  readonly newKey: ReaderKey;
}

/**
 * `not-reached`: no reader there answers with the key that it should have, in time; it has kept what it had.
 * `declined`: it has kept its key. `unknown`: it was told the new key and not heard of since: either may hold.
 */
export type PairingRefusal = 'not-reached' | 'declined' | 'unknown';

/** A reader that restarts with its new key and is met again takes a few seconds. */
const pairingMs = 30_000;

/**
 * Gives a reader a new key, and waits for the handshake that proves it. Only ever run by a person who stands at the
 * reader: a panel that re-keyed a reader by itself would hand the key to whoever put one there.
 * @throws Fault where the port cannot be opened
 * @see RULES.md FB131, deploy/cli/RULES.md DC21
 */
export async function pairReader(
  pairing: Pairing,
  ports: { readonly clock: Clock; readonly random: Random; readonly openLink: OpenLink },
): Promise<Result<'paired', PairingRefusal>> {
  const { clock } = ports;
  const { port, address, oldKey, newKey } = pairing;
  const security: LinkSecurity = oldKey === null ? { mode: 'install' } : { mode: 'paired', key: oldKey };
  const untilMs = asMonoMs(clock.monoMs() + pairingMs);
  let isTold = false;
  let settle: (outcome: Result<'paired', PairingRefusal>) => void = () => undefined;
  const settled = new Promise<Result<'paired', PairingRefusal>>((resolve) => {
    settle = resolve;
  });
  const giveUp = (): void => settle(err(isTold ? 'unknown' : 'not-reached'));

  const link = await ports.openLink(port);
  const line = createOsdpLine({ baud: port.baud, links: [{ address, security }] }, ports, (event) => {
    if (event.type === 'key-changed') settle(ok('paired'));
    else if (event.type === 'key-kept') settle(err('declined'));
    else if (event.type === 'online' && event.isSecure && !isTold) {
      isTold = true;
      void line.request(address, { type: 'KEYSET', key: newKey }, untilMs).then((outcome) => {
        const refusal = pairingRefusalOf(outcome);
        if (refusal !== null) settle(err(refusal));
      });
    }
  });
  const over = createAlarm(clock, giveUp);
  over.set(untilMs);
  link.onClosed(giveUp);
  line.takeUp(link);
  const outcome = await settled;
  over.set(null);
  line.stop();
  await link.close();
  return outcome;
}

/**
 * What the end of the request says of the key that the reader has; null where it took the new one. A no that anybody
 * could have said, and one that cannot be read, leave it open: to forget the new key then could lock everybody out.
 */
export function pairingRefusalOf(outcome: RequestOutcome): PairingRefusal | null {
  switch (outcome.kind) {
    case 'acknowledged':
      return null;
    case 'declined':
      return outcome.isVerified && outcome.reason !== 'wrong-reply' ? 'declined' : 'unknown';
    case 'unconfirmed':
      return 'unknown';
    case 'refused':
    case 'expired':
    case 'offline':
    case 'queue-full':
      return 'not-reached';
  }
}
