import type { ImportResult } from '#contract/api-people';
import { asEpochMs } from '#contract/clock';
import { err, ok, type Result } from '#contract/result';
import { newRowId } from '../auth/tokens.ts';
import { readPeople, type ImportEntry, type ImportFault } from '../domain/people-import.ts';
import { endOfSiteDay } from '../domain/site-day-end.ts';
import { recordAudit } from '../store/audit-trail.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { insertPerson, isUsernameTaken, renamePerson } from '../store/people.ts';
import { findByEmployeeNumber, saveProfile } from '../store/profiles.ts';
import { emptyProfile, profileRow } from './person-profile.ts';
import { readTable, type TableFile } from './read-table.ts';
import { refusal, type Refusal, type Site } from './site.ts';

/** What an import works with: no key that signs, so that a command can do it too. */
export type ImportSite = Pick<Site, 'db' | 'clock' | 'random' | 'pii' | 'timeZone'>;

type Change = 'created' | 'updated' | 'unchanged';

/** Throws away what a dry run did: the transaction that carries it does not commit. */
class DryRunOver extends Error {
  readonly changes: readonly Change[];
  readonly faults: readonly ImportFault[];
  constructor(changes: readonly Change[], faults: readonly ImportFault[]) {
    super('dry run');
    this.changes = changes;
    this.faults = faults;
  }
}

async function createEntry(
  trx: Database,
  site: ImportSite,
  entry: ImportEntry,
): Promise<Change | ImportFault> {
  const id = newRowId(site.random, 's');
  const isNew = await insertPerson(trx, {
    id,
    name: entry.name,
    organisation: entry.organisation,
    username: entry.username,
    passwordHash: null,
    // Roles are granted one by one, by somebody who answers for it.
    roles: [],
    createdAt: site.clock.epochMs(),
  });
  if (!isNew) return { row: entry.row, column: 'username', code: 'taken' };
  await saveProfile(trx, profileRow(site, emptyProfile(id), entry.profile));
  return 'created';
}

async function applyEntry(
  trx: Database,
  site: ImportSite,
  entry: ImportEntry,
): Promise<Change | ImportFault> {
  const known = await findByEmployeeNumber(trx, entry.profile.employeeNumber);
  if (known === null) return createEntry(trx, site, entry);
  const { person, row } = known;
  if (entry.username !== null && (await isUsernameTaken(trx, entry.username, person.id))) {
    return { row: entry.row, column: 'username', code: 'taken' };
  }
  // A number that is there already is not sealed anew: the table says nothing that is not known.
  const { identity, ...profile } = entry.profile;
  const isSameIdentity =
    identity !== undefined &&
    identity !== null &&
    row.identity_sealed !== null &&
    row.identity_kind === identity.kind &&
    site.pii.open(`identity/${person.id}`, row.identity_sealed) === identity.number;
  const after = profileRow(site, row, isSameIdentity || identity === undefined ? profile : entry.profile);
  const isSame =
    person.name === entry.name &&
    person.organisation === entry.organisation &&
    (entry.username === null || entry.username === known.username) &&
    (Object.keys(after) as (keyof typeof after)[]).every((key) => after[key] === row[key]);
  if (isSame) return 'unchanged';
  await renamePerson(trx, { ...person, ...entry, id: person.id, username: entry.username ?? known.username });
  await saveProfile(trx, after);
  return 'updated';
}

/**
 * Enters people from a table, all of them or none; who has the employee number already is brought up to date, so
 * that the same table twice changes nothing. Directories take over new ends of rights at the next housekeeping.
 * @see rules SD77, SD78
 */
export async function importPeople(
  site: ImportSite,
  byId: string | null,
  file: TableFile & { readonly isDryRun: boolean },
): Promise<Result<ImportResult, Refusal>> {
  const table = await readTable(file);
  if (!table.ok) return err(refusal('invalid-input', [{ pointer: '/content', code: table.error }]));
  const endOfDay = (day: string): string =>
    // Noon in UTC is the same day from 11 hours west to 11 hours east of Greenwich.
    new Date(endOfSiteDay(site.timeZone, asEpochMs(Date.parse(`${day}T05:00:00.000Z`)))).toISOString();
  const { entries, faults } = readPeople(table.value, endOfDay);
  const resultOf = (changes: readonly Change[], all: readonly ImportFault[], isWritten: boolean) => {
    const count = (change: Change): number => changes.filter((each) => each === change).length;
    return ok({
      isDryRun: file.isDryRun,
      isWritten,
      created: count('created'),
      updated: count('updated'),
      unchanged: count('unchanged'),
      errors: all.map((fault) => ({ ...fault })).sort((a, b) => a.row - b.row),
    });
  };
  try {
    const changes = await inTransaction(site.db, async (trx) => {
      const done: Change[] = [];
      const wrong: ImportFault[] = [...faults];
      for (const entry of entries) {
        const change = await applyEntry(trx, site, entry);
        if (typeof change === 'string') done.push(change);
        else wrong.push(change);
      }
      if (file.isDryRun || wrong.length > 0) throw new DryRunOver(done, wrong);
      await recordAudit(trx, {
        at: site.clock.epochMs(),
        byId,
        act: 'people.imported',
        subject: 'people',
        facts: {
          created: done.filter((each) => each === 'created').length,
          updated: done.filter((each) => each === 'updated').length,
        },
      });
      return done;
    });
    return resultOf(changes, [], true);
  } catch (error) {
    if (!(error instanceof DryRunOver)) throw error;
    return resultOf(error.changes, error.faults, false);
  }
}
