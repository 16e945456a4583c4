import type { Aes128 } from '../aes-128.ts';
import type { Command } from '../commands.ts';
import type { ProvenDevice } from '../handshake.ts';
import type { Sqn } from '../frame.ts';
import type { CapabilityRecord, Identity, Reply } from '../replies.ts';
import type { SecureSession } from '../secure-frame.ts';
import type { PlannedFault } from './faults.ts';
import { restingOutput, type TimedOutput } from './timed-output.ts';

export interface PeripheralConfig {
  /** 0 to 126. */
  readonly address: number;
  readonly identity: Identity;
  readonly capabilities: readonly CapabilityRecord[];
  readonly inputs: number;
  readonly outputs: number;
  readonly readers: number;
  /** 8 bytes, told in CCRYPT. */
  readonly clientUid: Uint8Array;
  /** The paired key, 16 bytes; undefined for a device that was never paired. */
  readonly key: Uint8Array | undefined;
  /** Opens a channel with the key that everybody knows, and takes a new one over it. */
  readonly isInInstallMode: boolean;
  /** false: a device without a secure channel. */
  readonly hasSecurity: boolean;
  /** Refuses all but ID, CAP and the handshake in clear. */
  readonly requiresSecurity: boolean;
  /** Answers OUT with the state of the outputs, as some devices do. */
  readonly answersOutWithStatus: boolean;
}

/** A device that holds all that a door needs: one input, two outputs, a reader with keypad, buzzer and display. */
export const usualPeripheral: PeripheralConfig = {
  address: 1,
  identity: {
    vendor: Uint8Array.of(0x5a, 0x01, 0x50),
    model: 1,
    version: 1,
    serial: 1001,
    firmware: [1, 0, 0],
  },
  capabilities: [
    { function: 1, compliance: 1, count: 2 },
    { function: 2, compliance: 4, count: 2 },
    { function: 3, compliance: 1, count: 0 },
    { function: 4, compliance: 4, count: 1 },
    { function: 5, compliance: 2, count: 1 },
    { function: 6, compliance: 1, count: 1 },
    { function: 8, compliance: 1, count: 0 },
    { function: 9, compliance: 1, count: 0 },
    { function: 10, compliance: 0, count: 2 },
    { function: 13, compliance: 0, count: 1 },
    { function: 16, compliance: 2, count: 0 },
  ],
  inputs: 2,
  outputs: 2,
  readers: 1,
  clientUid: Uint8Array.of(0x5a, 0x01, 0x50, 0x01, 0xe9, 0x03, 0x00, 0x00),
  key: undefined,
  isInInstallMode: false,
  hasSecurity: true,
  requiresSecurity: false,
  answersOutWithStatus: false,
};

export interface Peripheral {
  readonly config: PeripheralConfig;
  readonly address: number;
  readonly key: Uint8Array | undefined;
  readonly isInInstallMode: boolean;
  readonly isPowered: boolean;
  readonly isConnected: boolean;
  /** The number it expects next; 0 is always taken. */
  readonly sqn: Sqn;
  readonly lastCommand: Uint8Array | undefined;
  readonly lastReply: Uint8Array | undefined;
  readonly lastHeardAtMs: number;
  /** A challenge that was answered and not yet proven. */
  readonly challenged: ProvenDevice | undefined;
  readonly session: SecureSession | undefined;
  /** Replies to coming polls. */
  readonly queue: readonly Reply[];
  readonly tamper: number;
  readonly power: number;
  readonly inputs: Uint8Array;
  readonly readers: Uint8Array;
  readonly outputs: readonly TimedOutput[];
  /** The last LED, BUZ and TEXT command carried out. */
  readonly shown: Readonly<Partial<Record<'LED' | 'BUZ' | 'TEXT', Command>>>;
  readonly faults: readonly PlannedFault[];
}

export interface PeripheralPorts {
  readonly aes: Aes128;
}

/** What can be seen or heard of a device from outside. */
export type PeripheralEvent =
  | {
      readonly type: 'output-switched';
      readonly output: number;
      readonly isOn: boolean;
      readonly atMs: number;
    }
  /** A command was carried out, once, however often it was sent. */
  | { readonly type: 'executed'; readonly command: Command }
  /** The reply to this is still at the old setting. */
  | { readonly type: 'reconfigured'; readonly address: number; readonly baud: number }
  | { readonly type: 'key-stored'; readonly key: Uint8Array };

const booted = (config: PeripheralConfig, nowMs: number) => ({
  sqn: 0 as const,
  lastCommand: undefined,
  lastReply: undefined,
  lastHeardAtMs: nowMs,
  challenged: undefined,
  session: undefined,
  queue: [],
  outputs: Array.from({ length: config.outputs }, () => restingOutput),
  shown: {},
});

/** A device as it comes up: powered, on the line, nothing to tell. */
export function createPeripheral(config: PeripheralConfig, nowMs: number): Peripheral {
  return {
    config,
    address: config.address,
    key: config.key,
    isInInstallMode: config.isInInstallMode,
    isPowered: true,
    isConnected: true,
    tamper: 0,
    power: 0,
    inputs: new Uint8Array(config.inputs),
    readers: new Uint8Array(config.readers),
    faults: [],
    ...booted(config, nowMs),
  };
}

/** What a loss of power takes: everything but its settings, its key and what the world does to its inputs. */
export const rebootPeripheral = (device: Peripheral, nowMs: number): Peripheral => ({
  ...device,
  ...booted(device.config, nowMs),
});
