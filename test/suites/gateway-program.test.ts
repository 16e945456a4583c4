import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import { connect, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeBase64Url } from '#contract/bytes';
import type { GatewayConfig } from '../../gateway/config.ts';
import { openGateway, type RunningGateway } from '../../gateway/main.ts';
import { createDoorPublisher } from '../../gateway/sensors/door-publisher.ts';
import { createFakeServer, type FakeServer } from './gateway-server.ts';
import {
  CARD,
  DOOR,
  GATEWAY,
  ISSUER,
  SARI,
  SITE,
  TestSite,
  createFakeClock,
  createFakeHardware,
  createSeededRandom,
  makeFolder,
  silentLog,
  until,
  type FakeHardware,
} from './gateway-world.ts';

const CONTACT = 'zigbee2mqtt/pintu';
const FIRE = 'gedung/api';
const site = new TestSite();
const cred = site.handleOf(CARD);
const body = site.policy({
  permits: [site.permit({ cred: [cred] })],
  creds: [{ cred, sub: SARI, st: 'active' }],
});

interface Broker {
  readonly port: number;
  /** Cuts every connection, as a power cut of the other side does. */
  cut(): void;
  stop(): Promise<void>;
}

async function startBroker(port = 0): Promise<Broker> {
  const aedes = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    aedes.handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await new Promise<void>((resolve) => aedes.close(resolve));
    },
  };
}

let folder: ReturnType<typeof makeFolder>;
let clock: ReturnType<typeof createFakeClock>;
let server: FakeServer;
let hardware: FakeHardware;
let broker: Broker;
let sensor: MqttClient;
let heard: { topic: string; text: string; isRetained: boolean }[];
let config: GatewayConfig;
let gateway: RunningGateway | undefined;

beforeEach(async () => {
  folder = makeFolder();
  clock = createFakeClock();
  clock.setTrust(0);
  server = createFakeServer(site, () => clock.epochMs());
  server.policy = { body, v: 1 };
  hardware = createFakeHardware();
  broker = await startBroker();
  heard = [];
  sensor = connect(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion: 4, reconnectPeriod: 50 });
  sensor.on('message', (topic, payload, { retain }) =>
    heard.push({ topic, text: payload.toString(), isRetained: retain }),
  );
  await sensor.subscribeAsync('palang/#', { qos: 1 });
  const keyFile = join(folder.path, 'gateway.key');
  const trustFile = join(folder.path, 'site-root.json');
  writeFileSync(
    keyFile,
    JSON.stringify({
      gateway: GATEWAY,
      site: SITE,
      issuer: ISSUER,
      epoch: 1,
      privateKey: encodeBase64Url(site.gatewaySeed),
      pepper: encodeBase64Url(site.pepper),
    }),
  );
  writeFileSync(trustFile, JSON.stringify(site.chain));
  config = {
    id: GATEWAY,
    server: { url: 'http://server.test', keyFile, trustFile },
    dataDir: join(folder.path, 'data'),
    ballastMiB: 0,
    mqtt: { url: `mqtt://127.0.0.1:${broker.port}` },
    doors: [
      {
        id: DOOR,
        readers: {
          entry: { protocol: 'rdm6300', port: '/dev/entry' },
          exit: { protocol: 'rdm6300', port: '/dev/exit' },
          panel: { protocol: 'line', port: '/dev/panel' },
        },
        lock: { driver: 'line', reader: 'panel', output: 0, releaseMs: 5000 },
        contact: { preset: 'zigbee2mqtt', topic: CONTACT, maxSilenceMs: 7_200_000 },
        exitButton: { reader: 'panel', input: 0 },
        fireInput: { preset: 'custom', topic: FIRE, active: ['ON'], clear: ['OFF'] },
        heldOpenMs: 30_000,
        presence: { antiPassback: 'soft', forgiveMs: 43_200_000, overstayGraceMs: 900_000 },
      },
    ],
  };
});
afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
  await sensor.endAsync(true);
  await broker.stop();
  folder.remove();
});

async function start(seed = 'program'): Promise<void> {
  gateway = await openGateway({
    config,
    clock,
    random: createSeededRandom(seed),
    log: silentLog,
    fetch: server.fetch,
    openHardware: () => hardware,
  });
  for (const reader of ['entry', 'exit', 'panel']) {
    hardware.emit({ type: 'reader', reader, state: 'online', reason: 'opened', atMs: clock.monoMs() });
  }
}

const present = (reader: string): void =>
  hardware.emit({ type: 'card', reader, card: CARD, atMs: clock.monoMs() });
const typesOf = (): readonly string[] =>
  server.stored.map((entry) => {
    const { ty, rs } = JSON.parse(entry) as { ty: string; rs?: string };
    return rs === undefined ? ty : `${ty} ${rs}`;
  });
const contact = (isClosed: boolean): Promise<unknown> =>
  sensor.publishAsync(CONTACT, JSON.stringify({ contact: isClosed, battery: 90 }), { qos: 1, retain: true });
const stateIs =
  (part: string): (() => boolean) =>
  () =>
    heard
      .filter(({ topic }) => topic === `palang/${SITE}/${DOOR}/state`)
      .at(-1)
      ?.text.includes(part) === true;

describe('the whole gateway', () => {
  it('GC6: a card is let in by orders that came from the server, and all of it arrives there', async () => {
    await contact(true);
    await start();
    await until(stateIs('"contact":"closed"'));
    await until(() => typesOf().includes('clock.trusted'));
    present('entry');
    expect(hardware.pulses).toHaveLength(1);
    await contact(false);
    await until(() => typesOf().includes('access.outcome entered'));
    await contact(true);
    await until(stateIs('"contact":"closed","alarm":"none","occupancy":1'));
    present('exit');
    await until(() => typesOf().includes('exit.recorded'));
    expect(typesOf().slice(0, 3)).toEqual(['epoch.opened', 'boot', 'config.changed']);
    expect(typesOf().slice(-5)).toEqual([
      'access.granted',
      'door.opened',
      'access.outcome entered',
      'door.closed',
      'exit.recorded',
    ]);
    expect(server.problems).toEqual([]);
  });

  it('GC6: without server and broker the kept orders still open after a restart', async () => {
    await start();
    await until(() => typesOf().includes('clock.trusted'));
    await gateway?.close();
    server.faults = Array.from({ length: 1000 }, () => 'request-lost' as const);
    await broker.stop();
    hardware = createFakeHardware();
    await start('again');
    present('entry');
    expect(hardware.pulses).toHaveLength(1);
    broker = await startBroker();
  });

  it('GC6: a gateway whose clock nobody vouches for opens for nobody until the server signs the time', async () => {
    server.faults = ['request-lost', 'request-lost', 'request-lost', 'request-lost'];
    await start();
    present('entry');
    expect(hardware.pulses).toEqual([]);
    while (server.asked === 0) await clock.advance(1000);
    await until(() => clock.trust() === 3);
    present('entry');
    expect(hardware.pulses).toHaveLength(1);
  });

  it('GC5: a key file of another gateway does not start', async () => {
    config = { ...config, id: 'gw-lain' };
    await expect(start()).rejects.toThrow('wrong-gateway');
    config = { ...config, server: { ...config.server, keyFile: '/nowhere' } };
    await expect(start()).rejects.toThrow('key-file-unreadable');
  });

  it('GS9: state is retained, events are not, and neither names anybody', async () => {
    await contact(true);
    await start();
    await until(() => typesOf().includes('clock.trusted'));
    present('entry');
    await until(() =>
      heard.some(({ topic, text }) => topic.endsWith('/event') && text.includes('access.granted')),
    );
    const again = connect(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion: 4 });
    const kept: string[] = [];
    again.on('message', (topic) => kept.push(topic));
    await again.subscribeAsync('palang/#');
    await until(() => kept.length === 2);
    await again.endAsync(true);
    expect(kept.sort()).toEqual([`palang/${SITE}/${GATEWAY}/online`, `palang/${SITE}/${DOOR}/state`].sort());
    const all = heard.map(({ text }) => text).join('\n');
    expect(all).not.toContain(cred);
    expect(all).not.toContain(SARI);
    expect(all).not.toContain('pm_');
    expect(all).not.toContain('"c"');
  });

  it('GS7, GS10: a broker that restarts is found again, heard again and told again', async () => {
    await contact(true);
    await start();
    await until(stateIs('"contact":"closed"'));
    const { port } = broker;
    heard = [];
    await broker.stop();
    await until(() => typesOf().includes('door.contact-unknown'));
    broker = await startBroker(port);
    await until(() => sensor.connected);
    await sensor.subscribeAsync('palang/#', { qos: 1 });
    await until(() => heard.some(({ text }) => text === 'online'));
    await until(stateIs('"contact":"unknown"'));
    await contact(false);
    await until(stateIs('"contact":"open"'));
    // Found after the gap, not seen: nobody knows who opened it, and it is no break-in.
    await until(() => typesOf().includes('door.opened'));
    expect(typesOf()).not.toContain('door.forced');
  }, 20_000);

  it('GS10: the gateway says when it goes, and the broker says it where the gateway cannot', async () => {
    await start();
    const online = `palang/${SITE}/${GATEWAY}/online`;
    const words = (): readonly string[] =>
      heard.flatMap(({ topic, text }) => (topic === online ? [text] : []));
    await until(() => words().at(-1) === 'online');
    heard = [];
    broker.cut();
    await until(() => words().includes('offline'));
    await until(() => words().at(-1) === 'online');
    await gateway?.close();
    await until(() => words().at(-1) === 'offline');
    expect(words()).toEqual(['offline', 'online', 'offline']);
  });

  it('GS11: nothing that is published to it releases the lock', async () => {
    await contact(true);
    await start();
    await until(stateIs('"contact":"closed"'));
    await until(() => typesOf().includes('clock.trusted'));
    const topics = [
      CONTACT,
      `${CONTACT}/set`,
      `palang/${SITE}/${DOOR}/state`,
      `palang/${SITE}/${DOOR}/command`,
      `palang/${SITE}/${DOOR}/event`,
      `homeassistant/lock/${DOOR}/set`,
      `palang/${SITE}/${DOOR}/holdOpen`,
      FIRE,
      'zigbee2mqtt/bridge/state',
    ];
    for (const topic of topics) {
      for (const text of [
        'UNLOCK',
        '{"contact":false,"lock":"released","state":"UNLOCK"}',
        '{"__proto__":{}}',
        'ON',
      ]) {
        await sensor.publishAsync(topic, text, { qos: 1, retain: true });
      }
    }
    await sensor.publishAsync(CONTACT, Buffer.alloc(70_000, 0x7b), { qos: 1 });
    await contact(true);
    await until(stateIs('"contact":"closed"'));
    expect(hardware.pulses).toEqual([]);
  });

  it('GU20, DM33: an order that waits at the server is fetched, recorded and obeyed at the door', async () => {
    await contact(true);
    await start();
    await until(() => typesOf().includes('clock.trusted'));
    let orders = 0;
    server.commands = (nonce) => {
      orders += 1;
      return orders === 1 ? [site.signCommand(site.command({ act: 'release', nonce }))] : [];
    };
    server.wake('command');
    await until(() => hardware.pulses.length === 1);
    await until(() => typesOf().includes('operator.command'));
    const sq = typesOf().indexOf('operator.command');
    expect(hardware.pulses).toMatchObject([{ id: `1/${sq}`, journal: { epoch: 1, sq } }]);
    expect(hardware.pulses[0]?.notAfterMs).toBeLessThanOrEqual(clock.monoMs() + 2000);
    expect(server.problems).toEqual([]);
  });

  it('GU20: an order for which no call came is found with the next question for orders', async () => {
    await start();
    await until(() => typesOf().includes('clock.trusted'));
    let isGiven = false;
    server.commands = (nonce) => {
      if (isGiven) return [];
      isGiven = true;
      return [site.signCommand(site.command({ act: 'lockdown-start', nonce }))];
    };
    await clock.advance(61_000);
    await until(stateIs('"lockdown":true'));
    present('entry');
    await until(() => typesOf().includes('access.denied lockdown'));
    expect(hardware.pulses).toEqual([]);
  });

  it('GU23: what came as an order and was none is recorded once for each reason, and nobody is let in', async () => {
    await start();
    await until(() => typesOf().includes('clock.trusted'));
    server.commands = () => [site.signCommand(site.command({ act: 'release', nonce: 'M'.repeat(22) }))];
    for (let turn = 0; turn < 3; turn += 1) {
      const asked = server.commandNonces.length;
      server.wake('command');
      await until(() => server.commandNonces.length > asked);
    }
    await until(() => typesOf().includes('policy.rejected'));
    await clock.advance(61_000);
    expect(typesOf().filter((ty) => ty === 'policy.rejected')).toHaveLength(1);
    expect(hardware.pulses).toEqual([]);
  });

  it('GS21, DM29: a fire alarm that is told over MQTT is recorded and shown, and moves nothing', async () => {
    await contact(true);
    await start();
    await until(stateIs('"contact":"closed"'));
    await sensor.publishAsync(FIRE, 'ON', { qos: 1, retain: true });
    await until(stateIs('"fire":true'));
    await until(() => typesOf().includes('fire.active'));
    await contact(false);
    await until(() => typesOf().includes('door.opened'));
    expect(typesOf()).not.toContain('door.forced');
    await sensor.publishAsync(FIRE, 'OFF', { qos: 1, retain: true });
    await until(() => typesOf().includes('fire.cleared'));
    expect(hardware.pulses).toEqual([]);
  });

  it('GS22: Home Assistant finds the door, also when it comes later', async () => {
    await start();
    await until(() => typesOf().includes('clock.trusted'));
    const late = connect(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion: 4 });
    const kept: string[] = [];
    late.on('message', (topic, _payload, { retain }) => {
      if (retain) kept.push(topic);
    });
    await late.subscribeAsync('homeassistant/#');
    await until(() => kept.length === 7);
    await late.endAsync(true);
    expect(kept.every((topic) => topic.includes(`palang_${SITE}_${DOOR}`))).toBe(true);
  });

  it('GS24: an alert under duress is published nowhere', () => {
    const sent: string[] = [];
    const publisher = createDoorPublisher(
      { publish: (topic) => sent.push(topic), subscribe: () => undefined, close: () => Promise.resolve() },
      SITE,
    );
    const record = {
      v: 1,
      gw: GATEWAY,
      ep: 1,
      sq: 0,
      bt: 1,
      t: 0,
      tq: 3,
      mo: 0,
      ph: 'A'.repeat(43),
      x: {},
    } as const;
    publisher.publishEvent({ ...record, ty: 'access.duress', door: DOOR });
    publisher.publishEvent({ ...record, ty: 'access.granted', door: DOOR });
    expect(sent).toEqual([`palang/${SITE}/${DOOR}/event`]);
  });
});
