import { asMonoMs, type Clock } from '#contract/clock';
import type { VirtualPort } from './virtual-port.ts';

/** What may go wrong with one frame on its way. */
export type FrameFault = 'corrupted' | 'cut' | 'in-pieces' | 'behind-noise' | 'doubled';

const noise = Uint8Array.of(0x00, 0xfe, 0x80);
const gapMs = 5;

/** The pieces in which the line carries a frame that has this fault. */
const faults: Readonly<Record<FrameFault, (frame: Uint8Array) => readonly Uint8Array[]>> = {
  corrupted: (frame) => [frame.map((byte, at) => (at === frame.length >> 1 ? byte ^ 0x01 : byte))],
  cut: (frame) => [frame.slice(0, frame.length >> 1)],
  'in-pieces': (frame) => Array.from(frame, (byte) => Uint8Array.of(byte)),
  'behind-noise': (frame) => [noise, frame],
  doubled: (frame) => [frame, frame],
};

/** A card reader that only speaks, at the device's end of a cable. */
export interface TalkingStation {
  /** Lays a card on the reader for `heldMs` (300); it replaces the one that lies there. */
  presentCard(frame: Uint8Array, heldMs?: number): void;
  takeCard(): void;
  /** The next frame has this fault, those after it have none. */
  failNext(fault: FrameFault): void;
}

/**
 * Makes a reader of that port; `repeatMs` is the time between two frames of a card that stays, null for readers
 * that tell a card once.
 */
export function createTalkingStation(
  port: VirtualPort,
  clock: Clock,
  repeatMs: number | null,
): TalkingStation {
  let lying = new AbortController();
  let fault: FrameFault | null = null;

  const send = async (frame: Uint8Array): Promise<void> => {
    const pieces = fault === null ? [frame] : faults[fault](frame);
    fault = null;
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) await clock.sleepUntil(asMonoMs(clock.monoMs() + gapMs));
      port.write(piece);
    }
  };
  const hold = async (frame: Uint8Array, heldMs: number, signal: AbortSignal): Promise<void> => {
    const untilMs = clock.monoMs() + heldMs;
    do {
      await send(frame);
      const nextMs = repeatMs === null ? untilMs : clock.monoMs() + repeatMs;
      await clock.sleepUntil(asMonoMs(nextMs), signal);
    } while (!signal.aborted && clock.monoMs() < untilMs);
  };

  return {
    presentCard: (frame, heldMs = 300) => {
      lying.abort();
      lying = new AbortController();
      void hold(frame, heldMs, lying.signal);
    },
    takeCard: () => lying.abort(),
    failNext: (next) => {
      fault = next;
    },
  };
}
