import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalRecord } from '#contract/record';
import type { JournalReader } from './journal-reader.ts';
import { waitFor } from './wait-for.ts';

/** Longer than a gateway that was refused waits before it asks again. */
const ARRIVAL_MS = 45_000;

/**
 * Resolves with the record by which the orders that hold this permit came into force. Any newer orders would not
 * do: a change of a card may have been under way.
 * @param dataDir of the gateway
 */
export async function permitArrives(
  dataDir: string,
  journal: JournalReader,
  permitId: string | null,
): Promise<JournalRecord> {
  if (permitId === null) throw new Error('the request has no permit');
  return waitFor('the permit at the gateway', ARRIVAL_MS, () => {
    const versions = versionsWith(join(dataDir, 'policy'), permitId);
    return journal
      .records()
      .find((each) => each.ty === 'policy.applied' && versions.includes(Number(each.x['v'])));
  });
}

/** Versions of the kept orders that name this permit. */
function versionsWith(folder: string, permitId: string): number[] {
  return readdirSync(folder).flatMap((name) => {
    const version = /^policy-([0-9]+)\.json$/.exec(name)?.[1];
    if (version === undefined) return [];
    const { body } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
      body?: { permits: readonly string[] };
    };
    const holdsIt = body?.permits.some((jws) =>
      Buffer.from(jws.split('.')[1] ?? '', 'base64url')
        .toString('utf8')
        .includes(permitId),
    );
    return holdsIt === true ? [Number(version)] : [];
  });
}
