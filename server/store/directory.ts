import { pinVerifierSchema, type PinVerifier } from '#contract/pin';
import type { DirectoryClaims } from '#contract/policy';
import type { Database } from './database.ts';
import { equipmentOpenPersons } from './open-equipment.ts';
import { loadRules, siteRulesOf } from './site-rules.ts';
import { requiredAcks } from './sop-acknowledgements.ts';

/** What a directory says, beside who signed it and when. */
export type DirectoryContents = Pick<DirectoryClaims, 'creds' | 'people' | 'rules'>;

const verifierOf = (text: string): PinVerifier => pinVerifierSchema.parse(JSON.parse(text));

/** A card counts no longer than itself and its holder's rights. @see rule SD70 */
function endOf(...ends: readonly (number | null)[]): { readonly exp?: number } {
  const known = ends.filter((end) => end !== null);
  return known.length === 0 ? {} : { exp: Math.floor(Math.min(...known) / 1000) };
}

async function credentialRows(db: Database, endedAfter: number): Promise<DirectoryClaims['creds']> {
  const rows = await db
    .selectFrom('credentials')
    .innerJoin('people', 'people.id', 'credentials.person_id')
    .leftJoin('pins', 'pins.credential_id', 'credentials.id')
    .leftJoin('person_profiles', 'person_profiles.person_id', 'credentials.person_id')
    .select([
      'handle',
      'credentials.person_id',
      'state',
      'credentials.kind',
      'expires_at',
      'person_profiles.rights_end_at',
      'people.is_active',
      'pins.pin',
      'pins.duress',
    ])
    // A code that is over is never looked for again; a card that is over should be told why.
    .where((e) => e.or([e('credentials.kind', '=', 'card'), e('expires_at', '>', endedAfter)]))
    .where('state', '<>', 'returned')
    .orderBy('handle')
    .execute();
  return rows.map((row) => ({
    ...endOf(row.expires_at, row.rights_end_at),
    cred: row.handle,
    sub: row.person_id,
    st: row.is_active === 1 && row.state === 'active' ? 'active' : 'suspended',
    ...(row.kind === 'code' ? { k: 'code' as const } : {}),
    ...(row.pin === null ? {} : { pin: verifierOf(row.pin) }),
    ...(row.duress === null ? {} : { du: verifierOf(row.duress) }),
  }));
}

/**
 * Collects what the door has to know: every credential by handle, what people acknowledged or left open, and the
 * rules. Credentials of inactive people are suspended.
 * @param endedAfter visit codes that ended before are left out, ms since 1970
 * @see rule SS9
 */
export async function directoryContents(db: Database, endedAfter: number): Promise<DirectoryContents> {
  const creds = await credentialRows(db, endedAfter);
  const acks = await requiredAcks(db);
  const open = await equipmentOpenPersons(db);
  const people = [...new Set(creds.map(({ sub }) => sub))]
    .sort()
    .filter((sub) => acks.has(sub) || open.has(sub))
    .map((sub) => ({
      sub,
      ack: [...(acks.get(sub) ?? [])],
      ...(open.has(sub) ? { eq: true as const } : {}),
    }));
  const rules = siteRulesOf(await loadRules(db));
  return { creds, ...(people.length > 0 ? { people } : {}), rules };
}
