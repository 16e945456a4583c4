import { connect, type Socket } from 'node:net';
import { asMonoMs, type Clock } from '#contract/clock';
import { Fault } from '#contract/result';
import type { ByteLink, ClosedReason, PortAddress } from './byte-link.ts';

/** A device server may keep bytes of before, and one that is in use by another says so by hanging up. */
const settleMs = 100;
const connectMs = 3000;
/** From here on the system asks each second whether the other end lives, ten times (libuv's setting). */
const keepAliveMs = 5000;
/** More than this not yet taken by the system means that the other end stopped taking bytes. */
const maxWaitingBytes = 4096;

const scheme = 'tcp://';

export const isTcpPath = (path: string): boolean => path.startsWith(scheme);

/** The two parts of `tcp://host:port`, an IPv6 address in brackets; null for anything else. */
export function parseTcpPath(path: string): { readonly host: string; readonly port: number } | null {
  const [, bracketed, plain, digits = ''] =
    /^tcp:\/\/(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(path) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host === undefined || port < 1 || port > 65_535 ? null : { host, port };
}

/**
 * Opens the port of a serial device server as raw TCP. Rate and framing are set at the device server; a lost peer
 * is noticed by keep-alive within some 15 s, or by the machines above sooner.
 * @throws Fault `port-missing` (nobody there), `port-busy` (it hangs up at once), `port-failed`
 * @see RULES.md FB70-FB74, FB93
 */
export async function openTcpLink(address: PortAddress, clock: Clock): Promise<ByteLink> {
  const target = parseTcpPath(address.path);
  if (target === null) throw new Fault('port-failed', { retryable: false });
  const socket = connect({ ...target, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs });
  await untilConnected(socket, clock);
  const link = watchSocket(socket);
  let closedAs: ClosedReason | null = null;
  const hungUp = new AbortController();
  link.onClosed((reason) => {
    closedAs = reason;
    hungUp.abort();
  });
  await clock.sleepUntil(asMonoMs(clock.monoMs() + settleMs), hungUp.signal);
  if (closedAs !== null) throw new Fault('port-busy', { retryable: true });
  return link;
}

async function untilConnected(socket: Socket, clock: Clock): Promise<void> {
  const answered = new AbortController();
  let cause: Error | null = null;
  socket.once('error', (error) => {
    cause = error;
    answered.abort();
  });
  socket.once('connect', () => answered.abort());
  await clock.sleepUntil(asMonoMs(clock.monoMs() + connectMs), answered.signal);
  if (socket.readyState === 'open' && cause === null) return;
  // An address that never answers must not go on connecting beside the next attempt.
  socket.destroy();
  throw new Fault('port-missing', { retryable: true, ...(cause !== null && { cause }) });
}

function watchSocket(socket: Socket): ByteLink {
  const bytesListeners: ((bytes: Uint8Array) => void)[] = [];
  const closedListeners: ((reason: ClosedReason) => void)[] = [];
  let closedAs: ClosedReason | null = null;
  let ending: Promise<void> | null = null;

  const end = (reason: ClosedReason): Promise<void> => {
    ending ??= (async () => {
      const closed = new Promise((resolve) => socket.once('close', resolve));
      // Half a close would wait for a peer that may be gone; what the lock was told was answered before.
      socket.destroy();
      await closed;
      closedAs = reason;
      for (const listener of closedListeners) listener(reason);
    })();
    return ending;
  };

  socket.on('data', (bytes: Buffer) => {
    if (ending !== null) return;
    for (const listener of bytesListeners) listener(bytes);
  });
  socket.on('end', () => void end('port-lost'));
  // Reset, timed out, unreachable: to whoever holds the link they are one thing.
  socket.on('error', () => void end('port-lost'));

  return {
    write: async (bytes) => {
      if (ending !== null) throw new Fault('link-lost', { retryable: true });
      if (socket.writableLength > maxWaitingBytes) {
        void end('port-failed');
        throw new Fault('link-stalled', { retryable: true });
      }
      const cause = await new Promise<Error | null | undefined>((resolve) => {
        socket.write(bytes, (error) => resolve(error));
      });
      if (cause) throw new Fault('link-lost', { retryable: true, cause });
    },
    onBytes: (listener) => void bytesListeners.push(listener),
    onClosed: (listener) => {
      if (closedAs === null) closedListeners.push(listener);
      else listener(closedAs);
    },
    close: () => end('closed'),
  };
}
