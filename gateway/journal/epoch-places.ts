import type { JournalRecord } from '#contract/record';

/** Where the records of an epoch stand in the file. */
export interface EpochPlace {
  readonly epoch: number;
  /** Place of its record 0. */
  readonly base: number;
}

/**
 * Counts records across epochs. Within the program a record is called by its number in the present epoch, and one of an
 * earlier epoch by a number below zero; in a record, where the number of another record may stand as `of`, one of an
 * earlier epoch is named by its own number and `ofEp`.
 */
export interface EpochPlaces {
  readonly epoch: number;
  readonly base: number;
  /** All epochs, the oldest first. */
  readonly all: readonly EpochPlace[];
  /** The epoch of a place, and the number there. */
  find(place: number): { readonly epoch: number; readonly sq: number } | null;
  /** A record as callers see it: its own number, and the one that it names, counted from the present epoch. */
  toNumbers(record: JournalRecord): JournalRecord;
  /** The facts of a new record as they are written. */
  toFacts(x: JournalRecord['x']): JournalRecord['x'];
}

/** Creates the count over the epochs of a file, the oldest first; there is at least one. */
export function createEpochPlaces(all: readonly EpochPlace[]): EpochPlaces {
  const present = all.at(-1);
  if (present === undefined) throw new Error('a journal has an epoch');
  const { epoch, base } = present;

  const find = (place: number): { readonly epoch: number; readonly sq: number } | null => {
    const found = all.findLast((each) => each.base <= place);
    return found === undefined ? null : { epoch: found.epoch, sq: place - found.base };
  };
  const baseOf = (of: number): number | null => all.find((each) => each.epoch === of)?.base ?? null;

  return {
    epoch,
    base,
    all,
    find,
    toNumbers: (record) => {
      const { of, ofEp } = record.x;
      const own = baseOf(record.ep);
      if (record.ep === epoch && ofEp === undefined) return record;
      const named = baseOf(typeof ofEp === 'number' ? ofEp : record.ep);
      return {
        ...record,
        ...(own !== null && { sq: record.sq + own - base }),
        ...(typeof of === 'number' && named !== null && { x: { ...record.x, of: of + named - base } }),
      };
    },
    toFacts: (x) => {
      const { of } = x;
      if (typeof of !== 'number' || of >= 0) return x;
      const named = find(base + of);
      return named === null ? x : { ...x, of: named.sq, ofEp: named.epoch };
    },
  };
}
