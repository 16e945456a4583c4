import { connect } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBroker, type EmbeddedBroker } from '../all-in-one/broker.ts';
import { waitFor } from '../story/wait-for.ts';
import { openContactSensor } from './contact-sensor.ts';

const BRIDGE = { name: 'sensor-bridge', password: 'p1', isSensorBridge: true };
const GATEWAY = { name: 'gateway', password: 'p2', isSensorBridge: false };
const TOPIC = 'zigbee2mqtt/pintu-ruang-server';

let broker: EmbeddedBroker;
beforeAll(async () => {
  broker = await openBroker(0, [BRIDGE, GATEWAY]);
});
afterAll(() => broker.close());

const urlOf = (user: { name: string; password: string }): string =>
  `mqtt://${user.name}:${user.password}@127.0.0.1:${broker.port}`;

test('DP18: the simulated leaf speaks as a zigbee2mqtt contact: each change, repeated, never retained, with a last word', async () => {
  const listener = connect(urlOf(GATEWAY), { protocolVersion: 4 });
  const heard: string[] = [];
  let retained = 0;
  listener.on('message', (topic, payload, packet) => {
    if (packet.retain && topic === TOPIC) retained += 1;
    const { contact, state } = JSON.parse(payload.toString('utf8')) as { contact?: boolean; state?: string };
    heard.push(topic === TOPIC ? `contact ${contact}` : `${state}`);
  });
  await listener.subscribeAsync(`${TOPIC}/#`, { qos: 1 });

  let leaf: 'open' | 'closed' = 'closed';
  const listeners = new Set<() => void>();
  const door = {
    state: () => ({ leaf }),
    onChange(each: () => void) {
      listeners.add(each);
      return () => listeners.delete(each);
    },
  };
  const sensor = openContactSensor(door, { url: urlOf(BRIDGE), topic: TOPIC, repeatMs: 80 });
  await waitFor('the first contact', 5_000, () => heard.includes('contact true') || undefined);
  leaf = 'open';
  for (const each of listeners) each();
  await waitFor(
    'a repetition',
    5_000,
    () => heard.filter((each) => each === 'contact false').length >= 2 || undefined,
  );
  await sensor.close();
  await waitFor('the last word', 5_000, () => heard.at(-1) === 'offline' || undefined);
  expect(heard[0]).toBe('online');
  expect(retained).toBe(0);
  await listener.endAsync();
});
