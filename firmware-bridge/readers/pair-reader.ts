import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Clock, Random } from '#contract/clock';
import { Fault, err, ok, type Result } from '#contract/result';
import { createAes128 } from '../protocol/osdp/aes-128.ts';
import { createBus, stepBus, type Bus, type BusInput } from '../protocol/osdp/bus.ts';
import type { LinkEvent } from '../protocol/osdp/link-event.ts';
import type { LinkSecurity } from '../protocol/osdp/link-state.ts';
import { createAlarm } from '../transport/alarm.ts';
import type { OpenLink, PortAddress } from '../transport/byte-link.ts';
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

type Told<T> = T extends unknown ? Omit<T, 'nowMs' | 'rndA'> : never;

/** A reader that restarts with its new key and is met again takes a few seconds. */
const pairingMs = 30_000;
const keysetId = 'keyset';

/**
 * Gives a reader a new key, and waits for the handshake that proves it. Only ever run by a person who stands at the
 * reader: a panel that re-keyed a reader by itself would hand the key to whoever put one there.
 * @throws Fault where the port cannot be opened
 * @see deploy/cli/RULES.md DC21
 */
export async function pairReader(
  pairing: Pairing,
  ports: { readonly clock: Clock; readonly random: Random; readonly openLink: OpenLink },
): Promise<Result<'paired', PairingRefusal>> {
  const { clock, random } = ports;
  const { address, oldKey, newKey } = pairing;
  const aes = createAes128({ createCipheriv, createDecipheriv });
  const security: LinkSecurity = oldKey === null ? { mode: 'install' } : { mode: 'paired', key: oldKey };
  const untilMs = clock.monoMs() + pairingMs;
  let bus: Bus = createBus({ baud: pairing.port.baud, links: [{ address, security }] }, clock.monoMs());
  let isTold = false;
  let settle: (outcome: Result<'paired', PairingRefusal>) => void = () => undefined;
  const settled = new Promise<Result<'paired', PairingRefusal>>((resolve) => {
    settle = resolve;
  });

  const link = await ports.openLink(pairing.port);
  const give = (input: Told<BusInput>): void => {
    const nowMs = clock.monoMs();
    const output = stepBus({ aes }, bus, { ...input, nowMs, rndA: random.bytes(8) });
    bus = output.bus;
    if (output.send !== undefined) {
      link.write(output.send).catch((cause: unknown) => {
        // A link that is lost tells so through onClosed.
        if (!(cause instanceof Fault)) throw cause;
      });
    }
    wake.set(Math.min(output.wakeAtMs ?? untilMs, untilMs));
    for (const event of output.events) hear(event);
    if (nowMs >= untilMs) settle(err(isTold ? 'unknown' : 'not-reached'));
  };
  const hear = (event: { readonly type: 'line-noise' } | LinkEvent): void => {
    if (event.type === 'key-changed') settle(ok('paired'));
    else if (event.type === 'key-kept') settle(err('declined'));
    else if (event.type === 'request-finished' && event.outcome.kind !== 'acknowledged') {
      settle(err(event.outcome.kind === 'unconfirmed' ? 'unknown' : 'declined'));
    } else if (event.type === 'online' && event.isSecure && !isTold) {
      isTold = true;
      const command = { type: 'KEYSET', key: newKey } as const;
      queueMicrotask(() =>
        give({ type: 'requested', address, request: { id: keysetId, command, notAfterMs: untilMs } }),
      );
    }
  };
  const wake = createAlarm(clock, () => give({ type: 'tick' }));
  link.onBytes((bytes) => give({ type: 'received', bytes }));
  link.onClosed(() => settle(err(isTold ? 'unknown' : 'not-reached')));
  give({ type: 'opened' });
  const outcome = await settled;
  wake.set(null);
  await link.close();
  return outcome;
}
