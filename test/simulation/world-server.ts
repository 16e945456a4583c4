import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { journalUploadSchema, type JournalUpload } from '#contract/api';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { asEpochMs, asMonoMs, type Clock, type Random } from '#contract/clock';
import type { EpochRequest } from '#contract/epoch';
import type { Signer } from '../../gateway/crypto-ports.ts';
import type { UploadAnswer } from '../../gateway/uplink/step-upload.ts';
import { ingestJournal } from '../../server/audit/ingest.ts';
import { enrolGateway, orderEnrolment } from '../../server/procedure/enrol-gateway.ts';
import { giveEpoch } from '../../server/procedure/epochs.ts';
import { openSite } from '../../server/procedure/open-site.ts';
import type { Site } from '../../server/procedure/site.ts';
import { findGateway } from '../../server/store/gateways.ts';
import { createSeededRandom, SITE } from '../suites/gateway-world.ts';
import type { VirtualTime } from './virtual-time.ts';

/** The server of a world: its own procedures over its own database, which can be put back to what it was. */
export interface WorldServer {
  readonly site: Site;
  upload(gatewayId: string, epoch: number, upload: JournalUpload): Promise<UploadAnswer>;
  giveEpoch(gatewayId: string, request: EpochRequest): Promise<number | 'refused'>;
  /** Ends the process and starts it anew. */
  restart(): Promise<void>;
  backUp(): void;
  /** Puts the last backup but so many in the place of the database; false where there is none. */
  restore(back: number): Promise<boolean>;
  close(): Promise<void>;
}

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** In memory where the machine has such a disk: a world writes much, and none of it is to stay. */
export const makeWorldFolder = (): string =>
  mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'palang-world-'));

const clockOf = (time: VirtualTime): Clock => ({
  epochMs: () => asEpochMs(time.nowMs()),
  monoMs: () => asMonoMs(time.nowMs()),
  trust: () => 2,
  interval: () => ({ lo: asEpochMs(time.nowMs()), hi: time.nowMs() }),
  sleepUntil: (at, signal) => time.sleepUntil(at, signal),
});

const openAt = (dir: string, clock: Clock, random: Random): Promise<Site> =>
  openSite({
    id: SITE,
    timeZone: 'Asia/Jakarta',
    databaseUrl: `sqlite:${join(dir, 'server.db')}`,
    keysDir: join(dir, 'keys'),
    clock,
    random,
    log: QUIET,
  });

/** A server whose gateways are enrolled, made once and copied for each world. */
export async function makeServerTemplate(
  time: VirtualTime,
  gateways: readonly { readonly id: string; readonly door: string; readonly signer: Signer }[],
): Promise<string> {
  const dir = makeWorldFolder();
  const site = await openAt(dir, clockOf(time), createSeededRandom('template'));
  for (const { id, door, signer } of gateways) {
    await site.db
      .insertInto('doors')
      .values({ id: door, room_id: 'ruang-server', name: door })
      .onConflict((c) => c.doNothing())
      .execute();
    const ticket = await orderEnrolment(site, { id, doors: [door] });
    if (!ticket.ok) throw new Error(ticket.error.code);
    const { token } = ticket.value;
    const proof = encodeBase64Url(signer.sign(utf8(`palang-enrol/v1\n${token}`)));
    const enrolled = await enrolGateway(site, { token, publicKey: encodeBase64Url(signer.publicKey), proof });
    if (!enrolled.ok) throw new Error(enrolled.error.code);
  }
  await site.db.destroy();
  return dir;
}

/** Opens the server of one world over a copy of the template. */
export async function openWorldServer(
  template: string,
  dir: string,
  time: VirtualTime,
  seed: number,
): Promise<WorldServer> {
  mkdirSync(dir, { recursive: true });
  cpSync(template, dir, { recursive: true });
  const random = createSeededRandom(`server ${seed}`);
  const clock = clockOf(time);
  let site = await openAt(dir, clock, random);
  let backups = 0;

  const copyDatabase = (from: string, to: string): void => {
    mkdirSync(to, { recursive: true });
    for (const name of ['server.db', 'server.db-wal']) {
      rmSync(join(to, name), { force: true });
      if (existsSync(join(from, name))) cpSync(join(from, name), join(to, name));
    }
  };
  const reopen = async (between: () => void): Promise<void> => {
    await site.db.destroy();
    between();
    site = await openAt(dir, clock, random);
  };

  return {
    get site() {
      return site;
    },
    upload: async (gatewayId, epoch, upload) => {
      const gateway = await findGateway(site.db, gatewayId);
      if (gateway === null) return { kind: 'refused' };
      const sent = journalUploadSchema.parse(JSON.parse(JSON.stringify(upload)));
      const taken = await ingestJournal(site, gateway, epoch, sent);
      if (taken.ok) {
        const { size, head, checkpoint: note } = taken.value;
        return { kind: 'acknowledged', size, head, note };
      }
      const { code, head } = taken.error;
      switch (code) {
        case 'journal-gap':
          return { kind: 'gap', ...head };
        case 'journal-conflict':
          return { kind: 'conflict' };
        case 'journal-fenced':
          return { kind: 'fenced' };
        default:
          return { kind: 'invalid' };
      }
    },
    giveEpoch: async (gatewayId, request) => {
      const gateway = await findGateway(site.db, gatewayId);
      if (gateway === null) return 'refused';
      const given = await giveEpoch(site, gateway, request);
      return given.ok ? given.value.epoch : 'refused';
    },
    restart: () => reopen(() => undefined),
    backUp: () => {
      copyDatabase(dir, join(dir, `backup-${backups}`));
      backups += 1;
    },
    restore: async (back) => {
      const number = backups - 1 - back;
      if (number < 0) return false;
      await reopen(() => copyDatabase(join(dir, `backup-${number}`), dir));
      return true;
    },
    close: async () => {
      await site.db.destroy();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
