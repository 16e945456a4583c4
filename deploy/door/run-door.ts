import { mkdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openDoorControl } from '../../firmware-bridge/simulator/door-control.ts';
import { createSerialPorts } from '../../firmware-bridge/simulator/serial-port.ts';
import { openSimulatedDoor } from '../../firmware-bridge/simulator/simulated-door.ts';
import { openContactSensor } from './contact-sensor.ts';
import { createSystemClock } from '../all-in-one/system-clock.ts';

const HELP = `palang door --home DIR [--control-port N] [--mqtt URL] [--topic NAME]

Runs a simulated server-room door that speaks the real protocols: readers, keypad and lock on pseudo-terminals
(DIR/entry, DIR/exit, DIR/panel), the leaf as a zigbee2mqtt contact. Its hands are an HTTP server on 127.0.0.1,
whose address is the first line of output, as JSON.

  --home DIR          where the links to the ports are made
  --entry-port, --exit-port, --panel-port PATH   real serial ports in place of the pseudo-terminals, all three
  --control-port N    port of the control server (any free one)
  --mqtt URL          broker of the contact (or PALANG_DOOR_MQTT); without it the leaf is not published
  --topic NAME        topic of the contact (zigbee2mqtt/pintu-ruang-server)
  --repeat-s N        how often the contact repeats itself, in seconds (60)
  --mqtt-ca, --mqtt-cert, --mqtt-key FILE   for a broker that asks for certificates
`;

/** Rates of an RDM6300 and of the door controller's line. */
const READER_BAUD = 9600;
const PANEL_BAUD = 38_400;

/** The topic of the demonstration's contact. */
export const DOOR_TOPIC = 'zigbee2mqtt/pintu-ruang-server';

/** Runs `palang door` until a signal stops it. @returns the exit code */
export async function runDoor(args: readonly string[]): Promise<number> {
  let values: ReturnType<typeof readOptions>;
  try {
    values = readOptions(args);
  } catch {
    process.stderr.write('palang door: unknown option; see --help\n');
    return 2;
  }
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  if (values.home === undefined) {
    process.stderr.write('palang door: --home DIR is needed\n');
    return 2;
  }
  const controlPort = Number(values['control-port']);
  if (!Number.isInteger(controlPort) || controlPort < 0 || controlPort > 65_535) {
    process.stderr.write('palang door: --control-port is a number from 0 to 65535\n');
    return 2;
  }
  const repeatS = Number(values['repeat-s']);
  if (!Number.isInteger(repeatS) || repeatS < 1 || repeatS > 86_400) {
    process.stderr.write('palang door: --repeat-s is a number from 1 to 86400\n');
    return 2;
  }
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  mkdirSync(values.home, { recursive: true, mode: 0o700 });
  const clock = createSystemClock();
  const real = [values['entry-port'], values['exit-port'], values['panel-port']];
  const [entry, exit, panel] = real;
  const areReal = entry !== undefined && exit !== undefined && panel !== undefined;
  if (!areReal && real.some((path) => path !== undefined)) {
    process.stderr.write('palang door: --entry-port, --exit-port and --panel-port go together\n');
    return 2;
  }
  const door = await openSimulatedDoor({
    clock,
    linksDir: values.home,
    ...(areReal && {
      openPort: createSerialPorts(
        {
          entry: { path: entry, baud: READER_BAUD },
          exit: { path: exit, baud: READER_BAUD },
          panel: { path: panel, baud: PANEL_BAUD },
        },
        clock,
      ),
    }),
  });
  const control = await openDoorControl(door, { port: controlPort });
  // From the environment too, because a command line is read by everybody on the machine.
  const brokerUrl = values.mqtt ?? process.env['PALANG_DOOR_MQTT'];
  const read = (file: string | undefined): Buffer | undefined =>
    file === undefined ? undefined : readFileSync(file);
  const sensor =
    brokerUrl === undefined
      ? undefined
      : openContactSensor(door, {
          url: brokerUrl,
          topic: values.topic,
          repeatMs: repeatS * 1000,
          ca: read(values['mqtt-ca']),
          cert: read(values['mqtt-cert']),
          key: read(values['mqtt-key']),
        });
  process.stdout.write(`${JSON.stringify({ control: control.url, ports: door.ports })}\n`);
  await stopped;
  await sensor?.close();
  await control.close();
  await door.close();
  return 0;
}

const readOptions = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: {
      home: { type: 'string' },
      'entry-port': { type: 'string' },
      'exit-port': { type: 'string' },
      'panel-port': { type: 'string' },
      'control-port': { type: 'string', default: '0' },
      mqtt: { type: 'string' },
      topic: { type: 'string', default: DOOR_TOPIC },
      'repeat-s': { type: 'string', default: '60' },
      'mqtt-ca': { type: 'string' },
      'mqtt-cert': { type: 'string' },
      'mqtt-key': { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  }).values;
