import type { Command } from '../commands.ts';
import { NAK } from '../nak.ts';
import type { Reply } from '../replies.ts';
import type { Peripheral, PeripheralEvent } from './peripheral-state.ts';
import { controlOutput, isOutputOn } from './timed-output.ts';

export interface Execution {
  readonly device: Peripheral;
  readonly reply: Reply;
  readonly events: readonly PeripheralEvent[];
}

const ACK: Reply = { type: 'ACK' };
export const nak = (reason: number): Reply => ({ type: 'NAK', reason, more: new Uint8Array(0) });

const outputStatus = (device: Peripheral, nowMs: number): Reply => ({
  type: 'OSTATR',
  outputs: Uint8Array.from(device.outputs, (output) => (isOutputOn(output, nowMs) ? 1 : 0)),
});

/** Carries out a command that the channel has let through. */
export function executeCommand(device: Peripheral, command: Command, nowMs: number): Execution {
  const answer = (reply: Reply, next = device, events: readonly PeripheralEvent[] = []): Execution => ({
    device: next,
    reply,
    events,
  });
  const done: PeripheralEvent = { type: 'executed', command };
  switch (command.type) {
    case 'POLL': {
      const [event = ACK, ...queue] = device.queue;
      return answer(event, { ...device, queue });
    }
    case 'ID':
      return answer({ type: 'PDID', identity: device.config.identity });
    case 'CAP':
      return answer({ type: 'PDCAP', records: device.config.capabilities });
    case 'LSTAT':
      return answer({ type: 'LSTATR', tamper: device.tamper, power: device.power });
    case 'ISTAT':
      return answer({ type: 'ISTATR', inputs: device.inputs });
    case 'OSTAT':
      return answer(outputStatus(device, nowMs));
    case 'RSTAT':
      return answer({ type: 'RSTATR', readers: device.readers });
    case 'OUT':
      return executeOut(device, command, nowMs);
    case 'LED':
    case 'BUZ':
    case 'TEXT':
      return answer(ACK, { ...device, shown: { ...device.shown, [command.type]: command } }, [done]);
    case 'COMSET': {
      const { address, baud } = command;
      return answer({ type: 'COM', address, baud }, { ...device, address }, [
        { type: 'reconfigured', address, baud },
      ]);
    }
    case 'KEYSET':
      if (device.session === undefined) return answer(nak(NAK.securityRequired));
      return answer(ACK, { ...device, key: command.key, isInInstallMode: false }, [
        done,
        { type: 'key-stored', key: command.key },
      ]);
    case 'ACURXSIZE':
    case 'KEEPACTIVE':
    case 'ABORT':
      return answer(ACK);
    case 'CHLNG':
    case 'SCRYPT':
    case 'OTHER':
      return answer(nak(NAK.unknownCommand));
  }
}

function executeOut(
  device: Peripheral,
  command: Extract<Command, { readonly type: 'OUT' }>,
  nowMs: number,
): Execution {
  if (command.outputs.some(({ output }) => output >= device.outputs.length))
    return { device, reply: nak(NAK.record), events: [] };
  const outputs = command.outputs.reduce(
    (all, control) =>
      all.map((output, index) => (index === control.output ? controlOutput(output, control, nowMs) : output)),
    device.outputs,
  );
  const next = { ...device, outputs };
  return {
    device: next,
    reply: device.config.answersOutWithStatus ? outputStatus(next, nowMs) : ACK,
    events: [{ type: 'executed', command }],
  };
}
