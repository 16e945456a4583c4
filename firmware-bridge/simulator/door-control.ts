import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { keys } from '../protocol/line/message.ts';
import type { SimulatedDoor, SimulatedPort } from './simulated-door.ts';

const maxBodyBytes = 16 * 1024;
const maxHeldMs = 600_000;
const portNames = ['entry', 'exit', 'panel'] as const satisfies readonly SimulatedPort[];

export interface DoorControl {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  close(): Promise<void>;
}

type Body = Readonly<Record<string, unknown>>;

/** What a request came to: an answer to send as JSON, or null for a body that does not fit. */
type Action = (door: SimulatedDoor, body: Body) => Promise<object | null> | object | null;

const done = {};

const reads: Readonly<Record<string, (door: SimulatedDoor) => unknown>> = {
  '/state': (door) => door.state(),
  '/lock-line': (door) => door.lockLine(),
  '/ports': (door) => door.ports,
};

const actions: Readonly<Record<string, Action>> = {
  '/card': (door, { reader, card, heldMs = 300 }) => {
    if ((reader !== 'entry' && reader !== 'exit') || !isDuration(heldMs)) return null;
    if (typeof card !== 'string' || !/^[0-9A-Fa-f]{10}$/.test(card)) return null;
    door.presentCard(reader, card, heldMs);
    return done;
  },
  '/key': (door, body) => {
    const key = keys.find((known) => known === body['key']);
    if (key === undefined) return null;
    door.pressKey(key);
    return done;
  },
  '/exit-button': (door, { heldMs = 300 }) => {
    if (!isDuration(heldMs)) return null;
    door.pressExitButton(heldMs);
    return done;
  },
  '/push': (door) => ({ hasMoved: door.pushDoor() }),
  '/force': (door) => {
    door.forceDoor();
    return done;
  },
  '/hold': (door, { isHeld }) => {
    if (typeof isHeld !== 'boolean') return null;
    door.holdDoor(isHeld);
    return done;
  },
  '/close': (door) => {
    door.closeDoor();
    return done;
  },
  '/tamper': (door, { isActive }) => {
    if (typeof isActive !== 'boolean') return null;
    door.setTamper(isActive);
    return done;
  },
  '/unplug': async (door, body) => {
    const port = portNames.find((name) => name === body['port']);
    if (port === undefined) return null;
    await door.unplug(port);
    return done;
  },
  '/replug': async (door, body) => {
    const port = portNames.find((name) => name === body['port']);
    if (port === undefined) return null;
    await door.replug(port);
    return done;
  },
  '/inject': (door, body) => {
    const port = portNames.find((name) => name === body['port']);
    const { hex } = body;
    if (port === undefined || typeof hex !== 'string' || !/^(?:[0-9A-Fa-f]{2})+$/.test(hex)) return null;
    door.injectBytes(port, Buffer.from(hex, 'hex'));
    return done;
  },
};

/**
 * Opens the hands of a simulated door on 127.0.0.1: GET /state, /events (server-sent), /lock-line, /ports; POST
 * /card, /key, /exit-button, /push, /force, /hold, /close, /tamper, /unplug, /replug, /inject with a JSON object.
 * Answers 400 for a body that does not fit, 404 and 405 as usual, 403 for a request that a web page of another
 * origin could have sent. `port` 0 takes any free one.
 */
export async function openDoorControl(
  door: SimulatedDoor,
  options: { readonly port: number },
): Promise<DoorControl> {
  const streams = new Set<ServerResponse>();
  const stopListening = door.onChange(() => {
    for (const stream of streams) sendState(stream, door);
  });
  const server = createServer((request, response) => {
    answer(door, streams, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  // Bound to a TCP port, so the address is an object.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      stopListening();
      for (const stream of streams) stream.end();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  door: SimulatedDoor,
  streams: Set<ServerResponse>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://door.invalid').pathname;
  const read = Object.hasOwn(reads, path) ? reads[path] : undefined;
  const action = Object.hasOwn(actions, path) ? actions[path] : undefined;
  // The door opens for whoever reaches this port, so a page in some browser must not: it always names its origin.
  if (request.headers.origin !== undefined) return sendJson(response, 403, { error: 'cross-origin' });
  if (read === undefined && action === undefined && path !== '/events') {
    return sendJson(response, 404, { error: 'not-found' });
  }
  if (request.method !== (action === undefined ? 'GET' : 'POST')) {
    return sendJson(response, 405, { error: 'method-not-allowed' });
  }
  if (read !== undefined) return sendJson(response, 200, read(door));
  if (action === undefined) return openStream(door, streams, response);
  const body = await readBody(request);
  const result = body === null ? null : await action(door, body);
  return result === null
    ? sendJson(response, 400, { error: 'bad-request' })
    : sendJson(response, 200, result);
}

function openStream(door: SimulatedDoor, streams: Set<ServerResponse>, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  streams.add(response);
  response.once('close', () => streams.delete(response));
  sendState(response, door);
}

const sendState = (stream: ServerResponse, door: SimulatedDoor): void =>
  void stream.write(`event: state\ndata: ${JSON.stringify(door.state())}\n\n`);

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(value));
}

/** The body as an object; an empty body is an empty object, anything else than an object or too much is null. */
async function readBody(request: IncomingMessage): Promise<Body | null> {
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return null;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return null;
    chunks.push(chunk);
  }
  if (bytes === 0) return {};
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : null;
  } catch (cause) {
    if (cause instanceof SyntaxError) return null;
    throw cause;
  }
}

const isDuration = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= maxHeldMs;
