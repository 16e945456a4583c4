import { decodeReclaimed } from '#contract/epoch';
import type { CommittedField, JournalRecord } from '#contract/record';
import { sha256 } from '../signing/node-crypto.ts';
import type { Database } from '../store/database.ts';
import { isRecordKnown, type NewRecord } from '../store/journals.ts';
import type { CheckedBatch } from './check-batch.ts';

/** Finds, of records that were appended again, what they hold and whether that is here already. */
export async function withOrigins(trx: Database, batch: CheckedBatch): Promise<readonly NewRecord[]> {
  const known = new Set<string>();
  const records: NewRecord[] = [];
  for (const each of batch.records) {
    const origin = decodeReclaimed(sha256, each.record);
    if (!origin.ok) {
      records.push({ ...each, origin: null });
      continue;
    }
    const { record, hash } = origin.value;
    const isKnown = known.has(hash) || (await isRecordKnown(trx, record, hash));
    known.add(hash);
    records.push({ ...each, origin: { record, hash, isKnown } });
  }
  return records;
}

/** What a record tells, once: as itself, or as the one that it holds again. */
export interface Told {
  readonly record: JournalRecord;
  readonly values: Partial<Record<CommittedField, string>>;
}

/** Gives what the records of a batch tell that nothing stored has told yet. @see rule SA38 */
export function toldBy(batch: CheckedBatch, records: readonly NewRecord[]): readonly Told[] {
  const values = new Map<number, Partial<Record<CommittedField, string>>>();
  for (const { sq, field, value } of batch.openings) values.set(sq, { ...values.get(sq), [field]: value });
  return records.flatMap(({ record, origin }) =>
    origin?.isKnown === true
      ? []
      : [{ record: origin?.record ?? record, values: values.get(record.sq) ?? {} }],
  );
}
