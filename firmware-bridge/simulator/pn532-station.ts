import type { Clock } from '#contract/clock';
import { bytesOfHex } from '../protocol/card/card.ts';
import { encodePn532Answer } from '../protocol/pn532/pn532-frame.ts';
import { joinBytes } from '../protocol/resync/scan-frames.ts';
import { createAnswerLine, type AnswerLine } from './asked-station.ts';
import type { VirtualPort } from './virtual-port.ts';

const ackFrame = bytesOfHex('0000FF00FF00');
const syntaxError = bytesOfHex('0000FF01FF7F8100');
const wakeByte = 0x55;
const answerMs = 3;

/** A PN532 at the device's end of a cable. */
export interface Pn532Station extends Pick<AnswerLine, 'failNext' | 'setSilent'> {
  /** Lays a card with that UID (hex, 4, 7 or 10 bytes) into the field until it is taken. */
  layCard(uid: string): void;
  takeCard(): void;
  /** Takes the chip's power for a moment: it sleeps, and has forgotten how it was configured. */
  reset(): void;
  /** The codes of the commands that it took, oldest first. */
  commands(): readonly number[];
}

/**
 * Makes the chip of that port: asleep until it is woken, deaf to cards until it is configured, and unwilling to find
 * a card a second time before its field was off.
 */
export function createPn532Station(port: VirtualPort, clock: Clock): Pn532Station {
  const line = createAnswerLine(port, clock, answerMs);
  const taken: number[] = [];
  let held: Uint8Array = new Uint8Array();
  let isAwake = false;
  let isConfigured = false;
  let card: string | null = null;
  let isSelected = false;

  const reset = (): void => {
    isAwake = false;
    isConfigured = false;
    isSelected = false;
  };
  const target = (): readonly number[] => {
    if (card === null || isSelected || !isConfigured) return [0];
    isSelected = true;
    const uid = bytesOfHex(card);
    // One target: number 1, ATQA, SAK, length of the UID and the UID.
    return [1, 1, 0x00, uid.length === 4 ? 0x04 : 0x44, 0x08, uid.length, ...uid];
  };
  const commands: Readonly<Record<number, (data: Uint8Array) => readonly number[]>> = {
    0x14: () => {
      isConfigured = true;
      return [];
    },
    0x32: ([item, value]) => {
      if (item === 0x01 && value === 0x00) isSelected = false;
      return [];
    },
    0x4a: target,
  };
  const obey = (code: number, data: Uint8Array): void => {
    const command = commands[code];
    taken.push(code);
    // The answer follows its ACK in one piece, as a USB adapter delivers them.
    line.answer(
      command === undefined
        ? syntaxError
        : joinBytes(ackFrame, encodePn532Answer(code + 1, command(data).slice())),
    );
  };

  port.onBytes((bytes) => {
    if (!isAwake && !bytes.includes(wakeByte)) return;
    isAwake = true;
    held = joinBytes(held, bytes);
    for (let at = 0; at < held.length; at += 1) {
      const [first, second, third, length = 0, complement = 0, tfi, code = 0] = held.subarray(at);
      if (first !== 0x00 || second !== 0x00 || third !== 0xff || ((length + complement) & 0xff) !== 0)
        continue;
      if (tfi !== 0xd4 || held.length < at + length + 7) continue;
      obey(code, held.slice(at + 7, at + 5 + length));
      held = held.slice(at + length + 7);
      at = -1;
    }
    held = held.slice(-64);
  });

  return {
    failNext: line.failNext,
    setSilent: line.setSilent,
    layCard: (uid) => {
      card = uid;
      isSelected = false;
    },
    takeCard: () => {
      card = null;
    },
    reset,
    commands: () => [...taken],
  };
}
