/** One violation: where it is and what is wrong, in words. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly what: string;
}

/** `path:line what`, the form that editors make a link of. */
export const formatFinding = ({ file, line, what }: Finding): string => `${file}:${line} ${what}`;
