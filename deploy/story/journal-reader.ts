import { join } from 'node:path';
import Database from 'better-sqlite3';
import { decodeRecord, type JournalRecord } from '#contract/record';

/** The gateway's own journal as another process reads it from the disk. */
export interface JournalReader {
  /** Every record, from number 0. */
  records(): readonly JournalRecord[];
  /** Number of the newest record, -1 for none. */
  newest(): number;
  epoch(): number;
  close(): void;
}

/** Opens the journal below a gateway's `dataDir`, read-only: the gateway goes on writing. */
export function openJournalReader(dataDir: string): JournalReader {
  const db = new Database(join(dataDir, 'journal.db'), { readonly: true, fileMustExist: true });
  const newer = db.prepare<[number], { body: Uint8Array }>(
    'SELECT body FROM records WHERE sq >= ? ORDER BY sq',
  );
  const read: JournalRecord[] = [];
  const records = (): readonly JournalRecord[] => {
    for (const { body } of newer.all(read.length)) {
      const record = decodeRecord(body);
      if (!record.ok) throw new Error(`record ${read.length} of the journal is ${record.error}`);
      read.push(record.value);
    }
    return read;
  };
  return {
    records,
    newest: () => records().at(-1)?.sq ?? -1,
    epoch: () => records()[0]?.ep ?? 0,
    close: () => db.close(),
  };
}
