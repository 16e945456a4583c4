import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyBundle, type BundleReport } from '#contract/bundle';
import { checkExtension } from '#contract/bundle-extension';
import { BUNDLE_PATHS } from '#contract/bundle-format';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { decodeRecord, type JournalRecord } from '#contract/record';
import { createSigner, type Signer } from '../../gateway/crypto-ports.ts';
import { openEpochKeys, type EpochKeys } from '../../gateway/epoch-keys.ts';
import {
  openJournalHome,
  reclaimAll,
  takeEpoch,
  type HomePorts,
  type JournalHome,
} from '../../gateway/journal-home.ts';
import type { NewRecord } from '../../gateway/journal/journal.ts';
import { createMarkKeeper, openFileMedium, type SecondMedium } from '../../gateway/second-medium.ts';
import { runJournalUpload } from '../../gateway/uplink/journal-upload.ts';
import { createServerClient, type ServerClient } from '../../gateway/uplink/server-client.ts';
import { exportEvidence } from '../../server/audit/evidence-desk.ts';
import { decommissionGateway } from '../../server/procedure/epochs.ts';
import { assertionPorts, hmacSha256, sha256 } from '../../server/signing/node-crypto.ts';
import { listConflicts } from '../../server/store/epochs.ts';
import { openSecondVerifier, whyNoPython } from '../verifier/second-verifier.ts';
import { createFakeClock, createSeededRandom, settle, silentLog } from './gateway-world.ts';
import {
  bodyOf,
  DOOR,
  GATEWAY,
  openTestServer,
  SITE_ID,
  START,
  type TestClient,
  type TestServer,
} from './server-harness.ts';

const HELD: NewRecord = { ty: 'door.held-open', door: DOOR };
/** A record that a test knows again. */
const marked = (mark: string): NewRecord => ({ ty: 'door.opened', door: DOOR, x: { mark } });
const secret = (mark: string): NewRecord => ({
  ty: 'access.denied',
  door: DOOR,
  rs: 'unknown-credential',
  c: { cred: `c_${mark}` },
  x: { mark },
});

let server: TestServer;
let admin: TestClient;
let signer: Signer;
let clock: ReturnType<typeof createFakeClock>;
let gateways: Gateway[];

/** The evidence half of a gateway: the real journal and the real upload against the real server. */
class Gateway {
  readonly dir: string;
  readonly clock = clock;
  readonly keys: EpochKeys;
  readonly client: ServerClient;
  home!: JournalHome;
  /** What is put in the way of a request; null lets it through. */
  block: ((path: string) => Response | null) | null = null;
  private readonly seed: string;
  private readonly medium: SecondMedium | null;

  constructor(dir: string, seed: string, medium: SecondMedium | null = null) {
    this.dir = dir;
    this.seed = seed;
    this.medium = medium;
    const random = createSeededRandom(seed);
    this.keys = openEpochKeys(join(dir, 'keys'), GATEWAY, random);
    this.client = createServerClient({
      url: 'http://palang.contoh/',
      gateway: GATEWAY,
      signer,
      clock: this.clock,
      random,
      fetch: async (input, init) => {
        const url = input instanceof Request ? input.url : String(input);
        return this.block?.(new URL(url).pathname) ?? server.app.request(url, init);
      },
    });
  }

  private ports(): HomePorts {
    return {
      identity: { site: SITE_ID, gateway: GATEWAY, epoch: 1, signer } as HomePorts['identity'],
      keys: this.keys,
      clock: this.clock,
      random: createSeededRandom(`${this.seed}/boot`),
      timeFloor: () => this.clock.floorMs(),
      medium: this.medium,
      keeper:
        this.medium && createMarkKeeper(this.medium, () => ({ floorMs: this.clock.floorMs(), policy: 0 })),
      spareDir: null,
      ballastBytes: 0,
      fetchEpoch: async (after) => {
        const epoch = await this.client.fetchEpoch(this.keys.request(after), new AbortController().signal);
        if (epoch !== 'refused') this.keys.keep(epoch);
        return epoch === 'refused' ? null : epoch;
      },
      log: silentLog,
    };
  }

  async start(): Promise<this> {
    this.home = await openJournalHome(join(this.dir, 'journal'), this.ports());
    this.home.journal.beginBoot('1');
    return this;
  }

  /** Uploads, in as many epochs as it takes, until everything is with the server. */
  async sync(): Promise<void> {
    for (let epochs = 0; epochs < 6; epochs++) {
      const { journal } = this.home;
      const stopping = new AbortController();
      const task = runJournalUpload({
        journal,
        keys: this.keys,
        client: this.client,
        clock: this.clock,
        random: createSeededRandom('back-off'),
        log: silentLog,
        crashPoint: () => undefined,
        signal: stopping.signal,
      });
      let isOver = false;
      const over = task.finally(() => {
        isOver = true;
      });
      const isDone = (): boolean =>
        isOver ||
        (journal.acknowledgedSize() === journal.size() && this.keys.spareAfter(journal.epoch) !== null);
      for (let rests = 0; !isDone(); rests++) {
        if (rests > 40) throw new Error('the upload stands still');
        await settle(300);
        // After a contradiction of everything it waits for minutes.
        if (isDone()) break;
        server.clock.advance(300_000);
        await clock.advance(300_000);
      }
      stopping.abort();
      const action = await over;
      if (action === null) return;
      const { epoch, signer: next } = await takeEpoch(journal.epoch, this.ports());
      journal.openEpoch({ epoch, signer: next, why: action.why, size: action.size });
      await reclaimAll(journal);
    }
    throw new Error('the upload never came to rest');
  }

  stop(): void {
    this.home.journal.close();
  }
}

beforeEach(async () => {
  server = await openTestServer();
  admin = await server.signIn('admin', ['administrator']);
  clock = createFakeClock(START);
  signer = createSigner(sha256(utf8('gateway')));
  gateways = [];
  const ticket = await bodyOf<{ token: string }>(admin.post('gateways', { id: GATEWAY, doors: [DOOR] }));
  const answer = await server.client().post('gateways/enrol', {
    token: ticket.token,
    publicKey: encodeBase64Url(signer.publicKey),
    proof: encodeBase64Url(signer.sign(utf8(`palang-enrol/v1\n${ticket.token}`))),
  });
  if (answer.status !== 200) throw new Error('not enrolled');
});
afterEach(async () => {
  for (const gateway of gateways) gateway.stop();
  await server.close();
});

async function startGateway(name: string, seed = name, medium: SecondMedium | null = null): Promise<Gateway> {
  const gateway = await new Gateway(join(server.dir, name), seed, medium).start();
  gateways.push(gateway);
  return gateway;
}

function stop(gateway: Gateway): void {
  gateways = gateways.filter((each) => each !== gateway);
  gateway.stop();
}

/** What an exchanged or copied card holds. */
function copyOf(gateway: Gateway, name: string): void {
  const to = join(server.dir, name);
  rmSync(to, { recursive: true, force: true });
  cpSync(gateway.dir, to, { recursive: true, filter: (path) => !path.endsWith('journal.lock') });
}

const databasePath = (): string => server.databaseUrl.replace(/^sqlite:/, '');

function backUp(): void {
  const db = new Database(databasePath());
  db.exec(`VACUUM INTO '${join(server.dir, 'backup.db')}'`);
  db.close();
}

/** Puts the backup in the place of everything, behind the server's back. */
function putBack(): void {
  const db = new Database(databasePath());
  db.pragma('foreign_keys = OFF');
  db.exec(`ATTACH '${join(server.dir, 'backup.db')}' AS old`);
  const tables = db
    .prepare<[], string>(
      `SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`,
    )
    .pluck()
    .all();
  for (const table of tables) {
    db.exec(`DELETE FROM main."${table}"; INSERT INTO main."${table}" SELECT * FROM old."${table}"`);
  }
  db.close();
}

/** Everything that the server holds, judged by both verifiers. */
async function audit(): Promise<{ report: BundleReport; files: ReadonlyMap<string, Uint8Array> }> {
  const { files } = await exportEvidence(server.site, 'test', { from: null, until: null });
  const verdict = await verifyBundle(files, { ...assertionPorts, hmac: hmacSha256 });
  if (!verdict.ok) throw new Error(JSON.stringify(verdict.error));
  if (whyNoPython() === null) {
    const second = openSecondVerifier(files);
    const again = await second.verify(files);
    await second.close();
    if (!again.ok) throw new Error(JSON.stringify(again));
  }
  return { report: verdict.value, files };
}

const recordsOf = (files: ReadonlyMap<string, Uint8Array>): readonly JournalRecord[] =>
  Array.from(files)
    .filter(([path]) => path.startsWith('journal/') && path.endsWith('.jsonl'))
    .flatMap(([, bytes]) => new TextDecoder().decode(bytes).trimEnd().split('\n'))
    .flatMap((line) => {
      const record = decodeRecord(utf8(line));
      return record.ok ? [record.value] : [];
    });

/** The marks that stand in the evidence, each as often as it is told: as a record, or in one that holds it again. */
const marksOf = (files: ReadonlyMap<string, Uint8Array>): readonly string[] =>
  [
    ...new Set(
      recordsOf(files).flatMap((record) => {
        const again = record.x['orig'];
        const inner = typeof again === 'string' ? decodeRecord(utf8(again)) : null;
        const { mark } = (inner?.ok === true ? inner.value : record).x;
        return typeof mark === 'string' ? [mark] : [];
      }),
    ),
  ].sort();

/** The marks that people see in the list of events. */
async function listed(type: string): Promise<number> {
  const auditor = await server.signIn(`auditor-${type}`, ['auditor']);
  const { items } = await bodyOf<{ items: unknown[] }>(auditor.get(`events?type=${type}`));
  return items.length;
}

const noticesOf = (report: BundleReport): readonly string[] =>
  report.notices.map(({ ty, epoch, why }) => [ty, epoch, why].filter((part) => part !== null).join(' '));

describe('epochs, end to end', () => {
  it('C55, GU11, GJ16, SA33, SA35, SA37: two gateways on one copied card: the second goes on in an epoch of its own, and no record of either is lost', async () => {
    const first = await startGateway('card');
    await first.sync();
    stop(first);
    copyOf(first, 'clone');
    const one = await startGateway('card', 'after');
    const two = await startGateway('clone', 'clone-after');
    one.home.journal.append([marked('one')]);
    two.home.journal.append([marked('two'), secret('two-secret')]);
    await one.sync();
    await two.sync();
    const { report, files } = await audit();
    expect(marksOf(files)).toEqual(['one', 'two', 'two-secret']);
    expect(noticesOf(report)).toEqual(
      expect.arrayContaining(['journal.conflicted 1 conflict', 'epoch.opened 2 conflict']),
    );
    // The openings came along, and an opened epoch shows where it broke off.
    expect(new TextDecoder().decode(files.get(BUNDLE_PATHS.openings))).toContain('c_two-secret');
    // The clone is the one that speaks now: the first is fenced, and does not lose what it says either.
    one.home.journal.append([marked('one-later')]);
    await one.sync();
    const after = await audit();
    expect(marksOf(after.files)).toEqual(['one', 'one-later', 'two', 'two-secret']);
    expect(noticesOf(after.report)).toContain('journal.conflicted 1 fenced');
    expect(await listed('door.opened')).toBe(3);
  }, 60_000);

  it('GU11, GJ17, SA34, SA38: an old image put back on a gateway: its end is known to be missing, and what came since stays', async () => {
    const gateway = await startGateway('card');
    gateway.home.journal.append([marked('before')]);
    await gateway.sync();
    stop(gateway);
    copyOf(gateway, 'image');
    const later = await startGateway('card', 'later');
    later.home.journal.append([marked('between'), HELD]);
    await later.sync();
    stop(later);
    const restored = await startGateway('image', 'restored');
    restored.home.journal.append([marked('after')]);
    await restored.sync();
    const { report, files } = await audit();
    expect(marksOf(files)).toEqual(['after', 'before', 'between']);
    expect(report.logs.map(({ origin }) => origin)).toContain(`${SITE_ID}/${GATEWAY}/2`);
    expect(await listed('door.opened')).toBe(3);
  }, 60_000);

  it('GJ28, GJ29: an old image under a second medium is found before any word with the server, and the loss is counted', async () => {
    const medium = openFileMedium(join(server.dir, 'mark'));
    const gateway = await startGateway('card', 'card', medium);
    await gateway.sync();
    stop(gateway);
    copyOf(gateway, 'image');
    const later = await startGateway('card', 'later', medium);
    later.home.journal.append([marked('lost-1'), marked('lost-2')]);
    later.home.journal.signHead();
    const size = later.home.journal.size();
    stop(later);
    const restored = await startGateway('image', 'restored', medium);
    expect(restored.home.journal.epoch).toBe(2);
    await restored.sync();
    const { files } = await audit();
    const opened = recordsOf(files).find(({ ep, sq }) => ep === 2 && sq === 0);
    expect(opened).toMatchObject({ ty: 'epoch.opened', x: { why: 'tail-lost' } });
    expect(opened?.x['lost']).toBeGreaterThan(0);
    expect(Number(opened?.x['lost'])).toBeLessThanOrEqual(size);
  }, 60_000);

  it('GU12, SA36: a server that was put back from a backup is given everything again, and says that it had held more', async () => {
    const gateway = await startGateway('card');
    gateway.home.journal.append([marked('early')]);
    await gateway.sync();
    backUp();
    gateway.home.journal.append([marked('late'), secret('late-secret')]);
    await gateway.sync();
    const held = await audit();
    putBack();
    gateway.home.journal.append([marked('after')]);
    await gateway.sync();
    const { report, files } = await audit();
    expect(marksOf(files)).toEqual(['after', 'early', 'late', 'late-secret']);
    expect(noticesOf(report)).toEqual(['server.rollback 1']);
    // Whoever kept the older bundle sees that there were two histories of the site log.
    expect(checkExtension(sha256, files, held.files)).toMatchObject({
      ok: false,
      error: { file: BUNDLE_PATHS.siteLog, reason: 'inconsistent' },
    });
  }, 60_000);

  it('SA39, SA35: what the key of an ended gateway still uploads is kept beside and never merged', async () => {
    const gateway = await startGateway('card');
    await gateway.sync();
    const ended = await decommissionGateway(server.site, GATEWAY, { isLost: true, known: 5 });
    expect(ended).toMatchObject({ ok: true, value: { size: gateway.home.journal.size() } });
    gateway.home.journal.append([marked('stolen')]);
    const batch = gateway.home.journal.readBatch(gateway.home.journal.acknowledgedSize());
    if (batch === null) throw new Error('there is something to send');
    const answer = await gateway.client.uploadJournal(
      1,
      { ...batch, entries: [...batch.entries], openings: [...batch.openings] },
      new AbortController().signal,
    );
    expect(answer).toEqual({ kind: 'refused' });
    const { report, files } = await audit();
    expect(marksOf(files)).toEqual([]);
    // Kept as it came, and readable by nobody who has only the database.
    const [conflict] = await listConflicts(server.site.db, GATEWAY);
    expect(conflict).toMatchObject({ epoch: 1, why: 'revoked' });
    expect(conflict?.upload).not.toContain('stolen');
    const kept = server.site.pii.open(`conflict/${conflict?.hash}`, conflict?.upload ?? '');
    expect(kept).toContain('stolen');
    expect(noticesOf(report)).toEqual([
      'gateway.revoked 1',
      'tail.unrecovered 1',
      'journal.conflicted 1 revoked',
    ]);
  }, 60_000);

  it('GJ18, GJ26, GJ27: a damaged journal is set aside, and what can be read of it goes on in a new epoch', async () => {
    const gateway = await startGateway('card');
    await gateway.sync();
    gateway.home.journal.append([marked('kept-1'), secret('kept-2')]);
    stop(gateway);
    const db = new Database(join(server.dir, 'card', 'journal', 'journal.db'));
    db.exec(`DROP TRIGGER records_never_change; UPDATE records SET hash = zeroblob(32) WHERE sq = 1`);
    db.close();
    const damagedAt = clock.epochMs();
    const mended = await startGateway('card', 'mended');
    expect(mended.home.journal.epoch).toBe(2);
    await mended.sync();
    const { files } = await audit();
    expect(marksOf(files)).toEqual(['kept-1', 'kept-2']);
    expect(existsSync(join(server.dir, 'card', 'journal', `journal.bad-${damagedAt}`))).toBe(true);
  }, 60_000);

  it('GJ19: an epoch that cannot be opened as a whole is not opened at all', async () => {
    const gateway = await startGateway('card');
    await gateway.sync();
    const { journal } = gateway.home;
    const size = journal.size();
    expect(() => journal.openEpoch({ epoch: 1, signer, why: 'conflict', size })).toThrow('epochs rise');
    expect(() => journal.openEpoch({ epoch: 2, signer, why: 'conflict', size: size + 1 })).toThrow(
      'an epoch ends within its records',
    );
    expect([journal.epoch, journal.size()]).toEqual([1, size]);
  });
});
