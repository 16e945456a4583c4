import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { pino, type Logger } from 'pino';
import type { Random } from '#contract/clock';

/** Randomness of the operating system. */
export const systemRandom: Random = { bytes: (count) => Uint8Array.from(randomBytes(count)) };

/** A log of JSON lines on standard output; written at once, so that a process that ends has said everything. */
export const createLog = (name: string): Logger => pino({ name }, pino.destination({ fd: 1, sync: true }));

/** A log that shows only what went wrong, on standard error: for commands whose output is an answer. */
export const createQuietLog = (name: string): Logger =>
  pino({ name, level: 'warn' }, pino.destination({ fd: 2, sync: true }));

/** Waits until somebody asks this process to stop. */
export const stopRequested = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });

/** Reads the first line of standard input: secrets come this way, because a command line is read by everybody. */
export async function readSecretLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  return '';
}
