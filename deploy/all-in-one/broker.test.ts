import { connect, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBroker, type EmbeddedBroker } from './broker.ts';

const BRIDGE = { name: 'sensor-bridge', password: 'p1', isSensorBridge: true };
const GATEWAY = { name: 'gw-ruang-server', password: 'p2', isSensorBridge: false };
const TOPIC = 'zigbee2mqtt/pintu-ruang-server';

let broker: EmbeddedBroker;
beforeAll(async () => {
  broker = await openBroker(0, [BRIDGE, GATEWAY]);
});
afterAll(() => broker.close());

function client(user: { name: string; password: string }): MqttClient {
  return connect({
    host: '127.0.0.1',
    port: broker.port,
    username: user.name,
    password: user.password,
    protocolVersion: 4,
    reconnectPeriod: 0,
  });
}

const happens = (emitter: MqttClient, event: 'connect' | 'close'): Promise<void> =>
  new Promise((resolve) => {
    emitter.once(event, () => resolve());
    emitter.on('error', () => undefined);
  });

test('DP4: the embedded broker lets only the bridge of the sensors publish a contact', async () => {
  const listener = client(GATEWAY);
  await happens(listener, 'connect');
  await listener.subscribeAsync(TOPIC, { qos: 1 });
  const heard = new Promise<string>((resolve) =>
    listener.once('message', (_, payload) => resolve(payload.toString('utf8'))),
  );

  const impostor = client(GATEWAY);
  await happens(impostor, 'connect');
  const isShut = happens(impostor, 'close');
  impostor.publish(TOPIC, '{"contact":true,"from":"impostor"}');
  await isShut;

  const bridge = client(BRIDGE);
  await happens(bridge, 'connect');
  await bridge.publishAsync(TOPIC, '{"contact":true}', { qos: 1 });
  expect(await heard).toBe('{"contact":true}');
  for (const each of [listener, impostor, bridge]) each.end(true);
});

test('DP4: the embedded broker refuses who has no password of this installation', async () => {
  const stranger = client({ name: 'sensor-bridge', password: 'guess' });
  await happens(stranger, 'close');
  expect(stranger.connected).toBe(false);
  stranger.end(true);
});
