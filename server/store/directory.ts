import { pinVerifierSchema, type PinVerifier } from '#contract/pin';
import type { DirectoryClaims } from '#contract/policy';
import type { Database } from './database.ts';
import { equipmentOpenPersons } from './open-equipment.ts';
import { loadRules, siteRulesOf } from './site-rules.ts';
import { requiredAcks } from './sop-acknowledgements.ts';

/** What a directory says, beside who signed it and when. */
export type DirectoryContents = Pick<DirectoryClaims, 'creds' | 'people' | 'rules'>;

const verifierOf = (text: string): PinVerifier => pinVerifierSchema.parse(JSON.parse(text));

async function credentialRows(db: Database, endedAfter: number): Promise<DirectoryClaims['creds']> {
  const rows = await db
    .selectFrom('credentials')
    .innerJoin('people', 'people.id', 'credentials.person_id')
    .leftJoin('pins', 'pins.credential_id', 'credentials.id')
    .select([
      'handle',
      'person_id',
      'state',
      'kind',
      'expires_at',
      'people.is_active',
      'pins.pin',
      'pins.duress',
    ])
    // A code that is over is never looked for again; a card that is over should be told why.
    .where((e) => e.or([e('kind', '=', 'card'), e('expires_at', '>', endedAfter)]))
    .orderBy('handle')
    .execute();
  return rows.map((row) => ({
    cred: row.handle,
    sub: row.person_id,
    st: row.is_active === 1 ? row.state : 'suspended',
    ...(row.kind === 'code' ? { k: 'code' as const } : {}),
    ...(row.expires_at === null ? {} : { exp: Math.floor(row.expires_at / 1000) }),
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
