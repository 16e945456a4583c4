import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { Clock } from '#contract/clock';
import { usualPeripheral } from '../../firmware-bridge/protocol/osdp/peripheral/peripheral-state.ts';
import { createModbusBoard } from '../../firmware-bridge/simulator/modbus-board.ts';
import { createOsdpStation } from '../../firmware-bridge/simulator/osdp-station.ts';
import { createPtyPorts } from '../../firmware-bridge/simulator/pty-port.ts';
import { createSerialPorts } from '../../firmware-bridge/simulator/serial-port.ts';
import type { VirtualPort } from '../../firmware-bridge/simulator/virtual-port.ts';
import { createSystemClock } from '../all-in-one/system-clock.ts';
import { actOf, decodeModbusOrder, decodeOsdpOrder } from './station-orders.ts';

const HELP = `palang station KIND (--port PATH | --home DIR) [options]

Runs a simulated device at the far end of a serial cable: KIND is osdp (readers with secure channel) or modbus (a relay
board with flash-on). With --port it stands on a real port, e.g. the second adapter of an RS-485 pair; with --home on a
pseudo-terminal DIR/KIND. What it does is told on the output, and what is done to it is read from the input, both as
one JSON object a line:

  osdp     {"order":"card","bits":26,"hex":"3D9CB940"}      {"order":"keys","keys":"1234#"}
           {"order":"input","input":0,"byte":1}             {"order":"tamper","isActive":true}
           {"order":"power","isOn":false}                   {"order":"cable","isOn":false}
           {"order":"fail","fault":{"kind":"late","byMs":300},"times":2}     each with "address" (1)
  modbus   {"order":"fail","fault":"lost"}  {"order":"silent","isOn":true}  {"order":"echo","isOn":true}
           {"order":"flash","isOn":false}   {"order":"reset"}

  --port PATH        a serial port of this machine
  --home DIR         where the link to the pseudo-terminal is made
  --baud N           rate of the port (9600)
  --address N,...    addresses of the readers, or the unit of the board (1)
  --key FILE         the readers' key, 32 hex digits; without it they were never paired
  --install          the readers are in install mode
  --echo             the readers' line gives the host its own bytes back
`;

type Say = (event: object) => void;
type Obey = (line: string) => string | null;

class UnusableInput extends Error {}

/** Runs `palang station` until a signal or the end of its input stops it. @returns the exit code */
export async function runStation(args: readonly string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    if (!(error instanceof UnusableInput)) throw error;
    process.stderr.write(`palang station: ${error.message}\n`);
    return 2;
  }
}

async function run(args: readonly string[]): Promise<number> {
  const { kind, values } = readOptions(args);
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  if (kind !== 'osdp' && kind !== 'modbus') throw new UnusableInput('KIND is osdp or modbus; see --help');
  const baud = wholeNumber('--baud', values.baud, 300, 1_000_000);
  const most = kind === 'osdp' ? 126 : 247;
  const addresses = values.address.split(',').map((text) => wholeNumber('--address', text, 0, most));
  const key = values.key === undefined ? undefined : readKey(values.key);
  const clock = createSystemClock();
  const port = await openPort(kind, values.port, values.home, baud, clock);
  const modes = { isInInstallMode: values.install === true, hasEcho: values.echo === true };
  const say: Say = (event) => void process.stdout.write(`${JSON.stringify(event)}\n`);
  const obey =
    kind === 'osdp'
      ? runReaders(port, clock, addresses, key, modes, say)
      : runBoard(port, clock, addresses[0] ?? 1, say);
  say({ port: port.path });
  const orders = createInterface({ input: process.stdin });
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    orders.once('close', () => resolve());
  });
  orders.on('line', (line) => {
    const wrong = line.trim() === '' ? null : obey(line);
    if (wrong !== null) say({ type: 'not-obeyed', why: wrong });
  });
  await stopped;
  orders.close();
  await port.close();
  return 0;
}

function runReaders(
  port: VirtualPort,
  clock: Clock,
  addresses: readonly number[],
  key: Uint8Array | undefined,
  { isInInstallMode, hasEcho }: { readonly isInInstallMode: boolean; readonly hasEcho: boolean },
  say: Say,
): Obey {
  const station = createOsdpStation(
    port,
    clock,
    { bytes: (count) => Uint8Array.from(randomBytes(count)) },
    addresses.map((address) => ({ ...usualPeripheral, address, key, isInInstallMode })),
    {
      hasEcho,
      // A key is never printed, and polls would drown the rest.
      onSeen: (event) => {
        if (event.type === 'key-stored') say({ type: event.type, address: event.address });
        else if (event.type !== 'executed') say(event);
        else if (event.command.type !== 'POLL') {
          say({ type: event.type, address: event.address, command: event.command.type });
        }
      },
    },
  );
  return (line) => {
    const order = decodeOsdpOrder(line);
    if (typeof order === 'string') return order;
    if (!addresses.includes(order.address)) return 'address: no reader has it';
    station.act(actOf(order), order.address);
    return null;
  };
}

function runBoard(port: VirtualPort, clock: Clock, unit: number, say: Say): Obey {
  const board = createModbusBoard(port, clock, unit, (relay, edge) =>
    say({ type: 'relay-switched', relay, ...edge }),
  );
  return (line) => {
    const order = decodeModbusOrder(line);
    if (typeof order === 'string') return order;
    switch (order.order) {
      case 'fail':
        board.failNext(order.fault);
        return null;
      case 'silent':
        board.setSilent(order.isOn);
        return null;
      case 'echo':
        board.setEcho(order.isOn);
        return null;
      case 'flash':
        board.setFlash(order.isOn);
        return null;
      case 'reset':
        board.reset();
        return null;
    }
  };
}

async function openPort(
  kind: string,
  path: string | undefined,
  home: string | undefined,
  baud: number,
  clock: Clock,
): Promise<VirtualPort> {
  if ((path === undefined) === (home === undefined))
    throw new UnusableInput('one of --port and --home is needed');
  if (home !== undefined) {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    return createPtyPorts(home)(kind);
  }
  try {
    return await createSerialPorts({ [kind]: { path: path ?? '', baud } }, clock)(kind);
  } catch (error) {
    throw new UnusableInput('the port cannot be opened', { cause: error });
  }
}

function readKey(file: string): Uint8Array {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UnusableInput('the key file cannot be read', { cause: error });
  }
  if (!/^[0-9A-Fa-f]{32}$/.test(text)) throw new UnusableInput('the key file does not hold 32 hex digits');
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UnusableInput(`${name} is a number from ${least} to ${most}`);
}

function readOptions(args: readonly string[]) {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        port: { type: 'string' },
        home: { type: 'string' },
        baud: { type: 'string', default: '9600' },
        address: { type: 'string', default: '1' },
        key: { type: 'string' },
        install: { type: 'boolean' },
        echo: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    return { kind: positionals[0], values };
  } catch (error) {
    throw new UnusableInput('unknown option; see --help', { cause: error });
  }
}
