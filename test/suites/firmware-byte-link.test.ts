import { execFile } from 'node:child_process';
import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '#contract/result';
import { createSerialPorts } from '../../firmware-bridge/simulator/serial-port.ts';
import type { VirtualPort } from '../../firmware-bridge/simulator/virtual-port.ts';
import type { ByteLink } from '../../firmware-bridge/transport/byte-link.ts';
import { superviseLink } from '../../firmware-bridge/transport/supervised-link.ts';
import {
  createFakeClock,
  firmwareWorlds,
  openMemoryWorld,
  openPtyWorld,
  settleIn,
  type FirmwareWorld,
} from './firmware-world.ts';

const everyByte = Uint8Array.from({ length: 256 }, (_, value) => value);

const codeOf = async (attempt: Promise<unknown>): Promise<string> => {
  const thrown: unknown = await attempt.then(
    () => null,
    (cause: unknown) => cause,
  );
  return thrown instanceof Fault ? thrown.code : 'no fault';
};

describe.each(firmwareWorlds)('a byte link over %s', (_name, openWorld) => {
  let world: FirmwareWorld;
  let port: VirtualPort;
  const links: ByteLink[] = [];
  const openLink = async (baud = 9600): Promise<ByteLink> => {
    const link = await settleIn(world, world.openLink({ path: port.path, baud }));
    links.push(link);
    return link;
  };

  beforeEach(async () => {
    world = await openWorld();
    port = await world.openPort('entry');
  });
  afterEach(async () => {
    for (const link of links.splice(0)) await link.close();
    await port.close();
    await world.close();
  });

  it('FB70: carries every byte value unchanged, both ways', async () => {
    const link = await openLink();
    const toHost: number[] = [];
    const toDevice: number[] = [];
    link.onBytes((bytes) => toHost.push(...bytes));
    port.onBytes((bytes) => toDevice.push(...bytes));
    port.write(everyByte);
    await link.write(everyByte);
    await world.until('both directions', () => toHost.length >= 256 && toDevice.length >= 256);
    expect(toHost).toEqual([...everyByte]);
    expect(toDevice).toEqual([...everyByte]);
  });

  it('FB71: what the device sent while nobody had the port open is not delivered', async () => {
    for (let frame = 0; frame < 1000; frame += 1) port.write(Buffer.from('stale frame!'));
    const link = await openLink();
    let heard = '';
    link.onBytes((bytes) => (heard += Buffer.from(bytes).toString('latin1')));
    port.write(Buffer.from('fresh'));
    await world.until('the fresh bytes', () => heard.endsWith('fresh'));
    expect(heard).toBe('fresh');
  });

  it('FB72: has one owner at a time, and the port can be opened again as soon as close has resolved', async () => {
    const link = await openLink();
    expect(await codeOf(settleIn(world, world.openLink({ path: port.path, baud: 9600 })))).toBe('port-busy');
    await link.close();
    await link.close();
    const again = await openLink();
    const heard: number[] = [];
    again.onBytes((bytes) => heard.push(...bytes));
    port.write(Uint8Array.of(7));
    await world.until('a byte', () => heard.length > 0);
    expect(heard).toEqual([7]);
  });

  it('FB73: tells once that the device is gone, also to who asks later, and refuses to write', async () => {
    const link = await openLink();
    const reasons: string[] = [];
    link.onClosed((reason) => reasons.push(reason));
    await port.unplug();
    await world.until('the loss', () => reasons.length > 0);
    expect(await codeOf(link.write(Uint8Array.of(1)))).toBe('link-lost');
    await link.close();
    link.onClosed((reason) => reasons.push(`later ${reason}`));
    expect(reasons).toEqual(['port-lost', 'later port-lost']);
  });

  it('FB73: a close of our own is told as such', async () => {
    const link = await openLink();
    const reasons: string[] = [];
    link.onClosed((reason) => reasons.push(reason));
    await link.close();
    expect(reasons).toEqual(['closed']);
  });

  it('FB74: a path that is not there is a fault by name, and opens once the device is back', async () => {
    await port.unplug();
    expect(await codeOf(settleIn(world, world.openLink({ path: port.path, baud: 9600 })))).toBe(
      'port-missing',
    );
    await port.replug();
    const link = await openLink();
    const heard: number[] = [];
    link.onBytes((bytes) => heard.push(...bytes));
    port.write(Uint8Array.of(9));
    await world.until('a byte', () => heard.length > 0);
  });
});

describe('a serial link', () => {
  it('FB71: what an adapter still gives out just after opening is not delivered', async () => {
    const world = await openPtyWorld();
    const port = await world.openPort('entry');
    const opening = world.openLink({ path: port.path, baud: 9600 });
    let writes = 0;
    await world.until('some writes', () => {
      port.write(Buffer.from('stale'));
      writes += 1;
      return writes === 15;
    });
    const link = await opening;
    let heard = '';
    link.onBytes((bytes) => (heard += Buffer.from(bytes).toString('latin1')));
    port.write(Buffer.from('fresh'));
    await world.until('the fresh bytes', () => heard.endsWith('fresh'));
    expect(heard).toBe('fresh');
    await link.close();
    await port.close();
    await world.close();
  });

  it('FB75: notices that its path leads to another device', async () => {
    const world = await openPtyWorld();
    const port = await world.openPort('entry');
    const other = await world.openPort('other');
    const link = await world.openLink({ path: port.path, baud: 9600 });
    const reasons: string[] = [];
    link.onClosed((reason) => reasons.push(reason));
    const { stdout } = await promisify(execFile)('readlink', ['-f', other.path]);
    await rm(port.path);
    await symlink(stdout.trim(), join(world.linksDir, 'entry'));
    await world.until('the replacement', () => reasons.length > 0);
    expect(reasons).toEqual(['port-replaced']);
    await port.close();
    await other.close();
    await world.close();
  });

  it('FB76: the line runs at the asked baud rate', async () => {
    const world = await openPtyWorld();
    const port = await world.openPort('panel');
    for (const baud of [9600, 38_400, 115_200]) {
      const link = await world.openLink({ path: port.path, baud });
      const { stdout } = await promisify(execFile)('stty', ['-F', port.path, 'speed']);
      expect(Number(stdout)).toBe(baud);
      await link.close();
    }
    await port.close();
    await world.close();
  });
});

describe('a simulated device at the end of a real cable', () => {
  it('FB114: speaks and hears through the port of this machine, and can leave it and come back', async () => {
    const world = await openPtyWorld();
    const cable = await world.openPort('cable');
    const openPort = createSerialPorts({ entry: { path: cable.path, baud: 9600 } }, world.clock);
    const port = await openPort('entry');
    const heard: number[] = [];
    const told: number[] = [];
    port.onBytes((bytes) => heard.push(...bytes));
    cable.onBytes((bytes) => told.push(...bytes));
    cable.write(everyByte);
    port.write(everyByte);
    await world.until('both directions', () => heard.length >= 256 && told.length >= 256);
    expect([heard, told]).toEqual([[...everyByte], [...everyByte]]);
    await port.unplug();
    expect(port.isPlugged).toBe(false);
    port.write(everyByte);
    await port.replug();
    cable.write(Uint8Array.of(7));
    await world.until('a byte', () => heard.length > 256);
    expect([heard.at(-1), told.length]).toEqual([7, 256]);
    expect(await codeOf(openPort('nowhere'))).toBe('port-missing');
    await port.close();
    await cable.close();
    await world.close();
  });
});

describe('superviseLink', () => {
  it('FB78: comes back by the same path after each loss, and has at most one link', async () => {
    const world = await openMemoryWorld();
    const port = await world.openPort('entry');
    let open = 0;
    let most = 0;
    const said: string[] = [];
    const supervised = superviseLink({ path: port.path, baud: 9600 }, world.openLink, world.clock, {
      onUp: (link) => {
        open += 1;
        most = Math.max(most, open);
        link.onClosed(() => (open -= 1));
        said.push('up');
      },
      onDown: (reason) => said.push(reason),
    });
    for (let round = 0; round < 5; round += 1) {
      await world.until('a link', () => open === 1);
      await port.unplug();
      await world.until('the loss', () => open === 0);
      await port.replug();
    }
    await world.until('a link', () => open === 1);
    await supervised.close();
    expect(most).toBe(1);
    expect(open).toBe(0);
    expect(said.filter((word) => word === 'up').length).toBe(6);
    expect(said.at(-1)).toBe('closed');
  });

  it('FB79: waits longer after each failure, up to two seconds, and stops when told to', async () => {
    const clock = createFakeClock();
    const attempts: number[] = [];
    const supervised = superviseLink(
      { path: 'nowhere', baud: 9600 },
      () => {
        attempts.push(clock.monoMs());
        return Promise.reject(new Fault('port-missing', { retryable: true }));
      },
      clock,
      { onUp: () => undefined, onDown: () => undefined },
    );
    await clock.advance(8000);
    const waits = attempts.slice(1).map((atMs, index) => atMs - (attempts[index] ?? 0));
    expect(waits).toEqual([250, 500, 1000, 2000, 2000, 2000]);
    await supervised.close();
    await clock.advance(10_000);
    expect(attempts.length).toBe(7);
  });

  it('FB79: a link that held for a while is tried again soon', async () => {
    const world = await openMemoryWorld();
    const port = await world.openPort('entry');
    let ups = 0;
    const supervised = superviseLink({ path: port.path, baud: 9600 }, world.openLink, world.clock, {
      onUp: () => (ups += 1),
      onDown: () => undefined,
    });
    await world.clock.advance(10);
    await port.unplug();
    await world.clock.advance(6000);
    await port.replug();
    await world.clock.advance(8000);
    expect(ups).toBe(2);
    await port.unplug();
    await port.replug();
    await world.clock.advance(250);
    expect(ups).toBe(3);
    await supervised.close();
  });
});
