import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openMosquitto, whyNoMosquitto, type MosquittoBroker } from './mosquitto-broker.ts';

const CONTACT = 'zigbee2mqtt/pintu-ruang-server';
const CLOSED = '{"contact":true}';
/** MQTT 5: the broker has understood the message and does not allow it. */
const NOT_AUTHORIZED = 135;

const whyNot = await whyNoMosquitto();

describe('Mosquitto with deploy/mosquitto as it stands', () => {
  let broker: MosquittoBroker | undefined;
  const clients: MqttClient[] = [];

  beforeAll(async () => {
    if (whyNot === null) {
      broker = await openMosquitto(['sensor-bridge', 'gw-ruang-server', 'gw-other', 'observer']);
    }
  });
  afterAll(async () => {
    for (const client of clients) client.end(true);
    await broker?.close();
  });
  beforeEach((context) => {
    if (whyNot !== null) context.skip(whyNot);
  });

  async function connectAs(name: string): Promise<MqttClient> {
    const client = await broker!.connectAs(name);
    if (client === null) throw new Error('refused');
    clients.push(client);
    return client;
  }

  async function publish(client: MqttClient, topic: string): Promise<number> {
    try {
      await client.publishAsync(topic, CLOSED, { qos: 1 });
      return 0;
    } catch (error) {
      return error instanceof Error && 'code' in error ? Number(error.code) : -1;
    }
  }

  test('DP10: the bridge of the sensors publishes a contact and the gateway hears it', async () => {
    const gateway = await connectAs('gw-ruang-server');
    await gateway.subscribeAsync('zigbee2mqtt/#', { qos: 1 });
    const heard = new Promise<string>((resolve) => gateway.once('message', (topic) => resolve(topic)));
    expect(await publish(await connectAs('sensor-bridge'), CONTACT)).toBe(0);
    expect(await heard).toBe(CONTACT);
  });

  test.for(['gw-ruang-server', 'gw-other', 'observer'])(
    'DP10: %s may not publish a contact, and nobody hears it',
    async (name) => {
      const listener = await connectAs('gw-ruang-server');
      await listener.subscribeAsync('zigbee2mqtt/#', { qos: 1 });
      const heard: string[] = [];
      listener.on('message', (topic) => heard.push(topic));
      expect(await publish(await connectAs(name), CONTACT)).toBe(NOT_AUTHORIZED);
      // A genuine one right after it: what would have come has then come.
      const next = new Promise((resolve) => listener.once('message', resolve));
      await publish(await connectAs('sensor-bridge'), `${CONTACT}/after`);
      await next;
      expect(heard).toEqual([`${CONTACT}/after`]);
    },
  );

  test('DP11: a gateway speaks for its own doors only', async () => {
    const gateway = await connectAs('gw-ruang-server');
    expect(await publish(gateway, 'palang/palang-demo/ruang-server/state')).not.toBe(NOT_AUTHORIZED);
    expect(await publish(gateway, 'palang/palang-demo/gw-ruang-server/online')).not.toBe(NOT_AUTHORIZED);
    expect(await publish(gateway, 'palang/palang-demo/ruang-arsip/state')).toBe(NOT_AUTHORIZED);
    expect(await publish(gateway, 'palang/palang-demo/gw-other/online')).toBe(NOT_AUTHORIZED);
  });

  test('DP12: without a certificate of the site nobody gets in', async () => {
    const client = await broker!.connectAs(null);
    if (client === null) return;
    // TLS 1.3 lets a client believe itself connected until its first record is refused.
    expect(await publish(client, 'palang/palang-demo/ruang-server/state')).not.toBe(0);
    client.end(true);
  });
});
