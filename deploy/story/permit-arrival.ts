import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalRecord } from '#contract/record';
import type { JournalReader } from './journal-reader.ts';
import { waitFor } from './wait-for.ts';

/** Longer than a gateway that was refused waits before it asks again. */
const ARRIVAL_MS = 45_000;

/** What of the kept orders is looked at: compact JWS. */
interface KeptBody {
  readonly directory: string;
  readonly permits: readonly string[];
}

/** The claims of a compact JWS as text. */
export const claimsText = (jws: string): string =>
  Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8');

/**
 * Resolves with the record of the orders in force once this holds of them. Any newer orders would not do: another
 * change may have been under way.
 * @param dataDir of the gateway
 */
export const ordersArrive = (
  dataDir: string,
  journal: JournalReader,
  what: string,
  holds: (body: KeptBody) => boolean,
): Promise<JournalRecord> =>
  waitFor(`${what} at the gateway`, ARRIVAL_MS, () => {
    const versions = versionsWith(join(dataDir, 'policy'), holds);
    const newest = journal.records().findLast((each) => each.ty === 'policy.applied');
    return newest !== undefined && versions.includes(Number(newest.x['v'])) ? newest : undefined;
  });

/** Resolves with the record by which the orders that hold this permit came into force. */
export async function permitArrives(
  dataDir: string,
  journal: JournalReader,
  permitId: string | null,
): Promise<JournalRecord> {
  if (permitId === null) throw new Error('the request has no permit');
  return ordersArrive(dataDir, journal, 'the permit', ({ permits }) =>
    permits.some((jws) => claimsText(jws).includes(permitId)),
  );
}

/** Versions of the kept orders of which this holds. */
function versionsWith(folder: string, holds: (body: KeptBody) => boolean): number[] {
  return readdirSync(folder).flatMap((name) => {
    const version = /^policy-([0-9]+)\.json$/.exec(name)?.[1];
    if (version === undefined) return [];
    const { body } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { body?: KeptBody };
    return body !== undefined && holds(body) ? [Number(version)] : [];
  });
}
