import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { GatewayMqtt } from '../../deploy/all-in-one/gateway-config.ts';
import { waitFor } from '../../deploy/story/wait-for.ts';
import { openMosquitto, whyNoMosquitto, type MosquittoBroker } from './mosquitto-broker.ts';
import { openTestSite, type TestSite } from './test-site.ts';

const CONTACT = 'zigbee2mqtt/pintu-ruang-server';
const SEEN_MS = 15_000;

const whyNot = await whyNoMosquitto();

describe('a gateway on Mosquitto with deploy/mosquitto as it stands', () => {
  let broker: MosquittoBroker | undefined;
  let site: TestSite | undefined;

  beforeAll(async () => {
    if (whyNot !== null) return;
    broker = await openMosquitto(['sensor-bridge', 'gw-ruang-server', 'observer']);
    const as = (name: string): GatewayMqtt => ({
      url: `mqtts://127.0.0.1:${broker!.port}`,
      ...broker!.filesOf(name),
    });
    site = await openTestSite({ broker: { gateway: as('gw-ruang-server'), bridge: as('sensor-bridge') } });
  });
  afterAll(async () => {
    await site?.close();
    await broker?.close();
  });
  beforeEach((context) => {
    if (whyNot !== null) context.skip(whyNot);
  });

  test('DP13: a forced door is recorded from the bridge; an impostor can neither fake nor hide one', async () => {
    const { door, journal, recordOf } = site!;
    const since = journal.newest();
    const impostor = await broker!.connectAs('observer');
    await impostor!.publishAsync(CONTACT, '{"contact":false}', { qos: 1 }).catch(() => undefined);
    await door.post('/hold', { isHeld: true });
    await door.post('/force', {});
    const forced = await recordOf('door.forced', since);
    // One opening, and it is the genuine one: what the impostor sent first would stand before it.
    const openings = journal
      .records()
      .filter((each) => each.sq > since && /^door\.(opened|forced)$/.test(each.ty));
    expect(openings.filter((each) => each.sq < forced.sq && each.ty === 'door.forced')).toEqual([]);

    await impostor!.publishAsync(CONTACT, '{"contact":true}', { qos: 1 }).catch(() => undefined);
    await door.post('/hold', { isHeld: false });
    await door.closeDoor();
    const closed = await recordOf('door.closed', forced.sq);
    const edges = journal.records().filter((each) => each.sq > since && each.ty === 'door.closed');
    expect(edges.map((each) => each.sq)).toEqual([closed.sq]);
    expect((await door.state()).leaf).toBe('closed');
    impostor!.end(true);
  });

  test('DP13: the gateway says over MQTT that it is there, and says so no more when it is killed', async () => {
    const observer = await broker!.connectAs('observer');
    const said: string[] = [];
    observer!.on('message', (topic, payload) => {
      if (topic.endsWith('/gw-ruang-server/online')) said.push(payload.toString('utf8'));
    });
    await observer!.subscribeAsync('palang/#', { qos: 1 });
    const present = await waitFor('the retained word', SEEN_MS, () => said[0]);
    await site!.parts.gateway.kill();
    const gone = await waitFor('the last will', SEEN_MS, () => said.find((each) => each !== present));
    expect([present, gone]).toEqual(['online', 'offline']);
    observer!.end(true);
  });
});
