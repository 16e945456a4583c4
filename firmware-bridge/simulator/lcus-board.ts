import type { Clock } from '#contract/clock';
import { joinBytes } from '../protocol/resync/scan-frames.ts';
import { createAnswerLine, type AnswerLine } from './asked-station.ts';
import { createRelayWire, type RelayWire } from './relay-wire.ts';
import type { VirtualPort } from './virtual-port.ts';

const answerMs = 10;

/** How a board answers a question: not at all, in lines of text, or with a byte a channel. */
export type LcusSpeech = 'none' | 'text' | 'bytes';

/** An LCUS USB relay at the device's end of a cable. */
export interface LcusBoard extends Pick<AnswerLine, 'failNext' | 'setSilent'> {
  readonly relays: readonly RelayWire[];
}

export function createLcusBoard(
  port: VirtualPort,
  clock: Clock,
  channels: number,
  speech: LcusSpeech,
): LcusBoard {
  const line = createAnswerLine(port, clock, answerMs);
  const relays = Array.from({ length: channels }, () => createRelayWire(clock));
  const answers: Readonly<Record<LcusSpeech, () => Uint8Array>> = {
    none: () => new Uint8Array(),
    text: () =>
      Buffer.from(relays.map((relay, at) => `CH${at + 1}: ${relay.isOn() ? 'ON' : 'OFF'}\r\n`).join('')),
    bytes: () => Uint8Array.from(relays, (relay) => Number(relay.isOn())),
  };
  let held: Uint8Array = new Uint8Array();
  port.onBytes((bytes) => {
    held = joinBytes(held, bytes);
    while (held.length > 0) {
      const [first, channel = 0, operation, sum] = held;
      if (first === 0xa0) {
        if (held.length < 4) return;
        const isWhole = sum === ((first + channel + (operation ?? 0)) & 0xff);
        if (isWhole) relays[channel - 1]?.set(operation === 1);
        held = held.slice(isWhole ? 4 : 1);
      } else {
        held = held.slice(1);
        if (first === 0xff && speech !== 'none') line.answer(answers[speech]());
      }
    }
  });
  return { relays, failNext: line.failNext, setSilent: line.setSilent };
}
