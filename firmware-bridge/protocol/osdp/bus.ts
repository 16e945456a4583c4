import { broadcastAddress } from './frame.ts';
import type { LinkEvent } from './link-event.ts';
import { createLink, type Link, type LinkConfig, type LinkPorts, type LinkRequest } from './link-state.ts';
import { isUrgent, takeRequest } from './link-request.ts';
import { isSuspect, takeFrame, takeSilence, takeTurn, unplugLink } from './link.ts';
import { heldNothing, receive, type Held } from './receive.ts';

/** One RS-485 line, 8N1, with one or more devices on it. */
export interface BusConfig {
  readonly baud: number;
  readonly links: readonly LinkConfig[];
}

export interface BusTimes {
  /** From the end of a command to the reply (OSDP v2.2). */
  readonly replyMs: number;
  /** What USB adapters and the system add to it. */
  readonly adapterMs: number;
  /** The longest gap inside a frame: 20 ms by the standard, more through USB. */
  readonly gapMs: number;
}

export const busTimes: BusTimes = { replyMs: 200, adapterMs: 30, gapMs: 50 };

/** What the bus says of its line or of one device on it. */
export type BusEvent = (LinkEvent & { readonly address: number }) | LineEvent;

/** Bytes that were no frame, told once for each input that held any. `damaged`: how often they began like one. */
export interface LineEvent {
  readonly type: 'line-noise';
  readonly bytes: number;
  readonly damaged: number;
}

interface Waiting {
  readonly link: number;
  readonly untilMs: number;
  /** A reply that has begun may take until here and no longer. */
  readonly atMostMs: number;
}

export interface Bus {
  readonly config: BusConfig;
  readonly times: BusTimes;
  readonly isOpen: boolean;
  readonly links: readonly Link[];
  readonly held: Held;
  readonly lastByteAtMs: number;
  readonly waiting: Waiting | undefined;
  /** From when on the line may be spoken on. */
  readonly quietUntilMs: number;
  /** When somebody began to talk without being asked. */
  readonly busySinceMs: number;
  /** Devices that had their turn since the last probe of one that may be dead. */
  readonly servedSinceProbe: readonly boolean[];
}

/** `nowMs` is monotonic. `rndA`: 8 fresh random bytes for every input; at most one handshake uses them. */
export type BusInput = { readonly nowMs: number; readonly rndA: Uint8Array } & (
  | { readonly type: 'opened' | 'closed' | 'tick' }
  | { readonly type: 'received'; readonly bytes: Uint8Array }
  | { readonly type: 'requested'; readonly address: number; readonly request: LinkRequest }
);

export interface BusOutput {
  readonly bus: Bus;
  /** To be written to the port at once. */
  readonly send: Uint8Array | undefined;
  readonly events: readonly BusEvent[];
  /** When a tick is due, if no other input comes before; undefined while the port is closed. */
  readonly wakeAtMs: number | undefined;
}

/** Longer than any reply a door needs; without a bound a chattering device could hold the line. */
const LONGEST_REPLY_BYTES = 256;
const SHORTEST_QUIET_MS = 1;

/** How long so many bytes take on the line. */
export const airtimeMs = (bytes: number, baud: number): number => (bytes * 10_000) / baud;

/** A closed bus. Throws RangeError when two devices share an address, or 127 shares the line. */
export function createBus(config: BusConfig, nowMs: number): Bus {
  const addresses = config.links.map(({ address }) => address);
  if (new Set(addresses).size < addresses.length) throw new RangeError('two devices have one address');
  if (addresses.includes(broadcastAddress) && addresses.length > 1)
    throw new RangeError('address 127 is for a single device');
  return {
    config,
    times: busTimes,
    isOpen: false,
    links: config.links.map((link) => createLink(link, nowMs)),
    held: heldNothing,
    lastByteAtMs: nowMs,
    waiting: undefined,
    quietUntilMs: nowMs,
    busySinceMs: nowMs,
    servedSinceProbe: config.links.map(() => false),
  };
}

interface BusStep {
  readonly bus: Bus;
  readonly events: readonly BusEvent[];
}

/**
 * One line, one conversation at a time: takes what happened, answers with what to send and when to come back.
 * A device that did not answer last time is probed at most once between the turns of those that did.
 * @see RULES.md OS70-OS76
 */
export function stepBus(ports: LinkPorts, bus: Bus, input: BusInput): BusOutput {
  const { nowMs } = input;
  const events: BusEvent[] = [];
  let current = bus;
  const follow = (step: BusStep): void => {
    current = step.bus;
    events.push(...step.events);
  };
  switch (input.type) {
    case 'opened':
      current = { ...current, isOpen: true, held: heldNothing, quietUntilMs: nowMs };
      break;
    case 'closed':
      follow(close(current, nowMs));
      break;
    case 'received':
      if (current.isOpen) follow(hear(ports, current, input.bytes, nowMs));
      break;
    case 'requested':
      follow(request(current, input.address, input.request, nowMs));
      break;
    case 'tick':
      break;
  }
  follow(endSilence(ports, current, nowMs));
  const spoken = speak(ports, current, input);
  return {
    bus: spoken.bus,
    send: spoken.send,
    events: [...events, ...spoken.events],
    wakeAtMs: wakeAt(spoken.bus),
  };
}

const replaceLink = (bus: Bus, index: number, link: Link): Bus => ({
  ...bus,
  links: bus.links.map((other, at) => (at === index ? link : other)),
});

const from = (link: Link, events: readonly LinkEvent[]): readonly BusEvent[] =>
  events.map((event) => ({ ...event, address: link.config.address }));

const noise = (bytes: number, damaged: number): readonly BusEvent[] =>
  bytes > 0 ? [{ type: 'line-noise', bytes, damaged }] : [];

function close(bus: Bus, nowMs: number): BusStep {
  const steps = bus.links.map((link) => unplugLink(link, nowMs));
  return {
    bus: {
      ...bus,
      isOpen: false,
      held: heldNothing,
      waiting: undefined,
      links: steps.map(({ link }) => link),
    },
    events: steps.flatMap(({ link, events }) => from(link, events)),
  };
}

function request(bus: Bus, address: number, asked: LinkRequest, nowMs: number): BusStep {
  const index = bus.links.findIndex(({ config }) => config.address === address);
  const link = bus.links[index];
  if (link === undefined) throw new RangeError('no device has this address');
  const step = takeRequest(link, asked, nowMs);
  return { bus: replaceLink(bus, index, step.link), events: from(link, step.events) };
}

function hear(ports: LinkPorts, bus: Bus, bytes: Uint8Array, nowMs: number): BusStep {
  // A frame that stalled is over, even when the pause and the bytes after it are told at once.
  const stalled = bus.held !== heldNothing && nowMs - bus.lastByteAtMs >= bus.times.gapMs;
  const first = stalled ? listen(ports, bus, { idle: true }, nowMs) : { bus, events: [] };
  const then = listen(ports, { ...first.bus, lastByteAtMs: nowMs }, { bytes }, nowMs);
  const quietMs = Math.max(SHORTEST_QUIET_MS, airtimeMs(2, bus.config.baud));
  return {
    bus: {
      ...then.bus,
      quietUntilMs: nowMs + quietMs,
      busySinceMs: bus.waiting !== undefined || nowMs > bus.quietUntilMs ? nowMs : bus.busySinceMs,
    },
    events: [...first.events, ...then.events],
  };
}

function listen(ports: LinkPorts, bus: Bus, input: Parameters<typeof receive>[1], nowMs: number): BusStep {
  const { held, events: heard } = receive(bus.held, input);
  let current: Bus = { ...bus, held };
  const events: BusEvent[] = [];
  let noisyBytes = 0;
  let damaged = 0;
  for (const event of heard) {
    if (event.type === 'frame') {
      const step = dispatch(ports, current, event.frame, nowMs);
      current = step.bus;
      events.push(...step.events);
    } else if (event.type === 'noise') noisyBytes += event.bytes;
    else if (event.type === 'damaged') damaged += 1;
  }
  return { bus: current, events: [...events, ...noise(noisyBytes, damaged)] };
}

/** A frame goes to the link of its address; a link that waits for nothing makes nothing of it. */
function dispatch(
  ports: LinkPorts,
  bus: Bus,
  frame: Parameters<typeof takeFrame>[2],
  nowMs: number,
): BusStep {
  const index = bus.links.findIndex(({ config }) => config.address === frame.address);
  const link = bus.links[index];
  if (link === undefined) return { bus, events: [] };
  const step = takeFrame(ports, link, frame, nowMs);
  const next = replaceLink(bus, index, step.link);
  return {
    bus: step.isDone ? { ...next, waiting: undefined } : next,
    events: from(link, step.events),
  };
}

/** Ends what has been silent too long: a frame that stalled, then the wait for a reply. */
function endSilence(ports: LinkPorts, bus: Bus, nowMs: number): BusStep {
  const isIdle = nowMs - bus.lastByteAtMs >= bus.times.gapMs;
  const settled =
    bus.held !== heldNothing && isIdle ? listen(ports, bus, { idle: true }, nowMs) : { bus, events: [] };
  const { waiting, held } = settled.bus;
  if (waiting === undefined || nowMs < waiting.untilMs) return settled;
  if (held !== heldNothing && nowMs < waiting.atMostMs) return settled;
  const link = settled.bus.links[waiting.link];
  if (link === undefined) return settled;
  const step = takeSilence(link, nowMs);
  return {
    bus: {
      ...replaceLink(settled.bus, waiting.link, step.link),
      waiting: undefined,
      held: heldNothing,
    },
    events: [...settled.events, ...from(link, step.events)],
  };
}

/** Noise that never ends must not keep the panel silent: after a while it speaks all the same. */
const maySpeakAt = ({ quietUntilMs, busySinceMs, times }: Bus): number =>
  Math.min(quietUntilMs, busySinceMs + times.gapMs);

function speak(
  ports: LinkPorts,
  before: Bus,
  { nowMs, rndA }: BusInput,
): BusStep & { readonly send: Uint8Array | undefined } {
  const events: BusEvent[] = [];
  let bus = before;
  // Each device is asked at most once: one whose last request just expired may have nothing to send.
  for (const _ of bus.links) {
    if (!bus.isOpen || bus.waiting !== undefined || nowMs < maySpeakAt(bus)) break;
    const index = chooseLink(bus, nowMs);
    const link = index === undefined ? undefined : bus.links[index];
    if (index === undefined || link === undefined) break;
    const isProbe = isSuspect(link);
    const turn = takeTurn(ports, link, { nowMs, rndA });
    events.push(...from(link, turn.events));
    bus = replaceLink(bus, index, turn.link);
    if (turn.send === undefined) continue;
    const untilMs =
      nowMs + airtimeMs(turn.send.length, bus.config.baud) + bus.times.replyMs + bus.times.adapterMs;
    return {
      bus: {
        ...bus,
        // Whatever is left of before belongs to no reply of this command.
        held: heldNothing,
        waiting: {
          link: index,
          untilMs,
          atMostMs: untilMs + airtimeMs(LONGEST_REPLY_BYTES, bus.config.baud),
        },
        servedSinceProbe: bus.servedSinceProbe.map((served, at) =>
          isProbe ? false : served || at === index,
        ),
      },
      send: turn.send,
      events,
    };
  }
  return { bus, send: undefined, events };
}

/** The device whose turn it is: lock commands first, then who has waited longest; a probe only when it is fair. */
function chooseLink(bus: Bus, nowMs: number): number | undefined {
  const due = bus.links
    .map((link, index) => ({ link, index, isProbe: isSuspect(link) }))
    .filter(({ link }) => link.dueAtMs <= nowMs)
    .toSorted((a, b) => a.link.dueAtMs - b.link.dueAtMs);
  const healthy = due.filter(({ isProbe }) => !isProbe);
  const probe = due.find(({ isProbe }) => isProbe);
  const areAllServed = bus.links.every(
    (link, index) => isSuspect(link) || bus.servedSinceProbe[index] === true,
  );
  const isProbeFair = healthy.length === 0 || areAllServed;
  const urgent = healthy.find(({ link }) => isUrgent(link));
  return (urgent ?? (isProbeFair ? probe : undefined) ?? healthy[0])?.index;
}

function wakeAt(bus: Bus): number | undefined {
  if (!bus.isOpen) return undefined;
  const gapEndsAtMs = bus.lastByteAtMs + bus.times.gapMs;
  if (bus.waiting !== undefined)
    return bus.held === heldNothing ? bus.waiting.untilMs : Math.min(gapEndsAtMs, bus.waiting.atMostMs);
  const dueAtMs = Math.min(...bus.links.map((link) => link.dueAtMs));
  const speakAtMs = Math.max(dueAtMs, maySpeakAt(bus));
  return bus.held === heldNothing ? speakAtMs : Math.min(speakAtMs, gapEndsAtMs);
}
