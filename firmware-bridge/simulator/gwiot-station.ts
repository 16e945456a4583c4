import type { Clock } from '#contract/clock';
import { bytesOfHex } from '../protocol/card/card.ts';
import { encodeGwiot7941wAnswer } from '../protocol/gwiot7941/gwiot7941w.ts';
import { createAnswerLine, type AnswerLine } from './asked-station.ts';
import type { VirtualPort } from './virtual-port.ts';

const requestBytes = 6;
const answerMs = 20;

/** A Gwiot 7941W at the device's end of a cable. */
export interface GwiotStation extends Pick<AnswerLine, 'failNext' | 'setSilent'> {
  /** Lays a card into the field of its medium until it is taken; `number` is hex. */
  layCard(media: 'em' | 'mf', number: string): void;
  takeCard(): void;
}

/** Makes the reader of that port; it answers each question as a whole piece of bytes. */
export function createGwiotStation(port: VirtualPort, clock: Clock): GwiotStation {
  const line = createAnswerLine(port, clock, answerMs);
  let card: { readonly media: 'em' | 'mf'; readonly number: string } | null = null;
  const asked = { 0x10: 'mf', 0x15: 'em' } as const;
  port.onBytes((bytes) => {
    const question = asked[bytes[3] as keyof typeof asked] as 'em' | 'mf' | undefined;
    if (bytes.length !== requestBytes || question === undefined) return;
    const isThere = card?.media === question;
    line.answer(encodeGwiot7941wAnswer(isThere, isThere ? bytesOfHex(card?.number ?? '') : undefined));
  });
  return {
    failNext: line.failNext,
    setSilent: line.setSilent,
    layCard: (media, number) => {
      card = { media, number };
    },
    takeCard: () => {
      card = null;
    },
  };
}
