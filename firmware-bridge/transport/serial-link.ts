import { stat } from 'node:fs/promises';
import { SerialPort } from 'serialport';
import { asMonoMs, type Clock } from '#contract/clock';
import { Fault } from '#contract/result';
import type { ByteLink, ClosedReason, PortAddress } from './byte-link.ts';

/** Bytes that arrive this soon after opening were sent while nobody had the port open. */
const settleMs = 100;
const probeMs = 1000;
/** More than this not yet taken by the system means that the device stopped taking bytes. */
const maxWaitingBytes = 4096;

/**
 * Opens a serial port, raw 8N1 and for this process alone, and watches over it: once a second it asks the system
 * about the descriptor and the path, so that a device that went away or was replaced is noticed even where
 * nothing is ever written.
 * @throws Fault `port-missing`, `port-busy`, `port-failed`, `port-baud`
 * @see RULES.md FB70-FB76
 */
export async function openSerialLink(address: PortAddress, clock: Clock): Promise<ByteLink> {
  const port = new SerialPort({ path: address.path, baudRate: address.baud, autoOpen: false });
  await openPort(port);
  try {
    const device = await deviceAt(address.path);
    await assertBaud(port, address.baud);
    const link = watchPort(port, address, device, clock);
    // Opening flushes what the system held, but an adapter may hold some more. Nobody listens yet, so it runs off
    // into nothing: a card that was shown to nobody must not open the door now.
    await clock.sleepUntil(asMonoMs(clock.monoMs() + settleMs));
    return link;
  } catch (cause) {
    await closePort(port);
    throw cause instanceof Fault ? cause : new Fault('port-failed', { retryable: true, cause });
  }
}

function watchPort(port: SerialPort, address: PortAddress, device: number, clock: Clock): ByteLink {
  const bytesListeners: ((bytes: Uint8Array) => void)[] = [];
  const closedListeners: ((reason: ClosedReason) => void)[] = [];
  const watching = new AbortController();
  let closedAs: ClosedReason | null = null;
  let ending: Promise<void> | null = null;

  const end = (reason: ClosedReason): Promise<void> => {
    // `close`, `error`, a failed write and a failed probe may all tell of one loss (node-serialport 2043).
    ending ??= (async () => {
      watching.abort();
      await closePort(port);
      closedAs = reason;
      for (const listener of closedListeners) listener(reason);
    })();
    return ending;
  };

  port.on('close', () => void end('port-lost'));
  port.on('error', () => void end('port-failed'));
  port.on('data', (bytes: Buffer) => {
    if (ending !== null) return;
    for (const listener of bytesListeners) listener(bytes);
  });
  void probePort(port, address, device, clock, watching.signal).then((reason) =>
    reason === null ? undefined : end(reason),
  );

  return {
    write: async (bytes) => {
      if (ending !== null || !port.isOpen) throw new Fault('link-lost', { retryable: true });
      if (port.writableLength > maxWaitingBytes) {
        void end('port-failed');
        throw new Fault('link-stalled', { retryable: true });
      }
      const cause = await new Promise<Error | null | undefined>((resolve) => {
        port.write(Buffer.from(bytes), (error) => resolve(error));
      });
      if (!cause) return;
      void end('port-lost');
      throw new Fault('link-lost', { retryable: true, cause });
    },
    onBytes: (listener) => void bytesListeners.push(listener),
    onClosed: (listener) => {
      if (closedAs === null) closedListeners.push(listener);
      else listener(closedAs);
    },
    close: () => end('closed'),
  };
}

/** Resolves with what was found wrong, or with null when told to stop. */
async function probePort(
  port: SerialPort,
  address: PortAddress,
  device: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<ClosedReason | null> {
  for (;;) {
    await clock.sleepUntil(asMonoMs(clock.monoMs() + probeMs), signal);
    if (signal.aborted) return null;
    // Writes nothing: the ioctl behind it fails with EIO once the terminal is hung up.
    const found = await Promise.all([effectiveBaud(port), deviceAt(address.path)]).then(
      ([, foundDevice]) => foundDevice,
      () => null,
    );
    if (found === null) return 'port-lost';
    if (found !== device) return 'port-replaced';
  }
}

/** Number of the device that the path leads to now; a device that comes back gets another one, or another node. */
async function deviceAt(path: string): Promise<number> {
  return (await stat(path)).rdev;
}

async function assertBaud(port: SerialPort, baud: number): Promise<void> {
  // Options in the wrong place silently give 9600 (node-serialport 2115), and a driver may round.
  const effective = await effectiveBaud(port);
  if (Math.abs(effective - baud) > 0.02 * baud) throw new Fault('port-baud', { retryable: false });
}

async function effectiveBaud(port: SerialPort): Promise<number> {
  if (port.port === undefined) throw new Fault('link-lost', { retryable: true });
  return (await port.port.getBaudRate()).baudRate;
}

function openPort(port: SerialPort): Promise<void> {
  return new Promise((resolve, reject) => {
    port.open((cause) => {
      if (cause === null) resolve();
      else reject(new Fault(openCode(cause), { retryable: true, cause }));
    });
  });
}

function openCode(cause: Error): string {
  if (/no such file|no such device|not found/i.test(cause.message)) return 'port-missing';
  return /lock|busy/i.test(cause.message) ? 'port-busy' : 'port-failed';
}

/** Resolves when the descriptor is gone. A port that is already closing closes once, and both wait for that. */
function closePort(port: SerialPort): Promise<void> {
  return new Promise((resolve) => {
    if (port.closing) {
      port.once('close', () => resolve());
      port.once('error', () => resolve());
    } else if (port.isOpen) {
      // The callback's error is that of the lost device; the descriptor is released either way.
      port.close(() => resolve());
    } else resolve();
  });
}
