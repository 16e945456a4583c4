import { Fault } from '#contract/result';
import type { DriverWorld } from '../driver-world.ts';
import type { WiegandFrame } from '../protocol/card/wiegand-format.ts';
import {
  hearLine,
  linkStart,
  linkWakeMs,
  stepLink,
  type LinkEffect,
  type LinkState,
  type LinkStep,
  type Order,
  type OrderOutcome,
} from '../protocol/line/host-link.ts';
import { createAlarm } from '../transport/alarm.ts';
import type { ByteLink, PortAddress } from '../transport/byte-link.ts';
import { createLineStream } from '../transport/line-stream.ts';
import { superviseLink } from '../transport/supervised-link.ts';
import { createDiagnostics } from './diagnostics.ts';
import type { DoorReader } from './door-reader.ts';
import { createReaderStatus } from './reader-status.ts';

/** Silence that ends half a line, so that noise does not swallow the good line after it. */
const idleMs = 250;

/** What the lock behind the controller's relay wants to hear of. */
export interface RelayListener {
  settled(ref: number, outcome: OrderOutcome): void;
  sensed(isReleased: boolean): void;
}

/** What a reader wired to the controller wants to hear of. */
export interface WiredReader {
  readonly takeFrame: (frame: WiegandFrame) => void;
  readonly tellStatus: (state: 'online' | 'offline', reason: string) => void;
}

export interface LineReader extends DoorReader {
  order(order: Order): void;
  /** Names who hears of the relay; to be called before the controller can have answered. */
  attachRelay(listener: RelayListener): void;
  /** Names who hears of the frames of that pair of terminals; to be called before the controller can have answered. */
  attachReader(number: number, wired: WiredReader): void;
}

/** Opens a door controller that speaks the line protocol, and keeps it greeted, ticking and locked on each start. */
export function openLineReader(reader: string, address: PortAddress, world: DriverWorld): LineReader {
  const { openLink, clock, random, emit } = world;
  const tellOwnStatus = createReaderStatus(reader, clock, emit);
  const diagnostics = createDiagnostics(reader, clock, emit);
  const wired = new Map<number, WiredReader>();
  let relay: RelayListener | null = null;
  let state: LinkState = linkStart;
  let link: ByteLink | null = null;
  const inbox: ((state: LinkState) => LinkStep)[] = [];
  let isStepping = false;

  // A listener may order a pulse from within an event; that step waits until the present one is performed.
  const step = (next: (state: LinkState) => LinkStep): void => {
    inbox.push(next);
    if (isStepping) return;
    isStepping = true;
    try {
      for (let now = inbox.shift(); now !== undefined; now = inbox.shift()) {
        const stepped = now(state);
        state = stepped.state;
        stepped.effects.forEach(perform);
      }
    } finally {
      isStepping = false;
    }
    wake.set(linkWakeMs(state));
  };

  const perform = (effect: LinkEffect): void => {
    const atMs = clock.monoMs();
    switch (effect.type) {
      case 'send':
        return write(effect.line);
      case 'online':
        tellStatus('online', 'greeted');
        if (effect.mark !== null) emit({ type: 'journal-mark', reader, ...effect.mark, atMs });
        return;
      case 'lost':
        return tellStatus('offline', effect.reason);
      case 'settled':
        return relay?.settled(effect.ref, effect.outcome);
      case 'relay':
        return relay?.sensed(effect.isReleased);
      case 'anomaly':
        return diagnostics.count(effect.code);
      case 'card':
        return takeFrame(effect.reader, { bitCount: effect.bitCount, hex: effect.data });
      case 'key':
        return emit({ type: 'key', reader, key: effect.key, atMs });
      case 'input':
        return emit({
          type: 'input',
          reader,
          input: effect.input,
          isActive: effect.isActive,
          isInitial: effect.isInitial,
          atMs,
        });
      case 'tamper':
        return emit({ type: 'tamper', reader, isActive: effect.isActive, atMs });
      case 'openings':
        return emit({ type: 'openings', reader, count: effect.count, atMs });
    }
  };

  const write = (line: string): void => {
    link?.write(Buffer.from(line, 'latin1')).catch((cause: unknown) => {
      // A lost link tells so through onClosed, and every order has its own end; only a bug goes further.
      if (!(cause instanceof Fault)) throw cause;
    });
  };

  const takeFrame = (number: number, frame: WiegandFrame): void => {
    const taker = wired.get(number);
    // Nobody said what is wired there, and a frame does not tell what it means.
    if (taker === undefined) diagnostics.count('noise');
    else taker.takeFrame(frame);
  };
  const tellStatus = (now: 'online' | 'offline', reason: string): void => {
    tellOwnStatus(now, reason);
    for (const { tellStatus: tellWired } of wired.values()) tellWired(now, reason);
  };

  const wake = createAlarm(clock, () =>
    step((now) => stepLink(now, { type: 'elapsed', nowMs: clock.monoMs() })),
  );

  const supervised = superviseLink(address, openLink, clock, {
    onUp: (opened) => {
      link = opened;
      const stream = createLineStream((text) => step((now) => hearLine(now, text, clock.monoMs())));
      const idle = createAlarm(clock, () => stream.takeIdle());
      opened.onBytes((bytes) => {
        stream.takeBytes(bytes);
        idle.set(clock.monoMs() + idleMs);
      });
      opened.onClosed(() => idle.set(null));
      const nonce = Buffer.from(random.bytes(2)).toString('hex');
      step((now) => stepLink(now, { type: 'opened', nowMs: clock.monoMs(), nonce }));
    },
    onDown: (reason) => {
      link = null;
      step((now) => {
        const stepped = stepLink(now, { type: 'closed', nowMs: clock.monoMs() });
        // The port knows better why it went than the machine, which only hears that it did.
        return { ...stepped, effects: stepped.effects.filter(({ type }) => type !== 'lost') };
      });
      tellStatus('offline', reason);
    },
  });

  return {
    attachRelay: (listener) => {
      relay = listener;
    },
    attachReader: (number, taker) => void wired.set(number, taker),
    order: (order) => step((now) => stepLink(now, { type: 'ordered', nowMs: clock.monoMs(), order })),
    signal: (signal) => step((now) => stepLink(now, { type: 'signalled', nowMs: clock.monoMs(), signal })),
    close: async () => {
      await supervised.close();
      wake.set(null);
      diagnostics.stop();
    },
  };
}
