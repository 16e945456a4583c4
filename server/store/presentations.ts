import type { Vault } from '../signing/vault.ts';
import type { Database } from './database.ts';
import { openingOf } from './openings.ts';

/** A card that nobody has, held to a door many times at once, does not cost more than this to look at. */
const MOST_PRESENTATIONS = 200;

/** Lists the handles of cards that a door did not know, presented within a span; each once, and none that is held. */
export async function unknownHandlesAt(
  db: Database,
  vault: Vault,
  doorId: string,
  span: { readonly from: number; readonly until: number },
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('journal_records as r')
    .innerJoin('openings as cred', (join) =>
      join
        .onRef('cred.gateway_id', '=', 'r.gateway_id')
        .onRef('cred.epoch', '=', 'r.epoch')
        .onRef('cred.seq', '=', 'r.seq')
        .on('cred.field', '=', 'cred'),
    )
    .innerJoin('opening_keys', 'opening_keys.id', 'cred.key_id')
    .selectAll('cred')
    .select('opening_keys.wrapped')
    .where('r.type', '=', 'access.denied')
    .where('r.reason', '=', 'unknown-credential')
    .where('r.door_id', '=', doorId)
    .where('r.at', '>=', span.from)
    .where('r.at', '<=', span.until)
    .orderBy('r.position', 'desc')
    .limit(MOST_PRESENTATIONS)
    .execute();
  const handles = new Set<string>();
  for (const row of rows) {
    const place = { gw: row.gateway_id, ep: row.epoch, sq: row.seq, field: row.field };
    handles.add(openingOf(vault, vault.openKey(row.key_id, row.wrapped), place, row.sealed).value);
  }
  if (handles.size === 0) return [];
  const held = await db
    .selectFrom('credentials')
    .select('handle')
    .where('handle', 'in', [...handles])
    .execute();
  for (const { handle } of held) handles.delete(handle);
  return [...handles].sort();
}
