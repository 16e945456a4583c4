import { z } from 'zod';
import { idSchema } from './record.ts';

const countSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Why personal data may be destroyed. @see UU 27/2022, articles 8, 43 and 44 */
export const ERASURE_BASES = [
  'subject-request',
  'no-longer-needed',
  'retention-over',
  'consent-withdrawn',
  'unlawful',
  'order',
] as const;

/** Why personal data may be destroyed. */
export type ErasureBasis = (typeof ERASURE_BASES)[number];

/** Longest list of ranges in one site log record: canonical documents have a largest size. */
export const MAX_RANGES = 1000;

/** The records of one journal whose commitments nobody can open any more. */
export const erasedLeavesSchema = z.strictObject({
  gw: idSchema,
  ep: countSchema.min(1),
  /** Commitments that these records make. */
  n: countSchema.min(1),
  /** First and last number of each run of records, rising. */
  r: z
    .array(z.tuple([countSchema, countSchema]))
    .min(1)
    .max(MAX_RANGES),
});

/** The records of one journal whose commitments nobody can open any more. */
export type ErasedLeaves = z.infer<typeof erasedLeavesSchema>;

/** Makes runs of rising numbers that follow each other without a gap. */
export function rangesOf(numbers: readonly number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges;
}

interface Run {
  readonly from: number;
  readonly until: number;
  readonly entry: Entry;
}

interface Entry {
  /** Line of the site log that holds it. */
  readonly line: number;
  readonly told: number;
  met: number;
}

/** What a count of commitments says that does not fit what is recorded. */
export interface ErasureMisfit {
  readonly line: number;
  readonly told: number;
  readonly met: number;
}

/** What the site log says was erased of one journal, met record by record in their order. */
export class ErasedJournal {
  private readonly entries: Entry[] = [];
  private readonly runs: Run[] = [];
  private next = 0;

  /** Notes what one site log record says; false where a range is none, or is erased already. */
  note(line: number, erased: ErasedLeaves): boolean {
    const entry = { line, told: erased.n, met: 0 };
    this.entries.push(entry);
    const runs = erased.r.map(([from, until]): Run => ({ from, until, entry }));
    this.runs.push(...runs);
    this.runs.sort((a, b) => a.from - b.from);
    return this.runs.every(
      (run, index) => run.from <= run.until && (this.runs[index - 1]?.until ?? -1) < run.from,
    );
  }

  /**
   * Takes the next record that makes commitments.
   * @returns whether they are recorded as erased
   */
  meet(seq: number, commitments: number): boolean {
    let run = this.runs[this.next];
    while (run !== undefined && run.until < seq) run = this.runs[++this.next];
    if (run === undefined || run.from > seq) return false;
    run.entry.met += commitments;
    return true;
  }

  /** Finds a site log record that counts more or fewer commitments than its ranges hold. */
  misfit(): ErasureMisfit | null {
    return this.entries.find((entry) => entry.met !== entry.told) ?? null;
  }

  /** How many commitments are recorded as erased. */
  get count(): number {
    return this.entries.reduce((sum, entry) => sum + entry.told, 0);
  }
}
