import type { DriverWorld } from '../driver-world.ts';
import type { Key, OsdpReaderConfig, ReaderSignal } from '../hardware.ts';
import { noCapabilities, type Capabilities } from '../protocol/osdp/capabilities.ts';
import { feedbackCommands } from '../protocol/osdp/feedback.ts';
import type { KeypadKey } from '../protocol/osdp/keypad.ts';
import type { EventAge, LinkEvent, RequestOutcome } from '../protocol/osdp/link-event.ts';
import type { RequestableCommand } from '../protocol/osdp/link-state.ts';
import type { PointChanged } from '../protocol/osdp/supervision.ts';
import { createCardIntake } from './card-intake.ts';
import type { DoorReader } from './door-reader.ts';
import { readOsdpCard } from './osdp-card.ts';
import { createReaderStatus } from './reader-status.ts';

/** Older than this, whoever showed the card may have gone. */
const freshMs = 3000;
/** A light that comes later than this says nothing to anybody. */
const signalWithinMs = 2000;

/** What the lock behind a reader's output wants to hear of. */
export interface OutputListener {
  readonly online: (capabilities: Capabilities) => void;
  readonly offline: () => void;
  readonly sensed: (output: number, isOn: boolean) => void;
}

export type AskDevice = (command: RequestableCommand, notAfterMs: number) => Promise<RequestOutcome>;

export interface OsdpReader extends DoorReader {
  readonly ask: AskDevice;
  /** Names who hears of the outputs; to be called before the reader can have answered. */
  attachOutput(listener: OutputListener): void;
  /** Counts a fault of the reader's lock under the reader's name. */
  countUntimed(): void;
}

/** One reader on a line: what its link tells becomes events of the door. */
export interface OsdpDevice {
  readonly reader: Omit<OsdpReader, 'close'>;
  take(event: Exclude<LinkEvent, { readonly type: 'request-finished' }>): void;
  /** The port knows better why it went than the link, which only hears that it did. */
  tellPortDown(reason: string): void;
  /** Forgets what is not told yet. */
  stop(): void;
}

/** Makes the events of one reader of its link's. */
export function createOsdpDevice(
  name: string,
  { card }: OsdpReaderConfig,
  ask: AskDevice,
  { clock, emit }: Pick<DriverWorld, 'clock' | 'emit'>,
): OsdpDevice {
  const intake = createCardIntake(name, { clock, emit });
  const tellStatus = createReaderStatus(name, clock, emit);
  let capabilities = noCapabilities;
  let isOnline = false;
  let outputs: OutputListener | null = null;
  /** What is amiss with the reader, by what says so; any of it is tamper. */
  const amiss = new Set<string>();
  let isFailing = false;

  const setAmiss = (what: string, isAmiss: boolean): void => {
    const before = amiss.size > 0;
    if (isAmiss) amiss.add(what);
    else amiss.delete(what);
    const isActive = amiss.size > 0;
    if (isActive !== before) emit({ type: 'tamper', reader: name, isActive, atMs: clock.monoMs() });
  };

  const takePoint = ({ kind, index, state, isInitial }: PointChanged): void => {
    const isAmiss = state !== 'inactive';
    switch (kind) {
      case 'tamper':
      case 'reader':
        return setAmiss(`${kind} ${index}`, isAmiss);
      case 'power':
        if (isAmiss !== isFailing)
          emit({ type: 'power', reader: name, isFailing: isAmiss, atMs: clock.monoMs() });
        isFailing = isAmiss;
        return;
      case 'input':
        // Cut wires are nobody's press, and no closed door.
        if (state === 'fault') intake.count('input-fault');
        return emit({
          type: 'input',
          reader: name,
          input: index,
          isActive: state === 'active',
          isInitial,
          ...(state === 'fault' && { isFaulty: true }),
          atMs: clock.monoMs(),
        });
      case 'output':
        return outputs?.sensed(index, isAmiss);
    }
  };

  const takeKey = (key: KeypadKey): void => {
    if (isDoorKey(key)) emit({ type: 'key', reader: name, key, atMs: clock.monoMs() });
    else intake.count('unknown-key');
  };

  const take: OsdpDevice['take'] = (event) => {
    switch (event.type) {
      case 'online':
        ({ capabilities } = event);
        isOnline = true;
        // The lock is told before anybody else, so that it locks before anything else is asked of it.
        outputs?.online(capabilities);
        setAmiss('key', false);
        return tellStatus('online', event.isSecure ? 'secure-channel' : 'clear');
      case 'offline':
        isOnline = false;
        outputs?.offline();
        if (event.reason !== 'unplugged') tellStatus('offline', event.reason);
        return;
      case 'card-read':
        if (isStale(event)) return intake.count('stale-read');
        return intake.take(readOsdpCard(card, event));
      case 'keys-pressed':
        if (isStale(event)) return intake.count('stale-read');
        return event.keys.forEach(takeKey);
      case 'point-changed':
        return takePoint(event);
      case 'install-mode-met':
        // A paired reader does not forget its key: somebody reset it, or put another one there.
        return setAmiss('key', true);
      case 'diagnosed':
        return intake.count(event.diagnostic);
      case 'other-replied':
      case 'key-changed':
      case 'key-kept':
        return;
    }
  };

  const signal = (shown: ReaderSignal): void => {
    if (!isOnline) return;
    for (const command of feedbackCommands(shown, capabilities)) {
      // A light that was not shown is nothing to act on.
      if (isRequestable(command)) void ask(command, clock.monoMs() + signalWithinMs);
    }
  };

  return {
    reader: {
      ask,
      signal,
      attachOutput: (listener) => {
        outputs = listener;
      },
      countUntimed: () => intake.count('untimed-output'),
    },
    take,
    tellPortDown: (reason) => tellStatus('offline', reason),
    stop: () => intake.stop(),
  };
}

/** A read that may have waited in the reader while nobody asked must not open the door now. */
const isStale = ({ maxAgeMs, isAfterOffline }: EventAge): boolean =>
  isAfterOffline || maxAgeMs === undefined || maxAgeMs > freshMs;

const isDoorKey = (key: KeypadKey): key is Extract<KeypadKey, Key> => !key.startsWith('f');

const isRequestable = (command: { readonly type: string }): command is RequestableCommand =>
  command.type !== 'CHLNG' && command.type !== 'SCRYPT';
