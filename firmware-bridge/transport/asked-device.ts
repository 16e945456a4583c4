import type { Clock } from '#contract/clock';
import { Fault } from '#contract/result';
import { createAlarm } from './alarm.ts';
import type { ByteLink, OpenLink, PortAddress } from './byte-link.ts';
import { superviseLink } from './supervised-link.ts';

/** A device that was asked and has not answered for so long is told as such, though its port is open. */
const patienceMs = 3000;

/** What every machine of a device that answers when asked is told. */
export type LinkInput =
  | { readonly type: 'opened'; readonly atMs: number }
  | { readonly type: 'closed'; readonly atMs: number }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array; readonly atMs: number }
  | { readonly type: 'time'; readonly atMs: number };

export type LinkEffect =
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  | { readonly type: 'online' }
  | { readonly type: 'offline' };

/** A pure machine behind a port; it wants `time` at `dueMs` (`undefined`: at no time). */
export interface AskedMachine<State, Input, Effect> {
  readonly start: State;
  step(
    state: State,
    input: Input | LinkInput,
  ): { readonly state: State; readonly effects: readonly Effect[] };
  dueMs(state: State): number | undefined;
}

export interface AskedDevice<State, Input> {
  /** Steps the machine; what its listeners order from within an effect is stepped after the present step. */
  give(input: Input): void;
  state(): State;
  close(): Promise<void>;
}

/**
 * Runs a machine on a port that is opened again for ever: bytes and time go in, what is to be sent goes out.
 * `tellLink` hears of the device, not of the port: online is a device that answered.
 */
export function openAskedDevice<State, Input, Effect extends { readonly type: string }>(
  machine: AskedMachine<State, Input, Effect | LinkEffect>,
  address: PortAddress,
  world: { readonly openLink: OpenLink; readonly clock: Clock },
  owner: {
    readonly perform: (effect: Exclude<Effect, LinkEffect>) => void;
    readonly tellLink: (state: 'online' | 'offline', reason: string) => void;
  },
): AskedDevice<State, Input> {
  const { openLink, clock } = world;
  let { start: state } = machine;
  let link: ByteLink | null = null;
  const inbox: (Input | LinkInput)[] = [];
  let isStepping = false;

  const give = (input: Input | LinkInput): void => {
    inbox.push(input);
    if (isStepping) return;
    isStepping = true;
    try {
      for (let next = inbox.shift(); next !== undefined; next = inbox.shift()) {
        const stepped = machine.step(state, next);
        state = stepped.state;
        stepped.effects.forEach(perform);
      }
    } finally {
      isStepping = false;
    }
    wake.set(machine.dueMs(state) ?? null);
  };

  const perform = (effect: Effect | LinkEffect): void => {
    if (isLinkEffect(effect)) performLink(effect);
    else owner.perform(effect as Exclude<Effect, LinkEffect>);
  };
  const performLink = (effect: LinkEffect): void => {
    switch (effect.type) {
      case 'send':
        link?.write(effect.bytes).catch((cause: unknown) => {
          // A lost link tells so through onClosed; only a bug goes further.
          if (!(cause instanceof Fault)) throw cause;
        });
        return;
      case 'online':
        patience.set(null);
        return owner.tellLink('online', 'answered');
      case 'offline':
        // The port knows better why it went than the machine, which only hears that it did.
        if (link !== null) owner.tellLink('offline', 'no-answer');
    }
  };

  const wake = createAlarm(clock, () => give({ type: 'time', atMs: clock.monoMs() }));
  const patience = createAlarm(clock, () => owner.tellLink('offline', 'no-answer'));
  const supervised = superviseLink(address, openLink, clock, {
    onUp: (opened) => {
      link = opened;
      patience.set(clock.monoMs() + patienceMs);
      opened.onBytes((bytes) => give({ type: 'bytes', bytes, atMs: clock.monoMs() }));
      give({ type: 'opened', atMs: clock.monoMs() });
    },
    onDown: (reason) => {
      link = null;
      patience.set(null);
      give({ type: 'closed', atMs: clock.monoMs() });
      owner.tellLink('offline', reason);
    },
  });

  return {
    give,
    state: () => state,
    close: async () => {
      await supervised.close();
      wake.set(null);
    },
  };
}

const linkEffects: readonly string[] = ['send', 'online', 'offline'] satisfies LinkEffect['type'][];
const isLinkEffect = (effect: { readonly type: string }): effect is LinkEffect =>
  linkEffects.includes(effect.type);
