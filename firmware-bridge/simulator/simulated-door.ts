import { randomBytes } from 'node:crypto';
import type { Clock } from '#contract/clock';
import type { Key, ReaderSignal } from '../hardware.ts';
import type { WiegandFrame } from '../protocol/card/wiegand-format.ts';
import {
  controllerWakeMs,
  createController,
  stepController,
  type ControllerEffect,
  type ControllerInput,
} from '../protocol/line/door-controller.ts';
import { pulseBoundsMs } from '../protocol/line/message.ts';
import { encodeRdm6300 } from '../protocol/rdm6300/rdm6300.ts';
import { createAlarm } from '../transport/alarm.ts';
import { createPtyPorts } from './pty-port.ts';
import { createTalkingStation } from './talking-station.ts';
import type { OpenVirtualPort, VirtualPort } from './virtual-port.ts';

/** Time between two repeats of a card, as measured on the module (50-65 ms). */
const repeatMs = 60;
const defaultHeldMs = 300;
const closerMs = 3000;
const maxEdges = 10_000;

const exitButton = 0;
const wiredContact = 1;

export type SimulatedPort = 'entry' | 'exit' | 'panel';

export interface SimulatedDoorState {
  readonly lock: 'secured' | 'released';
  readonly leaf: 'open' | 'closed';
  readonly isHeld: boolean;
  readonly isTampered: boolean;
  readonly isExitPressed: boolean;
  /** What a person in front of the panel sees and hears. */
  readonly reader: {
    readonly signal: ReaderSignal;
    readonly light: 'red' | 'green' | 'amber' | 'red-blinking' | 'off';
    readonly sound: 'none' | 'short' | 'long' | 'siren';
  };
  /** Pulses carried out since the simulator was opened. */
  readonly pulses: number;
  readonly plugged: Readonly<Record<SimulatedPort, boolean>>;
}

/** One edge of the relay; `epoch` and `sq` are the journal place that the pulse named. */
export interface LockEdge {
  readonly atMs: number;
  readonly isReleased: boolean;
  readonly epoch?: number;
  readonly sq?: number;
}

/** A door that can be touched: two RDM6300 readers, a door controller with keypad, and a leaf with a closer. */
export interface SimulatedDoor {
  readonly ports: Readonly<Record<SimulatedPort, string>>;
  /** Lays a card (10 hex digits) on a reader for `heldMs` (300); it replaces the one that lies there. */
  presentCard(reader: 'entry' | 'exit', card: string, heldMs?: number): void;
  pressKey(key: Key): void;
  /** A Wiegand frame comes in at that pair of terminals of the panel. */
  sendWiegand(terminals: number, frame: WiegandFrame): void;
  /** Presses the exit button for `heldMs` (300). */
  pressExitButton(heldMs?: number): void;
  setTamper(isActive: boolean): void;
  /** Opens the leaf if the lock is released, or pushes the open leaf further; true if it gave way. */
  pushDoor(): boolean;
  /** Opens the leaf whatever the lock says. */
  forceDoor(): void;
  /** Holds the leaf where it is: while held it does not fall shut. */
  holdDoor(isHeld: boolean): void;
  /** Shuts the leaf unless somebody holds it. */
  closeDoor(): void;
  /** Puts bytes on the line to the host. */
  injectBytes(port: SimulatedPort, bytes: Uint8Array): void;
  /** Pulls the cable; the panel is powered through its cable and loses power with it. */
  unplug(port: SimulatedPort): Promise<void>;
  replug(port: SimulatedPort): Promise<void>;
  state(): SimulatedDoorState;
  /** Calls the listener after each change of what `state()` tells; returns what stops it. */
  onChange(listener: () => void): () => void;
  /** Every edge of the relay in order (the newest 10,000), in the clock's monotonic time. */
  lockLine(): readonly LockEdge[];
  close(): Promise<void>;
}

export interface SimulatedDoorOptions {
  readonly clock: Clock;
  /** Folder for the links `entry`, `exit` and `panel`. */
  readonly linksDir: string;
  /** Longest pulse that the simulated firmware gives, in ms; at most 10000. */
  readonly maxPulseMs?: number;
  /** Instead of pseudo-terminals; `linksDir` is not used then. */
  readonly openPort?: OpenVirtualPort;
}

const faces: Readonly<Record<ReaderSignal, Pick<SimulatedDoorState['reader'], 'light' | 'sound'>>> = {
  idle: { light: 'red', sound: 'none' },
  wait: { light: 'amber', sound: 'none' },
  granted: { light: 'green', sound: 'short' },
  denied: { light: 'red-blinking', sound: 'long' },
  alarm: { light: 'red-blinking', sound: 'siren' },
};

/** Opens a simulated door in the time of the clock handed in. */
export async function openSimulatedDoor(options: SimulatedDoorOptions): Promise<SimulatedDoor> {
  const { clock } = options;
  const openPort = options.openPort ?? createPtyPorts(options.linksDir);
  const ports: Readonly<Record<SimulatedPort, VirtualPort>> = {
    entry: await openPort('entry'),
    exit: await openPort('exit'),
    panel: await openPort('panel'),
  };
  const listeners = new Set<() => void>();
  const edges: LockEdge[] = [];
  const stations = {
    entry: createTalkingStation(ports.entry, clock, repeatMs),
    exit: createTalkingStation(ports.exit, clock, repeatMs),
  };
  let controller = createController({ maxPulseMs: options.maxPulseMs ?? pulseBoundsMs.max, inputCount: 2 });
  let leaf: 'open' | 'closed' = 'closed';
  let isHeld = false;
  let pulses = 0;

  const changed = (): void => {
    for (const listener of listeners) listener();
  };

  const perform = (effect: ControllerEffect): void => {
    switch (effect.type) {
      case 'send':
        return ports.panel.write(Buffer.from(effect.line, 'latin1'));
      case 'relay':
        edges.push({ atMs: clock.monoMs(), isReleased: effect.isReleased, ...effect.mark });
        if (edges.length > maxEdges) edges.shift();
        return changed();
      case 'pulsed':
        pulses += 1;
        return changed();
      case 'signal':
        return changed();
    }
  };
  const step = (input: ControllerInput): void => {
    const stepped = stepController(controller, input);
    controller = stepped.state;
    stepped.effects.forEach(perform);
    wake.set(controllerWakeMs(controller));
  };
  const wake = createAlarm(clock, () => step({ type: 'elapsed', nowMs: clock.monoMs() }));
  const setInput = (input: number, isActive: boolean): void =>
    step({ type: 'input', nowMs: clock.monoMs(), input, isActive });
  const powerUp = (): void =>
    step({ type: 'powered', nowMs: clock.monoMs(), entropy: randomBytes(2).readUInt16BE(0) });

  const closer = createAlarm(clock, () => setLeaf('closed'));
  const setLeaf = (next: 'open' | 'closed'): void => {
    closer.set(next === 'open' && !isHeld ? clock.monoMs() + closerMs : null);
    if (leaf === next) return;
    leaf = next;
    setInput(wiredContact, leaf === 'closed');
    changed();
  };

  const releaseButton = createAlarm(clock, () => {
    setInput(exitButton, false);
    changed();
  });
  const isActive = (input: number): boolean => (controller.inputs & (1 << input)) !== 0;

  ports.panel.onBytes((bytes) => step({ type: 'bytes', nowMs: clock.monoMs(), bytes }));
  setInput(wiredContact, true);
  powerUp();

  return {
    ports: { entry: ports.entry.path, exit: ports.exit.path, panel: ports.panel.path },
    presentCard: (reader, card, heldMs = defaultHeldMs) =>
      stations[reader].presentCard(encodeRdm6300(card), heldMs),
    sendWiegand: (reader, { bitCount, hex }) =>
      step({ type: 'card', nowMs: clock.monoMs(), reader, bitCount, data: hex }),
    pressKey: (key) => step({ type: 'key', nowMs: clock.monoMs(), key }),
    pressExitButton: (heldMs = defaultHeldMs) => {
      setInput(exitButton, true);
      releaseButton.set(clock.monoMs() + heldMs);
      changed();
    },
    setTamper: (isTampered) => {
      step({ type: 'tamper', nowMs: clock.monoMs(), isActive: isTampered });
      changed();
    },
    pushDoor: () => {
      if (leaf === 'closed' && controller.releasedUntilMs === null) return false;
      setLeaf('open');
      return true;
    },
    forceDoor: () => setLeaf('open'),
    holdDoor: (held) => {
      isHeld = held;
      if (leaf === 'open') setLeaf('open');
      changed();
    },
    closeDoor: () => {
      if (!isHeld) setLeaf('closed');
    },
    injectBytes: (port, bytes) => ports[port].write(bytes),
    unplug: async (port) => {
      if (port === 'panel') step({ type: 'unpowered', nowMs: clock.monoMs() });
      else stations[port].takeCard();
      await ports[port].unplug();
      changed();
    },
    replug: async (port) => {
      await ports[port].replug();
      if (port === 'panel') powerUp();
      changed();
    },
    state: () => ({
      lock: controller.releasedUntilMs === null ? 'secured' : 'released',
      leaf,
      isHeld,
      isTampered: controller.isTampered,
      isExitPressed: isActive(exitButton),
      reader: { signal: controller.signal, ...faces[controller.signal] },
      pulses,
      plugged: {
        entry: ports.entry.isPlugged,
        exit: ports.exit.isPlugged,
        panel: ports.panel.isPlugged,
      },
    }),
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    lockLine: () => [...edges],
    close: async () => {
      step({ type: 'unpowered', nowMs: clock.monoMs() });
      for (const station of Object.values(stations)) station.takeCard();
      for (const alarm of [wake, closer, releaseButton]) alarm.set(null);
      listeners.clear();
      await Promise.all(Object.values(ports).map((port) => port.close()));
    },
  };
}
