import type { Database } from './database.ts';

/** Records that somebody acknowledged an SOP text; doing it again changes nothing. @returns whether it is new */
export async function acknowledgeSop(
  trx: Database,
  acknowledgement: {
    readonly personId: string;
    readonly sopHash: string;
    readonly version: string;
    readonly at: number;
  },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('sop_acknowledgements')
    .values({
      person_id: acknowledgement.personId,
      sop_hash: acknowledgement.sopHash,
      version: acknowledgement.version,
      at: acknowledgement.at,
    })
    .onConflict((c) => c.columns(['person_id', 'sop_hash']).doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/** Lists the hashes of the SOP texts that somebody acknowledged. */
export async function ackHashesOf(db: Database, personId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('sop_acknowledgements')
    .select('sop_hash')
    .where('person_id', '=', personId)
    .orderBy('sop_hash')
    .execute();
  return rows.map((row) => row.sop_hash);
}

/** Who acknowledged which of the texts that are asked for now. */
export async function requiredAcks(db: Database): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await db
    .selectFrom('sop_acknowledgements')
    .innerJoin('required_sops', 'required_sops.sop_hash', 'sop_acknowledgements.sop_hash')
    .select(['person_id', 'sop_acknowledgements.sop_hash as hash'])
    .orderBy('person_id')
    .orderBy('sop_acknowledgements.sop_hash')
    .execute();
  const acks = new Map<string, string[]>();
  for (const row of rows) acks.set(row.person_id, [...(acks.get(row.person_id) ?? []), row.hash]);
  return acks;
}
