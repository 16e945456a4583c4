import type { LinkInput } from '../resync/scan-frames.ts';

/** What a reader's bytes tell; a damaged read never counts as a card. `card` is canonical (`em:6F007B3972`). */
export type CardReadEvent =
  | { readonly type: 'card'; readonly card: string }
  | { readonly type: 'damaged' }
  | { readonly type: 'noise'; readonly bytes: number };

/** A reader that only talks. */
export interface CardReader<Held> {
  readonly start: Held;
  receive(held: Held, input: LinkInput): { readonly held: Held; readonly events: readonly CardReadEvent[] };
  /** The rate it leaves the factory with; 8N1. */
  readonly baud: number;
  /** After so long without a byte the shell hands in `idle`: longer than a USB adapter's 16 ms latency timer. */
  readonly silenceMs: number;
}

/** What a polled reader is told; every `atMs` is of one monotonic clock. */
export type PolledInput =
  | { readonly type: 'opened'; readonly atMs: number }
  | { readonly type: 'closed'; readonly atMs: number }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array; readonly atMs: number }
  | { readonly type: 'time'; readonly atMs: number };

export type PolledEffect =
  | CardReadEvent
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  | { readonly type: 'online' }
  | { readonly type: 'offline' };

/** A reader that answers only when asked; `step` wants `time` at `dueMs` (`undefined`: at no time). */
export interface PolledCardReader<State> {
  readonly start: State;
  step(
    state: State,
    input: PolledInput,
  ): { readonly state: State; readonly effects: readonly PolledEffect[] };
  dueMs(state: State): number | undefined;
  readonly baud: number;
}
