import { createCipheriv, createDecipheriv } from 'node:crypto';
import { asMonoMs, type Clock, type Random } from '#contract/clock';
import { createAes128 } from '../protocol/osdp/aes-128.ts';
import type { PlannedFault } from '../protocol/osdp/peripheral/faults.ts';
import {
  createPeripheralLine,
  stepPeripheralLine,
  type DoorAct,
  type PeripheralInput,
} from '../protocol/osdp/peripheral/peripheral-line.ts';
import type { PeripheralConfig, PeripheralEvent } from '../protocol/osdp/peripheral/peripheral-state.ts';
import { createAlarm } from '../transport/alarm.ts';
import type { RelayEdge } from './relay-wire.ts';
import type { VirtualPort } from './virtual-port.ts';

export interface OsdpStationOptions {
  /** Hears what the readers do, as it happens. */
  readonly onSeen?: (event: Seen) => void;
  /** Whether the adapter on this line gives the host its own bytes back. */
  readonly hasEcho?: boolean;
}

type Told<T> = T extends unknown ? Omit<T, 'nowMs' | 'rndB'> : never;
type Seen = PeripheralEvent & { readonly address: number };

/** OSDP readers on one line, at the device's end of a cable. `address` is 1 unless said. */
export interface OsdpStation {
  act(act: DoorAct, address?: number): void;
  /** Shows a card whose bits fill the given bytes from the highest bit of the first on. */
  presentCard(bitCount: number, bits: Uint8Array, address?: number): void;
  /** The next commands, or replies to them, have these faults. */
  failNext(faults: readonly PlannedFault[], address?: number): void;
  /** All that could be seen of the readers, in order. */
  seen(): readonly Seen[];
  /** Every edge of an output's relay: the oracle of tests. */
  relayLine(output?: number, address?: number): readonly RelayEdge[];
  /** Commands are taken until then. */
  stop(): void;
}

/** Makes the readers of that port; `random` is where they take their part of a handshake. */
export function createOsdpStation(
  port: VirtualPort,
  clock: Clock,
  random: Random,
  devices: readonly PeripheralConfig[],
  { onSeen = () => undefined, hasEcho = false }: OsdpStationOptions = {},
): OsdpStation {
  const aes = createAes128({ createCipheriv, createDecipheriv });
  const seen: Seen[] = [];
  let line = createPeripheralLine(devices, clock.monoMs(), hasEcho);
  let isStopped = false;

  const give = (input: Told<PeripheralInput>): void => {
    if (isStopped) return;
    const nowMs = clock.monoMs();
    const output = stepPeripheralLine({ aes }, line, { ...input, nowMs, rndB: random.bytes(8) });
    ({ line } = output);
    for (const event of output.events) {
      seen.push(event);
      onSeen(event);
    }
    wake.set(output.wakeAtMs ?? null);
    for (const { afterMs, bytes } of output.transmissions) {
      if (afterMs === 0) port.write(bytes);
      else void send(bytes, nowMs + afterMs);
    }
  };
  const send = async (bytes: Uint8Array, atMs: number): Promise<void> => {
    await clock.sleepUntil(asMonoMs(atMs));
    port.write(bytes);
  };
  const wake = createAlarm(clock, () => give({ type: 'tick' }));
  port.onBytes((bytes) => give({ type: 'received', bytes: Uint8Array.from(bytes) }));

  const act: OsdpStation['act'] = (what, address = 1) => give({ type: 'acted', address, act: what });
  return {
    act,
    presentCard: (bitCount, bits, address) => act({ type: 'card-presented', bitCount, bits }, address),
    failNext: (faults, address) => act({ type: 'faults-planned', faults }, address),
    seen: () => [...seen],
    relayLine: (output = 0, address = 1) =>
      seen.flatMap((event) =>
        event.type === 'output-switched' && event.output === output && event.address === address
          ? [{ atMs: event.atMs, isOn: event.isOn }]
          : [],
      ),
    stop: () => {
      isStopped = true;
      wake.set(null);
    },
  };
}
