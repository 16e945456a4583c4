import { createServer, type AddressInfo } from 'node:net';

/** Finds a port that is free on this address now; `wanted` itself where it is. */
export async function findFreePort(wanted = 0, host = '127.0.0.1'): Promise<number> {
  return (await listenOnce(wanted, host)) ?? (await listenOnce(0, host)) ?? 0;
}

/** Tells whether a port is free on this address now. */
export const isPortFree = async (port: number, host: string): Promise<boolean> =>
  (await listenOnce(port, host)) !== undefined;

function listenOnce(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, host, () => {
      const { port: found } = server.address() as AddressInfo;
      server.close(() => resolve(found));
    });
  });
}
