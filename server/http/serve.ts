import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { serve, type HttpBindings } from '@hono/node-server';
import type { OpenAPIHono } from '@hono/zod-openapi';
import { Fault } from '#contract/result';
import type { AppEnv } from './app-env.ts';

/** A server that listens. */
export interface Listening {
  readonly port: number;
  /** Stops taking requests; open ones may end, and are cut after a while. */
  close(): Promise<void>;
}

const CLOSE_MS = 2_000;

/** Finds the address of the caller's machine. */
export function remoteAddress(context: { readonly env: unknown }): string | null {
  const { incoming } = (context.env ?? {}) as Partial<HttpBindings>;
  return incoming?.socket.remoteAddress ?? null;
}

/**
 * Listens on a port, with TLS where a certificate is given.
 * @throws Fault `cannot-listen`
 */
export function listen(
  app: OpenAPIHono<AppEnv>,
  options: {
    readonly host: string;
    readonly port: number;
    readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  },
): Promise<Listening> {
  const { tls } = options;
  return new Promise((resolve, reject) => {
    const server = serve(
      {
        fetch: app.fetch,
        hostname: options.host,
        port: options.port,
        ...(tls === null
          ? { createServer }
          : {
              createServer: createTlsServer,
              serverOptions: { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) },
            }),
      },
      ({ port }) => resolve({ port, close: () => closeServer(server as Server) }),
    );
    server.once('error', (cause: unknown) => reject(new Fault('cannot-listen', { retryable: true, cause })));
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
