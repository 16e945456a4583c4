import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import {
  eventSchema,
  meSchema,
  pageOf,
  requestSchema,
  visitSchema,
  type AccessEvent,
  type AccessRequest,
} from '#contract/api';
import type { EventType } from '#contract/event';
import type { JournalRecord } from '#contract/record';
import type { ApiClient } from '../all-in-one/api-client.ts';
import { DEMO_GATEWAY, type Site } from '../all-in-one/site.ts';
import { createDoorClient, type DoorClient } from './door-client.ts';
import { doorWorks } from './door-works.ts';
import { openJournalReader, type JournalReader } from './journal-reader.ts';
import { permitArrives } from './permit-arrival.ts';
import { runVerify } from './run-verify.ts';
import { fileRequest, findTechnicians, type Technician } from './technicians.ts';
import type { TimelineEntry } from './timeline.ts';
import { waitFor } from './wait-for.ts';

/** The first visit's window: long enough for all of it on a slow machine, short enough to wait for its end. */
const SHORT_VISIT_MS = 25_000;
const LONG_VISIT_MS = 2 * 3_600_000;
const SOON_MS = 15_000;
/** Uploads back off while the server is away; this is longer than their longest wait. */
const UPLOAD_MS = 45_000;

/** Receives each step when it has been seen everywhere it must show. */
export type TellStep = (step: Omit<TimelineEntry, 'atMs'>) => void;

interface Cast {
  readonly door: DoorClient;
  readonly journal: JournalReader;
  readonly gatewayDir: string;
  readonly sari: Technician;
  readonly bagas: Technician;
  readonly supervisor: ApiClient;
  readonly supervisorName: string;
  readonly auditor: ApiClient;
}

/**
 * Plays one working day on a site that runs: every step is looked for at the relay, in the gateway's own journal
 * and in the API.
 * @param folders where the evidence bundle of the day is left, unpacked, and a place for a forged copy of it
 * @throws Error that names the first step that did not show where it must
 */
export async function playDay(
  site: Site,
  folders: { readonly bundleDir: string; readonly scratchDir: string },
  tell: TellStep,
): Promise<void> {
  await site.gatewayIsUp();
  const journal = openJournalReader(site.home.gatewayDir);
  try {
    await doorWorks(journal, -1);
    const cast = await gatherCast(site, journal);
    await refuseBeforeApproval(cast, tell);
    await keepOutAfterServerLoss(site, cast, tell);
    await takeEvidenceHome(cast, folders, tell);
  } finally {
    journal.close();
  }
}

/** Request, refusal, approval, entry, exit, and the end of the window. */
async function refuseBeforeApproval(cast: Cast, tell: TellStep): Promise<void> {
  const { door, sari } = cast;
  const request = await ask(cast, sari, SHORT_VISIT_MS);
  tell({
    who: sari.name,
    what: `asks to enter for ${SHORT_VISIT_MS / 1000} s`,
    seen: { API: `${request.number} ${request.state}` },
  });

  await expectRefusal(cast, sari, 'no-permit', 'presents the card before anybody approved: refused', tell);
  await approve(cast, request, tell);
  await enter(cast, sari, tell);
  await leave(cast, sari, tell);

  const visits = await cast.auditor.get('/visits', pageOf(visitSchema));
  const visit = visits.items.find((each) => each.personName === sari.name);
  if (visit === undefined || visit.leftAt === null || visit.enteredAt === null)
    throw new Error('the visit shows no entry and exit');
  tell({
    who: 'visit',
    what: 'has an entry and an exit',
    seen: { API: `${visit.enteredAt} to ${visit.leftAt}` },
  });

  const endMs = Date.parse(request.validUntil);
  await waitFor(
    'the end of the window',
    SHORT_VISIT_MS + SOON_MS,
    () => Date.now() > endMs + 300 || undefined,
  );
  if ((await door.state()).lock !== 'secured')
    throw new Error('the lock is not secured at the end of the visit');
  await expectRefusal(cast, sari, 'expired', 'presents the same card after the window: refused', tell);
}

/** The server dies; the door goes on; the server comes back and hears everything, once. */
async function keepOutAfterServerLoss(site: Site, cast: Cast, tell: TellStep): Promise<void> {
  const { bagas, journal } = cast;
  const request = await ask(cast, bagas, LONG_VISIT_MS);
  tell({
    who: bagas.name,
    what: 'asks to enter for two hours',
    seen: { API: `${request.number} ${request.state}` },
  });
  await approve(cast, request, tell);

  await site.parts.server.kill();
  const answer = await cast.auditor.send('GET', '/readyz').catch(() => undefined);
  if (answer !== undefined) throw new Error('the server still answers after it was killed');
  tell({ who: 'server', what: 'is killed', seen: { API: 'no answer' } });

  const granted = await passDoor(cast, bagas, 'entry', 'access.granted');
  const left = await passDoor(cast, bagas, 'exit', 'exit.recorded');
  tell({
    who: bagas.name,
    what: 'enters and leaves by a permit that the gateway holds, without the server',
    seen: { relay: 'released twice', journal: `${named(granted)}, ${named(left)}`, API: 'no answer' },
  });

  const lastBefore = journal.newest();
  site.parts.server.start();
  await site.serverIsUp();
  // Sessions are kept in the database: the auditor of this morning is still signed in.
  const events = await waitFor('everything in the API after the server is back', UPLOAD_MS, async () => {
    const all = await allEvents(cast.auditor);
    return all.some((event) => event.seq >= lastBefore) ? all : undefined;
  });
  const newest = Math.max(...events.map((event) => event.seq));
  const seqs = events.map((event) => event.seq).toSorted((a, b) => a - b);
  if (seqs.length !== newest + 1 || seqs.some((seq, index) => seq !== index)) {
    throw new Error('an event is missing in the API, or there twice');
  }
  for (const record of journal.records().filter((each) => each.sq <= newest)) {
    if (events.find((event) => event.seq === record.sq)?.type !== record.ty) {
      throw new Error(`the API and the journal differ at ${record.sq}`);
    }
  }
  const own = events.filter((event) => event.seq === granted.sq);
  tell({
    who: 'server',
    what: 'is back; what happened meanwhile arrives, each event exactly once',
    seen: {
      journal: `#0 to #${newest}`,
      API: `${events.length} events, ${own.length} of them ${own[0]?.type} ${own[0]?.personName} at #${granted.sq}`,
    },
  });
}

/** Export, a verification that says yes, one changed byte, a verification that says no. */
async function takeEvidenceHome(
  cast: Cast,
  { bundleDir, scratchDir }: { readonly bundleDir: string; readonly scratchDir: string },
  tell: TellStep,
): Promise<void> {
  const answer = await cast.auditor.send('GET', '/evidence/export');
  if (answer.status !== 200) throw new Error(`the export was answered ${answer.status}`);
  const files = unzipSync(answer.body);
  for (const [path, bytes] of Object.entries(files)) {
    const target = join(bundleDir, path);
    mkdirSync(dirname(target), { recursive: true });
    if (!path.endsWith('/')) writeFileSync(target, bytes);
  }
  tell({
    who: 'auditor',
    what: 'exports the evidence',
    seen: { API: `${Object.keys(files).length} files, ${answer.body.length} bytes` },
  });

  const good = await runVerify(bundleDir);
  if (good.code !== 0) throw new Error(`a genuine bundle was not verified: ${good.text}`);
  tell({ who: 'auditor', what: 'verifies it on a machine of their own: yes', seen: { verify: good.text } });

  const forged = join(scratchDir, 'forged');
  cpSync(bundleDir, forged, { recursive: true });
  const file = join('journal', DEMO_GATEWAY, `${cast.journal.epoch()}.jsonl`);
  const lines = readFileSync(join(forged, file), 'utf8').split('\n');
  const line = lines.findIndex((each) => each.includes('"access.granted"'));
  const changed = lines[line]?.replace(
    /"t":(\d+)(\d)/,
    (_, head: string, last: string) => `"t":${head}${(Number(last) + 1) % 10}`,
  );
  if (changed === undefined || changed === lines[line]) throw new Error('there is no record to forge');
  lines[line] = changed;
  writeFileSync(join(forged, file), lines.join('\n'));
  const bad = await runVerify(forged);
  const isNamed = bad.text.includes(file) && new RegExp(`\\b${line + 1}\\b`).test(bad.text);
  if (bad.code !== 1 || !isNamed) throw new Error(`the forged record was not named: ${bad.text}`);
  tell({
    who: 'forger',
    what: 'changes one byte of one record: verification says no, and which',
    seen: { verify: bad.text },
  });
}

async function gatherCast(site: Site, journal: JournalReader): Promise<Cast> {
  const [sari, bagas] = await findTechnicians(site);
  const supervisor = await site.signInAs('supervisor');
  const { name } = await supervisor.get('/me', meSchema);
  const auditor = await site.signInAs('auditor');
  return {
    door: createDoorClient(site.doorUrl),
    gatewayDir: site.home.gatewayDir,
    journal,
    sari,
    bagas,
    supervisor,
    supervisorName: name,
    auditor,
  };
}

async function ask(cast: Cast, who: Technician, forMs: number): Promise<AccessRequest> {
  const request = await fileRequest(who.api, forMs);
  const waiting = await cast.supervisor.get('/requests?scope=waiting', pageOf(requestSchema));
  if (!waiting.items.some((each) => each.id === request.id)) {
    throw new Error('the supervisor does not see the request');
  }
  return request;
}

async function approve(cast: Cast, request: AccessRequest, tell: TellStep): Promise<void> {
  const approved = await cast.supervisor.post(`/requests/${request.id}/approve`, {}, requestSchema);
  const applied = await permitArrives(cast.gatewayDir, cast.journal, approved.permitId);
  await waitForEvent(cast, applied);
  tell({
    who: cast.supervisorName,
    what: `approves ${request.number}; the gateway takes the permit over`,
    seen: {
      journal: `${named(applied)} v${JSON.stringify(applied.x['v'])}`,
      API: `${approved.number} ${approved.state}`,
    },
  });
}

async function expectRefusal(
  cast: Cast,
  who: Technician,
  reason: string,
  what: string,
  tell: TellStep,
): Promise<void> {
  const { door, journal } = cast;
  const since = journal.newest();
  const before = await door.releases();
  await door.presentCard('entry', who.card);
  const denied = await waitForRecord(cast, 'access.denied', since);
  if (denied.rs !== reason) throw new Error(`refused for ${denied.rs}, not for ${reason}`);
  const event = await waitForEvent(cast, denied);
  if ((await door.releases()) !== before) throw new Error('the relay released on a refused card');
  if (await door.push()) throw new Error('the door opened after a refused card');
  tell({
    who: who.name,
    what,
    seen: { relay: 'shut', journal: `${named(denied)} ${reason}`, API: shown(event) },
  });
}

async function enter(cast: Cast, who: Technician, tell: TellStep): Promise<void> {
  const granted = await passDoor(cast, who, 'entry', 'access.granted');
  const event = await waitForEvent(cast, granted);
  if (event.personName !== who.name) throw new Error('the API does not say who entered');
  tell({
    who: who.name,
    what: 'presents the card: granted',
    seen: { relay: 'released', journal: named(granted), API: shown(event) },
  });
  const opened = await waitForRecord(cast, 'door.opened', granted.sq);
  tell({
    who: who.name,
    what: 'opens the door',
    seen: { relay: 'released', journal: named(opened), API: shown(await waitForEvent(cast, opened)) },
  });
  const outcome = await waitForRecord(cast, 'access.outcome', granted.sq);
  if (outcome.rs !== 'entered') throw new Error(`the entry was recorded as ${outcome.rs}`);
  tell({
    who: who.name,
    what: 'is inside',
    seen: {
      relay: 'secured',
      journal: `${named(outcome)} entered`,
      API: shown(await waitForEvent(cast, outcome)),
    },
  });
}

async function leave(cast: Cast, who: Technician, tell: TellStep): Promise<void> {
  const left = await passDoor(cast, who, 'exit', 'exit.recorded');
  const event = await waitForEvent(cast, left);
  tell({
    who: who.name,
    what: 'presents the card at the exit reader and leaves',
    seen: { relay: 'released', journal: named(left), API: shown(event) },
  });
}

/** A card, a released relay, an open leaf, a closed one, a secured relay; returns the record of the card. */
async function passDoor(
  cast: Cast,
  who: Technician,
  reader: 'entry' | 'exit',
  type: EventType,
): Promise<JournalRecord> {
  const { door, journal } = cast;
  const since = journal.newest();
  const before = await door.releases();
  await door.presentCard(reader, who.card);
  const record = await waitForRecord(cast, type, since);
  await waitFor(
    'the relay to release',
    SOON_MS,
    async () => (await door.releases()) === before + 1 || undefined,
  );
  await waitFor('the leaf to move', SOON_MS, async () => (await door.push()) || undefined);
  await waitForRecord(cast, 'door.opened', record.sq);
  await door.closeDoor();
  await waitForRecord(cast, 'door.closed', record.sq);
  await waitFor(
    'the relay to secure',
    SOON_MS,
    async () => (await door.state()).lock === 'secured' || undefined,
  );
  return record;
}

function waitForRecord(cast: Cast, type: EventType, since: number): Promise<JournalRecord> {
  return waitFor(`${type} in the journal`, SOON_MS, () =>
    cast.journal.records().find((each) => each.ty === type && each.sq > since),
  );
}

function waitForEvent(cast: Cast, record: JournalRecord): Promise<AccessEvent> {
  return waitFor(`${record.ty} in the API`, UPLOAD_MS, async () => {
    const { items } = await cast.auditor.get(`/events?type=${record.ty}&limit=500`, pageOf(eventSchema));
    return items.find(
      (each) => each.gateway === record.gw && each.epoch === record.ep && each.seq === record.sq,
    );
  });
}

async function allEvents(auditor: ApiClient): Promise<AccessEvent[]> {
  const events: AccessEvent[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { items: AccessEvent[]; nextCursor: string | null } = await auditor.get(
      `/events?limit=200${query}`,
      pageOf(eventSchema),
    );
    events.push(...page.items);
    cursor = page.nextCursor;
  }
  return events;
}

const named = (record: JournalRecord): string => `#${record.sq} ${record.ty}`;
const shown = (event: AccessEvent): string =>
  `${event.id} ${event.type}${event.personName === null ? '' : `, ${event.personName}`}`;
