import type { Clock } from '#contract/clock';
import { encodeBitsReply, encodeException, flashTickMs, modbusCrc } from '../protocol/modbus/modbus-frame.ts';
import { joinBytes } from '../protocol/resync/scan-frames.ts';
import { createAnswerLine, type AnswerLine } from './asked-station.ts';
import { createRelayWire, type RelayEdge, type RelayWire } from './relay-wire.ts';
import type { VirtualPort } from './virtual-port.ts';

const requestBytes = 8;
const answerMs = 10;
const flashBase = 0x0200;
const relayCount = 8;

/** A Modbus relay board with flash-on at the device's end of a cable. */
export interface ModbusBoard extends Pick<AnswerLine, 'failNext' | 'setSilent'> {
  readonly relays: readonly RelayWire[];
  /** Whether the adapter on this cable gives the host its own bytes back. */
  setEcho(isEchoing: boolean): void;
  /** Whether the board knows flash-on; one that does not answers with an exception. */
  setFlash(hasFlash: boolean): void;
  /** Takes the board's power for a moment: every relay falls. */
  reset(): void;
}

export function createModbusBoard(
  port: VirtualPort,
  clock: Clock,
  unit = 1,
  onRelay: (relay: number, edge: RelayEdge) => void = () => undefined,
): ModbusBoard {
  const line = createAnswerLine(port, clock, answerMs);
  const relays = Array.from({ length: relayCount }, (_, relay) =>
    createRelayWire(clock, (edge) => onRelay(relay, edge)),
  );
  let isEchoing = false;
  let hasFlash = true;
  let held: Uint8Array = new Uint8Array();

  const obey = (request: Uint8Array): Uint8Array => {
    const [, code = 0, high = 0, low = 0, valueHigh = 0, valueLow = 0] = request;
    const address = (high << 8) | low;
    const value = (valueHigh << 8) | valueLow;
    if (code === 0x01) {
      return encodeBitsReply(
        unit,
        code,
        relays.slice(address, address + value).map((relay) => relay.isOn()),
      );
    }
    if (code !== 0x05) return encodeException(unit, code, 1);
    const isFlash = address >= flashBase;
    const relay = relays[isFlash ? address - flashBase : address];
    if (relay === undefined || (isFlash && !hasFlash)) return encodeException(unit, code, 2);
    if (isFlash) relay.set(true, value * flashTickMs);
    else relay.set(value === 0xff00);
    return request;
  };

  port.onBytes((bytes) => {
    if (isEchoing) port.write(bytes);
    held = joinBytes(held, bytes);
    for (let at = 0; at + requestBytes <= held.length; at += 1) {
      const request = held.slice(at, at + requestBytes);
      if (request[0] !== unit || modbusCrc(request) !== 0) continue;
      held = held.slice(at + requestBytes);
      at = -1;
      line.answer(obey(request));
    }
    held = held.slice(-requestBytes);
  });

  return {
    relays,
    failNext: line.failNext,
    setSilent: line.setSilent,
    setEcho: (echoes) => {
      isEchoing = echoes;
    },
    setFlash: (flashes) => {
      hasFlash = flashes;
    },
    reset: () => relays.forEach((relay) => relay.set(false)),
  };
}
