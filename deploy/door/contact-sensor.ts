import { connect, type IClientOptions } from 'mqtt';

const CLOSE_MS = 1_000;

/** The leaf of a door, as a sensor sees it. */
export interface DoorLeaf {
  state(): { readonly leaf: 'open' | 'closed' };
  onChange(listener: () => void): () => void;
}

/** Where and as whom a sensor publishes. */
export interface ContactSensorOptions {
  readonly url: string;
  /** zigbee2mqtt's own: `zigbee2mqtt/<friendly name>`. */
  readonly topic: string;
  readonly ca?: Buffer | undefined;
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
  /** Battery sensors repeat themselves now and then, and tell a listener that came later what it missed. */
  readonly repeatMs: number;
}

/**
 * Publishes the leaf of a door as zigbee2mqtt does for a contact sensor: each change at once and not retained,
 * the same again after each `repeatMs`, availability retained and as the last will.
 */
export function openContactSensor(door: DoorLeaf, options: ContactSensorOptions): { close(): Promise<void> } {
  const availability = `${options.topic}/availability`;
  const tls: IClientOptions = {};
  if (options.ca !== undefined) tls.ca = options.ca;
  if (options.cert !== undefined) tls.cert = options.cert;
  if (options.key !== undefined) tls.key = options.key;
  const client = connect(options.url, {
    ...tls,
    protocolVersion: 4,
    reconnectPeriod: 1_000,
    // What the leaf did while the broker was away is told once, as it stands on reconnect.
    queueQoSZero: false,
    will: { topic: availability, payload: Buffer.from('{"state":"offline"}'), qos: 1, retain: true },
  });
  let published: 'open' | 'closed' | undefined;

  function publish(): void {
    if (!client.connected) return;
    published = door.state().leaf;
    const payload = { battery: 97, contact: published === 'closed', linkquality: 148, voltage: 3000 };
    client.publish(options.topic, JSON.stringify(payload), { qos: 1 }, ignoreLoss);
  }
  // A lost connection publishes again when it is back, and the repetition follows.
  const ignoreLoss = (): void => undefined;

  client.on('connect', () => {
    client.publish(availability, '{"state":"online"}', { qos: 1, retain: true }, ignoreLoss);
    publish();
  });
  // The client reconnects by itself; without a listener its errors would end the process.
  client.on('error', ignoreLoss);
  const stopListening = door.onChange(() => {
    if (door.state().leaf !== published) publish();
  });
  const repetition = setInterval(publish, options.repeatMs);

  return {
    async close() {
      clearInterval(repetition);
      stopListening();
      if (client.connected) {
        client.publish(availability, '{"state":"offline"}', { qos: 1, retain: true }, ignoreLoss);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          client.end(true);
          resolve();
        }, CLOSE_MS);
        client.end(false, {}, () => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
  };
}
