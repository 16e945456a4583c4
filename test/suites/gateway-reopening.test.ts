import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { asMonoMs } from '#contract/clock';
import { decodeRecord, type JournalRecord } from '#contract/record';
import { openBroker, type EmbeddedBroker } from '../../deploy/all-in-one/broker.ts';
import { createGatewayClock, type GatewayClock } from '../../gateway/clock/gateway-clock.ts';
import { openGateway, type RunningGateway } from '../../gateway/main.ts';
import { onlineTopic } from '../../gateway/sensors/door-publisher.ts';
import { createFakeServer, type FakeServer } from './gateway-server.ts';
import {
  CARD,
  createFakeClock,
  createFakeHardware,
  createSeededRandom,
  DOOR,
  GATEWAY,
  ISSUER,
  makeFolder,
  SARI,
  silentLog,
  SITE,
  TestSite,
  until,
  type FakeHardware,
} from './gateway-world.ts';

const USER = { name: GATEWAY, password: 'kata-sandi-contoh', isSensorBridge: false };

describe('a gateway whose journal goes on in another epoch', () => {
  const site = new TestSite();
  const cred = site.handleOf(CARD);
  const machine = createFakeClock();
  const online = onlineTopic(SITE, GATEWAY);
  let folder: ReturnType<typeof makeFolder>;
  let broker: EmbeddedBroker;
  let dashboard: MqttClient;
  let server: FakeServer;
  let clock: GatewayClock;
  let gateway: RunningGateway;
  /** One for each time that the doors were opened. */
  let hardware: FakeHardware[];
  /** What the gateway says of its being there. */
  let seen: string[];
  let heard: { readonly id: string; readonly type: string }[];

  beforeEach(async () => {
    folder = makeFolder();
    hardware = [];
    heard = [];
    seen = [];
    broker = await openBroker(0, [USER]);
    const address = `127.0.0.1:${broker.port}`;
    dashboard = await connectAsync(`mqtt://${address}`, { username: USER.name, password: USER.password });
    dashboard.on('message', (topic, payload) => {
      const text = payload.toString('utf8');
      if (topic === online) seen.push(text);
      else heard.push(JSON.parse(text) as never);
    });
    await dashboard.subscribeAsync([online, `palang/${SITE}/${DOOR}/event`]);
    server = createFakeServer(site, () => machine.epochMs());
    server.policy = {
      v: 1,
      body: site.policy({
        permits: [site.permit({ cred: [cred] })],
        creds: [{ cred, sub: SARI, st: 'active' }],
      }),
    };
    const keyFile = join(folder.path, 'gateway.key');
    const trustFile = join(folder.path, 'site-root.json');
    const privateKey = encodeBase64Url(site.gatewaySeed);
    const pepper = encodeBase64Url(site.pepper);
    writeFileSync(
      keyFile,
      JSON.stringify({ gateway: GATEWAY, site: SITE, issuer: ISSUER, epoch: 1, privateKey, pepper }),
    );
    writeFileSync(trustFile, JSON.stringify(site.chain));
    clock = createGatewayClock({
      epochMs: () => machine.epochMs(),
      monoMs: () => machine.monoMs(),
      isSynchronised: () => false,
      hasBatteryClock: () => false,
      sleepUntil: (at, signal) => machine.sleepUntil(asMonoMs(at), signal),
    });
    gateway = await openGateway({
      config: {
        id: GATEWAY,
        server: { url: 'http://server.test', keyFile, trustFile },
        dataDir: join(folder.path, 'data'),
        ballastMiB: 0,
        mqtt: { url: `mqtt://${USER.name}:${USER.password}@${address}` },
        doors: [
          {
            id: DOOR,
            readers: {
              entry: { protocol: 'rdm6300', port: '/dev/entry' },
              panel: { protocol: 'line', port: '/dev/panel' },
            },
            lock: { driver: 'line', reader: 'panel', output: 0, releaseMs: 5000 },
            heldOpenMs: 30_000,
            presence: { antiPassback: 'off', forgiveMs: 43_200_000, overstayGraceMs: 900_000 },
          },
        ],
      },
      clock,
      random: createSeededRandom('reopening'),
      log: silentLog,
      fetch: server.fetch,
      openHardware: () => {
        const opened = createFakeHardware();
        hardware.push(opened);
        return opened;
      },
    });
  });
  afterEach(async () => {
    await gateway.close();
    await dashboard.endAsync();
    await broker.close();
    folder.remove();
  });

  const records = (): readonly JournalRecord[] =>
    server.stored.flatMap((entry) => {
      const record = decodeRecord(utf8(entry));
      return record.ok ? [record.value] : [];
    });
  const ofType = (type: string) => records().filter(({ ty }) => ty === type);

  it('GJ28, GS9: a door that has obeyed more than the journal holds ends the epoch; doors and dashboards go on', async () => {
    await until(
      () => seen.length === 1 && ofType('policy.applied').length === 1 && server.epochRequests.length === 1,
    );
    // This server knows one journal: the next one is told to it from its beginning.
    server.faults = Array.from({ length: 10_000 }, () => 'request-lost' as const);
    const [first] = hardware;
    first?.emit({ type: 'journal-mark', reader: 'panel', epoch: 1, sq: 1000, atMs: clock.monoMs() });
    await until(() => hardware.length === 2);

    const second = hardware[1];
    second?.emit({
      type: 'reader',
      reader: 'entry',
      state: 'online',
      reason: 'opened',
      atMs: clock.monoMs(),
    });
    await until(() => clock.trust() === 3 && seen.join() === 'online,offline,online');
    second?.emit({ type: 'card', reader: 'entry', card: CARD, atMs: clock.monoMs() });
    await until(() => second?.pulses.length === 1);
    expect(first?.pulses).toEqual([]);
    await until(() => heard.some(({ type }) => type === 'access.granted'));
    server.stored.splice(0);
    server.faults = [];
    await machine.advance(600_000);
    await until(() => ofType('access.granted').length === 1);
    expect(ofType('epoch.opened').map(({ ep, x }) => [ep, x['why']])).toEqual([[2, 'tail-lost']]);
    const ids = heard.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
  });
});
