import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ERASURE_BASES } from '#contract/erasure';

const lineSchema = z.strictObject({
  person: z.string(),
  basis: z.enum(ERASURE_BASES),
  /** Ms since 1970. */
  at: z.number().int(),
});

/** Somebody who was erased: a random handle that stands for nobody any more, and why. */
export type ErasedLine = z.infer<typeof lineSchema>;

/** The file beside the keys that outlives every backup of the database. */
export const ERASURE_LEDGER_FILE = 'erased.jsonl';

/** Who was erased, kept apart from the database: a backup that is older than an erasure must not undo it. */
export interface ErasureLedger {
  list(): readonly ErasedLine[];
  /** Durable when it returns. */
  add(line: ErasedLine): void;
}

/** Reads a ledger; a last line that a crash cut off is left out, because its erasure was not committed either. */
export function parseErasureLedger(text: string): readonly ErasedLine[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => lineSchema.parse(JSON.parse(line)));
}

/** Opens the ledger of a folder of keys. @see rule SA63 */
export function createErasureLedger(dir: string): ErasureLedger {
  const path = join(dir, ERASURE_LEDGER_FILE);
  return {
    list: () => (existsSync(path) ? parseErasureLedger(readFileSync(path, 'utf8')) : []),
    add: (line) => {
      const file = openSync(path, 'a', 0o600);
      try {
        appendFileSync(file, `${JSON.stringify(line)}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    },
  };
}
