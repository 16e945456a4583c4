import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Aedes } from 'aedes';

/** The part of the installation that speaks for the sensors. */
const CONTACT_TOPICS = 'zigbee2mqtt/';

/** An MQTT broker inside this process, on the loopback interface only. */
export interface EmbeddedBroker {
  readonly port: number;
  close(): Promise<void>;
}

/** Who may connect: a name and a password of this installation, and whether it speaks for the sensors. */
export interface BrokerUser {
  readonly name: string;
  readonly password: string;
  readonly isSensorBridge: boolean;
}

/**
 * Opens the broker of a single-machine installation. As in the Mosquitto configuration of a real site, only the
 * sensors' bridge may publish a contact.
 * @param port 0 for any free one
 */
export async function openBroker(port: number, users: readonly BrokerUser[]): Promise<EmbeddedBroker> {
  const userOf = new WeakMap<object, BrokerUser>();
  const broker = await Aedes.createBroker({
    authenticate(client, name, password, done) {
      const user = users.find((each) => each.name === name && each.password === password?.toString('utf8'));
      if (user !== undefined) userOf.set(client, user);
      done(null, user !== undefined);
    },
    authorizePublish(client, packet, done) {
      const user = client === null ? undefined : userOf.get(client);
      const isContact = packet.topic.startsWith(CONTACT_TOPICS);
      done(isContact === (user?.isSensorBridge ?? false) ? null : new Error('not allowed'));
    },
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    broker.handle(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      await new Promise<void>((resolve) => broker.close(resolve));
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
