import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asMonoMs } from '#contract/clock';
import { programFile } from '../../deploy/all-in-one/program.ts';
import { createSystemClock } from '../../deploy/all-in-one/system-clock.ts';
import { waitFor } from '../../deploy/story/wait-for.ts';
import { openDoorHardware, type DoorHardware, type HardwareEvent } from '../../firmware-bridge/bridge.ts';
import { parsePairedKey } from '../../firmware-bridge/protocol/osdp/channel-key.ts';
import { createPtyPorts } from '../../firmware-bridge/simulator/pty-port.ts';
import { buildIfStale } from './test-site.ts';

const KEY = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';
const SEEN_MS = 20_000;
type Said = Readonly<Record<string, unknown>>;

interface Station {
  readonly said: readonly Said[];
  order(order: unknown): void;
  ended(): Promise<number | null>;
}

describe('the simulated device as a program of its own', () => {
  const clock = createSystemClock();
  let folder: string;
  let children: ChildProcess[];
  let hardware: DoorHardware | undefined;

  beforeEach(async () => {
    await buildIfStale();
    folder = mkdtempSync(join(tmpdir(), 'palang-station-'));
    children = [];
  });
  afterEach(async () => {
    await hardware?.close();
    hardware = undefined;
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  function start(...args: readonly string[]): Station {
    const child = spawn(process.execPath, [programFile(), 'station', ...args], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    children.push(child);
    const said: Said[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => said.push(JSON.parse(line) as Said));
    const end = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    return {
      said,
      order: (order) => void child.stdin.write(`${JSON.stringify(order)}\n`),
      ended: () => {
        child.stdin.end();
        return end;
      },
    };
  }
  const portOf = (station: Station): Promise<string> =>
    waitFor('the port', SEEN_MS, () =>
      station.said.map((each) => each['port']).find((p) => p !== undefined),
    ) as Promise<string>;

  test('DP28: a card, a late reply and a pulse, by the channel of a paired reader on a line that echoes', async () => {
    const keyFile = join(folder, 'reader.scbk');
    writeFileSync(keyFile, `${KEY}\n`);
    const station = start('osdp', '--home', folder, '--key', keyFile, '--echo');
    const port = await portOf(station);
    const key = parsePairedKey(Uint8Array.from(Buffer.from(KEY, 'hex')));
    if (!key.ok) throw new Error(key.error);
    const events: HardwareEvent[] = [];
    hardware = openDoorHardware(
      {
        doorId: 'ruang-server',
        readers: {
          entry: { protocol: 'osdp', port, address: 1, key: key.value, card: { format: 'h10301' } },
        },
        lock: { driver: 'osdp-output', reader: 'entry', output: 0, releaseMs: 3000 },
      },
      clock,
    );
    hardware.onEvent((event) => events.push(event));
    const locked = await waitFor('the locking', SEEN_MS, () => events.find(({ type }) => type === 'lock'));
    // What was read before the first polls had nothing to tell is of unknown age, and dropped.
    await waitFor('some polls', SEEN_MS, () => (clock.monoMs() > locked.atMs + 500 ? true : undefined));

    station.order({ order: 'fail', fault: { kind: 'late', byMs: 120 } });
    station.order({ order: 'card', bits: 26, hex: '3D9CB940' });
    const read = await waitFor('the card', SEEN_MS, () => events.find((event) => event.type === 'card'));
    expect(read).toMatchObject({ reader: 'entry', card: 'wg26:7B3972' });

    const outcome = await hardware.pulse({
      id: '1/1',
      durationMs: 500,
      notAfterMs: asMonoMs(clock.monoMs() + 2000),
    });
    expect(outcome).toEqual({ kind: 'acknowledged' });
    const edges = (): readonly unknown[] =>
      station.said
        .filter(({ type, output }) => type === 'output-switched' && output === 0)
        .map((e) => e['isOn']);
    await waitFor('the relay at rest', SEEN_MS, () => (edges().length >= 2 ? true : undefined));
    expect(edges()).toEqual([true, false]);
    expect(events.filter(({ type }) => type === 'card')).toHaveLength(1);
    expect(JSON.stringify(station.said).toLowerCase()).not.toContain(KEY);
  });

  test('DP28: a relay board whose answer is lost, and an order that is none', async () => {
    const station = start('modbus', '--home', folder);
    const port = await portOf(station);
    const events: HardwareEvent[] = [];
    hardware = openDoorHardware(
      {
        doorId: 'ruang-server',
        readers: { entry: { protocol: 'rdm6300', port: join(folder, 'no-reader') } },
        lock: { driver: 'modbus-rtu', port, unit: 1, relay: 0, releaseMs: 3000 },
      },
      clock,
    );
    hardware.onEvent((event) => events.push(event));
    // Found locked, then locked again to be sure: until that is proved the board takes no pulse.
    await waitFor('the locking', SEEN_MS, () => events.filter(({ type }) => type === 'lock')[1]);
    station.order({ order: 'fail', fault: 'lost' });
    station.order({ order: 'open sesame' });
    await waitFor('a refusal', SEEN_MS, () => station.said.find(({ type }) => type === 'not-obeyed'));
    const outcome = await hardware.pulse({
      id: '1/2',
      durationMs: 500,
      notAfterMs: asMonoMs(clock.monoMs() + 2000),
    });
    expect(outcome).toEqual({ kind: 'acknowledged' });
    await waitFor('the relay at rest', SEEN_MS, () =>
      station.said.find(({ type, isOn }) => type === 'relay-switched' && isOn === false),
    );
    await hardware.close();
    hardware = undefined;
    expect(await station.ended()).toBe(0);
  });

  test('DP28: pointed at a serial port of the machine, it answers there', async () => {
    const cable = await createPtyPorts(folder)('cable');
    const heard: number[] = [];
    cable.onBytes((bytes) => heard.push(...bytes));
    const station = start('osdp', '--port', cable.path, '--address', '0');
    await portOf(station);
    // POLL with sequence number 0 to address 0 is answered by ACK; both are captured frames.
    cable.write(Uint8Array.from(Buffer.from('ff53000800 0460ebaa'.replace(' ', ''), 'hex')));
    const answer = 'ff5380080004 4059ac'.replace(' ', '');
    await waitFor('the answer', SEEN_MS, () =>
      Buffer.from(heard).toString('hex').includes(answer) ? true : undefined,
    );
    expect(await station.ended()).toBe(0);
    await cable.close();
  });

  test('DP29: the simulated door stands on serial ports of the machine as it does on its own', async () => {
    const openPort = createPtyPorts(folder);
    const cables = [await openPort('entry'), await openPort('exit'), await openPort('panel')];
    const [entry, exit, panel] = cables.map(({ path }) => path);
    const heard: number[] = [];
    cables[0]?.onBytes((bytes) => heard.push(...bytes));
    const door = spawn(
      process.execPath,
      [programFile(), 'door', '--home', folder].concat([
        '--entry-port',
        entry ?? '',
        '--exit-port',
        exit ?? '',
        '--panel-port',
        panel ?? '',
      ]),
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    children.push(door);
    const first = await new Promise<string>((resolve) =>
      createInterface({ input: door.stdout }).once('line', resolve),
    );
    const { control } = JSON.parse(first) as { control: string };
    await fetch(`${control}/card`, {
      method: 'POST',
      body: JSON.stringify({ reader: 'entry', card: '6F007B3972' }),
    });
    await waitFor('the frame', SEEN_MS, () =>
      Buffer.from(heard).includes('\x026F007B39725F\x03') ? true : undefined,
    );
    door.kill('SIGTERM');
    const code = await new Promise<number | null>((resolve) => door.once('exit', resolve));
    expect(code).toBe(0);
    for (const cable of cables) await cable.close();
  });

  test.each([
    [['lift']],
    [['osdp']],
    [['osdp', '--home', '/tmp', '--address', '200']],
    [['osdp', '--port', '/dev/no-such-port']],
  ])('DP28: %j is refused with exit code 2', async (args) => {
    expect(await start(...args).ended()).toBe(2);
  });
});
