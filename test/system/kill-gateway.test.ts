import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeRecord, NO_PREVIOUS_HASH, recordHash, type JournalRecord } from '#contract/record';
import { eventSchema, pageOf } from '#contract/api';
import { admit, type Technician } from '../../deploy/story/technicians.ts';
import { doorWorks } from '../../deploy/story/door-works.ts';
import { waitFor } from '../../deploy/story/wait-for.ts';
import { openTestSite, openWithCard, type TestSite } from './test-site.ts';

const SEEN_MS = 20_000;
const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

let site: TestSite;
let technician: Technician;
beforeAll(async () => {
  site = await openTestSite();
  technician = site.technicians[0];
  await admit(site, site.journal, technician);
});
afterAll(() => site.close());

/** What may make the relay release: each of these stands in the journal before its pulse is sent. */
const RELEASING = ['access.granted', 'exit.recorded'];
const releasesAllowed = (): number =>
  site.journal.records().filter((each) => RELEASING.includes(each.ty)).length;

/** Every record is the successor of the one before, in number and by hash. */
function expectSoundChain(records: readonly JournalRecord[]): void {
  let previous = NO_PREVIOUS_HASH;
  for (const [index, record] of records.entries()) {
    expect([record.sq, record.ph]).toEqual([index, previous]);
    previous = recordHash(sha256, encodeRecord(record));
  }
}

const POINTS = [
  { point: 'before-decide', isRecorded: false, maxReleases: 0 },
  { point: 'after-decide', isRecorded: false, maxReleases: 0 },
  { point: 'after-commit', isRecorded: true, maxReleases: 0 },
  { point: 'after-pulse-sent', isRecorded: true, maxReleases: 1 },
  { point: 'after-outcome', isRecorded: true, maxReleases: 1 },
] as const;

test.for(POINTS)(
  'DP21, DP22: killed at $point, the gateway has pulsed nothing unrecorded, pulses nothing when it is back, and its journal continues',
  { timeout: 120_000 },
  async ({ point, isRecorded, maxReleases }) => {
    const { door, journal, parts } = site;
    await parts.gateway.stop();
    const stopped = journal.newest();
    parts.gateway.start({ PALANG_CRASH_AT: point });
    await doorWorks(journal, stopped);
    const before = { releases: await door.releases(), newest: site.journal.newest() };
    await door.presentCard('entry', technician.card);
    const end = await waitFor('the crash', SEEN_MS, () =>
      parts.gateway.pid() === undefined ? parts.gateway.ended() : undefined,
    );
    expect(end.signal).toBe('SIGKILL');

    const granted = journal.records().find((each) => each.ty === 'access.granted' && each.sq > before.newest);
    expect(granted !== undefined).toBe(isRecorded);
    const released = (await door.releases()) - before.releases;
    expect(released).toBeLessThanOrEqual(maxReleases);
    // The hardware ends what it began, without the gateway.
    await waitFor(
      'the relay to secure',
      SEEN_MS,
      async () => (await door.state()).lock === 'secured' || undefined,
    );

    const crashed = { releases: await door.releases(), newest: site.journal.newest() };
    parts.gateway.start();
    const boot = await site.recordOf('boot', crashed.newest);
    await doorWorks(journal, crashed.newest);
    // What became of an entry whose gateway died is not known, and the journal says so.
    const outcomes = journal.records().filter((each) => each.ty === 'access.outcome');
    const open = journal
      .records()
      .filter((each) => each.ty === 'access.granted' && each.sq < boot.sq)
      .filter((each) => !outcomes.some((outcome) => outcome.x['of'] === each.sq && outcome.sq < boot.sq));
    expect(boot.x['openIntents']).toEqual(open.map((each) => each.sq));
    for (const { sq } of open) {
      const outcome = await waitFor('the outcome of the open grant', SEEN_MS, () =>
        journal.records().find((each) => each.ty === 'access.outcome' && each.x['of'] === sq),
      );
      expect(outcome.rs).toBe('unknown');
    }
    expect(await door.releases()).toBe(crashed.releases);

    await openWithCard(site, technician.card);
    expect(await door.releases()).toBe(crashed.releases + 1);
    expect(await door.releases()).toBeLessThanOrEqual(releasesAllowed());
    expectSoundChain(journal.records());
  },
);

test.for(['during-upload', 'before-ack-stored'])(
  'DP23: killed at %s, the gateway goes on where it was and the server has every event once',
  { timeout: 120_000 },
  async (point) => {
    const { door, journal, parts } = site;
    await parts.gateway.stop();
    const releases = await door.releases();
    parts.gateway.start({ PALANG_CRASH_AT: point });
    const end = await waitFor('the crash', SEEN_MS, () =>
      parts.gateway.pid() === undefined ? parts.gateway.ended() : undefined,
    );
    expect(end.signal).toBe('SIGKILL');
    const newest = site.journal.newest();
    parts.gateway.start();
    const boot = await site.recordOf('boot', newest);
    expectSoundChain(journal.records());
    const auditor = await site.signInAs('auditor');
    const seqs = await waitFor('the boot in the API', SEEN_MS, async () => {
      const { items } = await auditor.get('/events?limit=500', pageOf(eventSchema));
      return items.some((each) => each.seq === boot.sq) ? items.map((each) => each.seq) : undefined;
    });
    expect(new Set(seqs).size).toBe(seqs.length);
    expect(await door.releases()).toBe(releases);
  },
);
