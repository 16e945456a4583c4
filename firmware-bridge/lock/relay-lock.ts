import { lockPortName, type PulseOutcome, type SecureOutcome } from '../hardware.ts';
import type { DriverWorld } from '../driver-world.ts';
import {
  canLcusTell,
  createLcusRelay,
  stepLcusRelay,
  type LcusRelayState,
} from '../protocol/lcus/lcus-relay.ts';
import {
  createModbusRelay,
  stepModbusRelay,
  type ModbusRelayConfig,
  type ModbusRelayState,
  type RelayEffect,
  type RelayInput,
} from '../protocol/modbus/modbus-relay.ts';
import { createDiagnostics } from '../readers/diagnostics.ts';
import { createReaderStatus } from '../readers/reader-status.ts';
import { openAskedDevice, type AskedMachine } from '../transport/asked-device.ts';
import type { PortAddress } from '../transport/byte-link.ts';
import type { DoorLock } from './door-lock.ts';
import { createPulseGate } from './pulse-gate.ts';

/** A relay board on a port of its own. */
export interface RelayMachine<State> extends AskedMachine<State, RelayInput, RelayEffect> {
  /** Whether the board can say at all whether it is locked. */
  canTell(state: State): boolean;
}

export const modbusRelay = (config: ModbusRelayConfig): RelayMachine<ModbusRelayState> => ({
  start: createModbusRelay(config),
  step: stepModbusRelay,
  dueMs: ({ dueMs }) => dueMs,
  canTell: ({ isOnline }) => isOnline,
});

export const lcusRelay = (channel: number): RelayMachine<LcusRelayState> => ({
  start: createLcusRelay(channel),
  step: stepLcusRelay,
  dueMs: ({ dueMs }) => dueMs,
  canTell: canLcusTell,
});

/**
 * Opens a relay board as a lock; it is locked after each opening of its port before anything else.
 * @see RULES.md FB101-FB107
 */
export function openRelayLock<State>(
  machine: RelayMachine<State>,
  address: PortAddress,
  world: DriverWorld,
): DoorLock {
  const { clock, emit } = world;
  const tellLink = createReaderStatus(lockPortName, clock, emit);
  const diagnostics = createDiagnostics(lockPortName, clock, emit);
  const pulses = new Map<string, (outcome: PulseOutcome) => void>();
  let securing: ((outcome: SecureOutcome) => void)[] = [];

  const settleSecure = (outcome: SecureOutcome): void => {
    const waiting = securing;
    securing = [];
    for (const resolve of waiting) resolve(outcome);
  };
  const perform = (effect: RelayEffect): void => {
    switch (effect.type) {
      case 'pulse-answered':
        pulses.get(effect.id)?.(effect.answer);
        pulses.delete(effect.id);
        return;
      case 'relay':
        emit({ type: 'lock', state: effect.state, atMs: clock.monoMs() });
        if (effect.state === 'secured') settleSecure({ kind: 'secured' });
        return;
      case 'fault':
        emit({ type: 'lock', state: 'fault', atMs: clock.monoMs() });
        if (effect.code === 'not-secured') settleSecure({ kind: 'unconfirmed' });
        return;
      case 'damaged':
        return diagnostics.count('damaged-read');
      case 'send':
      case 'online':
      case 'offline':
        return;
    }
  };

  const device = openAskedDevice<State, RelayInput, RelayEffect>(machine, address, world, {
    perform,
    tellLink: (state, reason) => {
      if (state === 'offline') settleSecure({ kind: 'unconfirmed' });
      tellLink(state, reason);
    },
  });

  return {
    pulse: createPulseGate(
      clock,
      ({ id, durationMs, notAfterMs }) =>
        new Promise((resolve) => {
          pulses.set(id, resolve);
          device.give({ type: 'pulse', pulse: { id, durationMs, notAfterMs }, atMs: clock.monoMs() });
        }),
    ),
    secure: () =>
      new Promise((resolve) => {
        const canTell = machine.canTell(device.state());
        if (canTell) securing.push(resolve);
        else resolve({ kind: 'unconfirmed' });
        device.give({ type: 'secure', atMs: clock.monoMs() });
      }),
    close: async () => {
      await device.close();
      diagnostics.stop();
    },
  };
}
