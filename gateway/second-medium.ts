import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { encodeHex, utf8 } from '#contract/bytes';
import { decodeJson } from '#contract/decode-json';
import { Fault } from '#contract/result';
import { sha256 } from './crypto-ports.ts';
import type { JournalMark } from './journal/journal.ts';

/**
 * How far the journal was, kept where a failing or exchanged disk does not take it along. A journal that lost its end is
 * whole by itself: only something outside of it can tell.
 */
export const mediumMarkSchema = z.strictObject({
  epoch: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  size: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  /** First half of the leaf hash of the last record, base64url. */
  head16: z.string().regex(/^[A-Za-z0-9_-]{21}$/),
  /** The moment before which it certainly is not, ms since 1970. */
  floorMs: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  /** Version of the newest orders that were in force. */
  policy: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
});

/** How far the journal was. */
export type MediumMark = z.infer<typeof mediumMarkSchema>;

/** Another device than that of the journal. */
export interface SecondMedium {
  /** The highest mark that is whole; null where there is none. */
  read(): MediumMark | null;
  /** @throws Fault `second-medium-failed` (retryable) */
  write(mark: MediumMark): void;
}

const sealOf = (body: string): string => encodeHex(sha256(utf8(body)));

function parseMark(text: string): MediumMark | null {
  const [body = '', seal] = text.split('\n');
  if (seal !== sealOf(body)) return null;
  const mark = mediumMarkSchema.safeParse(decodeJson(body));
  return mark.success ? mark.data : null;
}

const isHigher = (a: Pick<MediumMark, 'epoch' | 'size'>, b: Pick<MediumMark, 'epoch' | 'size'>): boolean =>
  a.epoch !== b.epoch ? a.epoch > b.epoch : a.size > b.size;

/**
 * Opens two files on another device, written in turns: a write that is cut off leaves the other one.
 * @param path of the first; the second has `.b` behind it
 */
export function openFileMedium(path: string): SecondMedium {
  const paths = [path, `${path}.b`] as const;
  const readOne = (name: string): MediumMark | null => {
    try {
      return parseMark(readFileSync(name, 'utf8'));
    } catch (error) {
      if (error instanceof Error && 'code' in error) return null;
      throw error;
    }
  };
  return {
    read: () => {
      const [a, b] = paths.map(readOne);
      if (a === undefined || a === null) return b ?? null;
      return b === undefined || b === null || isHigher(a, b) ? a : b;
    },
    write: (mark) => {
      const [a, b] = paths.map(readOne);
      const isFirst = a === null || a === undefined || (b !== null && b !== undefined && isHigher(b, a));
      const body = JSON.stringify(mark);
      try {
        const file = openSync(isFirst ? paths[0] : paths[1], 'w', 0o600);
        try {
          writeSync(file, `${body}\n${sealOf(body)}`);
          fsyncSync(file);
        } finally {
          closeSync(file);
        }
      } catch (error) {
        if (!(error instanceof Error && 'code' in error)) throw error;
        throw new Fault('second-medium-failed', { retryable: true, cause: error });
      }
    },
  };
}

const halfOf = (head: string): string => head.slice(0, 21);

/** What a mark says of a journal. */
export type MarkVerdict =
  | { readonly kind: 'sound' }
  /** Records are missing at its end, or are others; `lost` counts them as far as that can be told. */
  | { readonly kind: 'tail-lost'; readonly lost: number };

/**
 * Compares a journal with what another medium remembers of it.
 * @param journal its present epoch, its size, and the leaf hash of its record size-1
 * @see rules GJ28, GJ29
 */
export function judgeMark(
  mark: MediumMark | null,
  journal: {
    readonly epoch: number;
    readonly size: number;
    readonly hashAt: (size: number) => string | null;
  },
): MarkVerdict {
  if (mark === null || mark.epoch < journal.epoch) return { kind: 'sound' };
  if (mark.epoch > journal.epoch) return { kind: 'tail-lost', lost: mark.size };
  if (mark.size > journal.size) return { kind: 'tail-lost', lost: mark.size - journal.size };
  const head = journal.hashAt(mark.size);
  return head !== null && halfOf(head) === mark.head16 ? { kind: 'sound' } : { kind: 'tail-lost', lost: 0 };
}

/** How far the medium may be behind: each write wears it. */
const MOST_BEHIND = 16;

/** Keeps the mark of a journal up to date. */
export interface MarkKeeper {
  /** Writes the mark where it is too far behind. @throws Fault `second-medium-failed` */
  follow(mark: JournalMark): void;
  /** Writes the mark where it is behind at all. @throws Fault `second-medium-failed` */
  raise(mark: JournalMark): void;
}

/** Creates the keeper. @param rest what else goes into a mark */
export function createMarkKeeper(
  medium: SecondMedium,
  rest: () => Pick<MediumMark, 'floorMs' | 'policy'>,
): MarkKeeper {
  let written: Pick<MediumMark, 'epoch' | 'size'> | null = medium.read();
  const write = ({ epoch, size, head }: JournalMark): void => {
    medium.write({ epoch, size, head16: halfOf(head), ...rest() });
    written = { epoch, size };
  };
  return {
    follow: (mark) => {
      const isFar = written === null || mark.epoch > written.epoch || mark.size - written.size >= MOST_BEHIND;
      if (isFar && (written === null || isHigher(mark, written))) write(mark);
    },
    raise: (mark) => {
      if (written === null || isHigher(mark, written)) write(mark);
    },
  };
}
