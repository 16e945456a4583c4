import { readFileSync } from 'node:fs';
import { connect } from 'mqtt';
import type { Logger } from 'pino';
import { Fault } from '#contract/result';
import type { MqttConfig } from '../config.ts';

/** Messages to and from the broker. There is none that unlocks: what comes in reaches the contact sensors only. */
export interface MqttLink {
  /** Hears a topic for as long as the link lives, over every reconnection. */
  subscribe(topics: readonly string[], listener: MqttListener): void;
  /** Sends if connected; what is not retained and not sent is dropped, since the journal holds it. */
  publish(topic: string, payload: string, options?: { readonly isRetained?: boolean }): void;
  close(): Promise<void>;
}

export interface MqttListener {
  onMessage(topic: string, payload: Uint8Array, isRetained: boolean): void;
  /** The broker is gone; what it would have said is not known. */
  onLost(): void;
}

function read(path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Fault('mqtt-file-unreadable', { retryable: false, cause: error });
  }
}

/**
 * Opens the link to the broker in the background; a broker that is away is tried for ever.
 * @throws Fault `mqtt-file-unreadable`
 * @param will what the broker says when this gateway vanishes; `online` is what is said while it is there
 */
export function openMqttLink(options: {
  readonly config: MqttConfig;
  readonly clientId: string;
  readonly presence: { readonly topic: string; readonly online: string; readonly offline: string };
  readonly log: Logger;
}): MqttLink {
  const { config, presence, log } = options;
  const tls = { ca: read(config.caFile), cert: read(config.certFile), key: read(config.keyFile) };
  const listeners = new Map<string, MqttListener[]>();
  const retained = new Map<string, string>();
  let isLost = true;
  const client = connect(config.url, {
    clientId: options.clientId,
    // The embedded broker speaks 3.1.1 only.
    protocolVersion: 4,
    clean: true,
    resubscribe: false,
    queueQoSZero: false,
    reconnectPeriod: 2000,
    connectTimeout: 10_000,
    keepalive: 20,
    will: { topic: presence.topic, payload: Buffer.from(presence.offline), qos: 1, retain: true },
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(tls.cert !== undefined && { cert: tls.cert }),
    ...(tls.key !== undefined && { key: tls.key }),
  });
  const send = (topic: string, payload: string, isRetained: boolean): void => {
    if (!client.connected) return;
    client.publish(topic, payload, { qos: isRetained ? 1 : 0, retain: isRetained }, (error) => {
      if (error) log.debug('a message to the broker was lost');
    });
  };
  const listen = (topics: readonly string[]): void => {
    if (!client.connected || topics.length === 0) return;
    client.subscribe([...topics], { qos: 1 }, (error) => {
      if (error) log.error('the broker refuses a contact topic');
    });
  };
  client.on('connect', () => {
    isLost = false;
    log.info('broker connected');
    send(presence.topic, presence.online, true);
    for (const [topic, payload] of retained) send(topic, payload, true);
    // By hand and not by the client's own memory: a broker that forgot the session is told all of it again.
    listen([...listeners.keys()]);
  });
  client.on('close', () => {
    if (isLost) return;
    isLost = true;
    log.warn('broker lost');
    for (const listener of new Set([...listeners.values()].flat())) listener.onLost();
  });
  // Without a listener an error event would end the process; `close` follows it and tells all there is to tell.
  client.on('error', () => log.debug('broker link failed'));
  client.on('message', (topic, payload, packet) => {
    for (const listener of listeners.get(topic) ?? []) listener.onMessage(topic, payload, packet.retain);
  });
  return {
    subscribe: (topics, listener) => {
      for (const topic of topics) listeners.set(topic, [...(listeners.get(topic) ?? []), listener]);
      listen(topics);
    },
    publish: (topic, payload, { isRetained = false } = {}) => {
      if (isRetained) retained.set(topic, payload);
      send(topic, payload, isRetained);
    },
    close: async () => {
      send(presence.topic, presence.offline, true);
      await client.endAsync();
    },
  };
}
