import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { OpenVirtualPort } from './virtual-port.ts';

/** Makes ports behind a serial device server on 127.0.0.1 that serves one client at a time and hangs up on others. */
export function createTcpPorts(): OpenVirtualPort {
  return async () => {
    const listeners: ((bytes: Uint8Array) => void)[] = [];
    let client: Socket | null = null;
    let isPlugged = false;
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      if (client !== null) return void socket.destroy();
      client = socket;
      socket.on('data', (bytes) => {
        for (const listener of listeners) listener(bytes);
      });
      socket.once('close', () => {
        client = null;
      });
    });
    const listen = async (port: number): Promise<void> => {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      isPlugged = true;
    };
    await listen(0);
    // Bound to a TCP port, so the address is an object.
    const { port } = server.address() as AddressInfo;

    const unplug = async (): Promise<void> => {
      if (!isPlugged) return;
      isPlugged = false;
      client?.destroy();
      await new Promise((resolve) => server.close(resolve));
    };
    return {
      path: `tcp://127.0.0.1:${port}`,
      get isPlugged() {
        return isPlugged;
      },
      write: (bytes) => void client?.write(bytes),
      onBytes: (listener) => void listeners.push(listener),
      unplug,
      replug: async () => {
        if (!isPlugged) await listen(port);
      },
      close: unplug,
    };
  };
}
