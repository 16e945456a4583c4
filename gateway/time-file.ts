import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { encodeHex, utf8 } from '#contract/bytes';
import { Fault } from '#contract/result';
import { sha256 } from './crypto-ports.ts';
import { writeDurably } from './write-durably.ts';

const keptTimeSchema = z.strictObject({
  /** The moment before which it certainly is not, ms since 1970. */
  floorMs: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  /** Signed time on the monotonic clock of the machine: it holds for as long as the machine stays up. */
  anchor: z
    .strictObject({
      boot: z.string().min(1).max(64),
      monoMs: z.number(),
      epochMs: z.number().int(),
      errorMs: z.number().min(0),
    })
    .nullable(),
});

/** What is kept of the time over a restart. */
export type KeptTime = z.infer<typeof keptTimeSchema>;

/** The floor of the clock in two files beside the journal, so that neither a lost journal nor a torn write loses it. */
export interface TimeFile {
  /** The higher of the two that are whole; null where there is none. */
  read(): KeptTime | null;
  /** @throws Fault `time-not-kept` (retryable) */
  write(kept: KeptTime): void;
}

const NAMES = ['time-a.json', 'time-b.json'] as const;
const sealOf = (body: string): string => encodeHex(sha256(utf8(body)));

function parseKept(text: string): KeptTime | null {
  const [body = '', seal] = text.split('\n');
  // A flipped bit in a floor could put it centuries ahead and end every permit.
  if (seal !== sealOf(body)) return null;
  const kept = keptTimeSchema.safeParse(JSON.parse(body));
  return kept.success ? kept.data : null;
}

/** Opens the two files in a folder; made where it is missing. */
export function openTimeFile(dir: string): TimeFile {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const readOne = (name: string): KeptTime | null => {
    try {
      return parseKept(readFileSync(join(dir, name), 'utf8'));
    } catch (error) {
      if (error instanceof Error && 'code' in error) return null;
      throw error;
    }
  };
  const floorOf = (name: string): number => readOne(name)?.floorMs ?? -1;
  return {
    read: () => {
      const [a, b] = NAMES.map(readOne);
      if (a === undefined || a === null) return b ?? null;
      if (b === undefined || b === null) return a;
      return a.floorMs > b.floorMs ? a : b;
    },
    write: (kept) => {
      const body = JSON.stringify(kept);
      const [a, b] = NAMES;
      try {
        writeDurably(dir, floorOf(a) <= floorOf(b) ? a : b, `${body}\n${sealOf(body)}\n`);
      } catch (error) {
        if (error instanceof Error && 'code' in error) {
          throw new Fault('time-not-kept', { retryable: true, cause: error });
        }
        throw error;
      }
    },
  };
}
