/** One figure and what it is compared with. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The same measure of the bare baseline. */
  readonly baseline: number;
  readonly ratio: number;
  /** Number of samples. */
  readonly n: number;
}

/** Measures one group of figures; tells its progress in lines. */
export type BenchGroup = (n: number, tell: (line: string) => void) => Promise<readonly Figure[]>;
