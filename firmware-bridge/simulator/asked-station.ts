import { asMonoMs, type Clock } from '#contract/clock';
import type { VirtualPort } from './virtual-port.ts';

/** What may go wrong with one answer on its way. */
export type AnswerFault = 'lost' | 'corrupted' | 'late' | 'doubled' | 'in-pieces';

const lateMs = 400;

/** How the answers of a device travel: after `answerMs`, and with whatever fault was ordered for the next of them. */
export interface AnswerLine {
  readonly answer: (bytes: Uint8Array) => void;
  /** The next answers, one each, have these faults. */
  readonly failNext: (...faults: readonly AnswerFault[]) => void;
  /** While silent, nothing is answered at all. */
  readonly setSilent: (isSilent: boolean) => void;
}

/** Makes the way back of a device that answers when asked. */
export function createAnswerLine(port: VirtualPort, clock: Clock, answerMs: number): AnswerLine {
  let isSilent = false;
  const ordered: AnswerFault[] = [];
  const send = async (bytes: Uint8Array, afterMs: number): Promise<void> => {
    await clock.sleepUntil(asMonoMs(clock.monoMs() + afterMs));
    port.write(bytes);
  };
  return {
    answer: (bytes) => {
      if (isSilent) return;
      switch (ordered.shift()) {
        case undefined:
          return void send(bytes, answerMs);
        case 'lost':
          return;
        case 'corrupted':
          return void send(
            bytes.map((byte, at) => (at === bytes.length - 2 ? byte ^ 0x01 : byte)),
            answerMs,
          );
        case 'late':
          return void send(bytes, answerMs + lateMs);
        case 'doubled':
          void send(bytes, answerMs);
          return void send(bytes, answerMs + 1);
        case 'in-pieces':
          bytes.forEach((byte, at) => void send(Uint8Array.of(byte), answerMs + at));
      }
    },
    failNext: (...faults) => void ordered.push(...faults),
    setSilent: (silent) => {
      isSilent = silent;
    },
  };
}
