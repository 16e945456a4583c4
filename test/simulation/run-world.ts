import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalUpload } from '#contract/api';
import { utf8 } from '#contract/bytes';
import { parseSignedCheckpoint } from '#contract/checkpoint';
import { asMonoMs } from '#contract/clock';
import { recordHash } from '#contract/record';
import { Fault } from '#contract/result';
import { createSigner } from '../../gateway/crypto-ports.ts';
import type { DoorCrashPoint } from '../../gateway/loop/door-loop.ts';
import {
  checkI1,
  checkI13,
  checkI7,
  checkI8,
  checkI9,
  type DoorStep,
  type GrantView,
  type RatchetView,
  type RevocationView,
} from '../invariants/check-door.ts';
import { checkL1, checkL2, checkL3 } from '../invariants/check-liveness.ts';
import {
  checkI10,
  checkI12,
  checkI14,
  checkI15,
  checkI2,
  checkI3,
  checkI4,
  checkI5,
  checkI6,
  headWord,
} from '../invariants/check-log.ts';
import type { Violation } from '../invariants/violation.ts';
import { createSeededRandom, sha256, START_MS, TestSite } from '../suites/gateway-world.ts';
import { createDice, type Dice } from './dice.ts';
import { createPolicyOffice, hoursIn, permitName } from './policy-office.ts';
import type { Counts, SeedOutcome } from './protocol-seed.ts';
import { readFileView, readRecords, typeOnDisk } from './read-files.ts';
import { createVirtualTime, type VirtualTime } from './virtual-time.ts';
import { createWorldGateway, type WorldGateway } from './world-gateway.ts';
import { makeServerTemplate, makeWorldFolder, openWorldServer, type WorldServer } from './world-server.ts';

const HOUR_MS = 3_600_000;
const GATEWAYS = [
  { id: 'gw-satu', door: 'pintu-satu' },
  { id: 'gw-dua', door: 'pintu-dua' },
].map((each) => ({ ...each, signer: createSigner(sha256(utf8(`world ${each.id}`))) }));

const PEOPLE = ['A', 'B', 'C', 'D', 'E'].map((letter, index) => ({
  sub: `s_${letter.repeat(22)}`,
  card: `em:00000000${index}${index}`,
}));
const STRANGER = 'em:0BADBADBAD';
const CRASH_POINTS: readonly DoorCrashPoint[] = [
  'before-decide',
  'after-decide',
  'after-commit',
  'after-pulse-sent',
  'after-outcome',
];

/** What all worlds of one process share: keys, and a server that was set up once. */
export interface WorldBase {
  readonly site: TestSite;
  readonly template: string;
  close(): void;
}

export async function makeWorldBase(): Promise<WorldBase> {
  const template = await makeServerTemplate(createVirtualTime(START_MS - HOUR_MS), GATEWAYS);
  return { site: new TestSite(), template, close: () => rmSync(template, { recursive: true, force: true }) };
}

/** What the world remembers of a gateway, beside what the gateway does. */
interface Watched {
  readonly gateway: WorldGateway;
  steps: DoorStep[];
  ratchets: RatchetView[];
  commands: { kind: 'pulse' | 'secure'; atMs: number }[];
  leaving: { fromMs: number; untilMs: number }[];
  isOpen: boolean;
  isDiskFailing: boolean;
  isFull: boolean;
  /** A bit of its journal was turned, and nobody has seen it yet. */
  isRotten: boolean;
  /** Of its journal, when it was last started. */
  epoch: number;
}

/**
 * Runs the world of one seed: the programs of two gateways over real files, the server's procedures over its real
 * database, and whatever chance does to them for so many days; then faults end, and everything must be there.
 */
export async function runWorldSeed(
  base: WorldBase,
  seed: number,
  days: number,
  onEvent: (line: string) => void = () => undefined,
): Promise<SeedOutcome> {
  const time = createVirtualTime(START_MS);
  const dir = makeWorldFolder();
  const server = await openWorldServer(base.template, join(dir, 'server'), time, seed);
  const world = createWorld(base, seed, time, dir, server, onEvent);
  try {
    await world.live(START_MS + days * 24 * HOUR_MS);
    await world.comeToRest();
    return world.outcome();
  } finally {
    await world.close();
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

function createWorld(
  base: WorldBase,
  seed: number,
  time: VirtualTime,
  dir: string,
  server: WorldServer,
  onEvent: (line: string) => void,
) {
  const { site } = base;
  const dice = createDice(seed);
  const counts: Record<string, number> = {};
  const trace = createHash('sha256');
  const violations: Violation[] = [];
  const count = (name: string, by = 1): void => {
    counts[name] = (counts[name] ?? 0) + by;
  };
  const tell = (name: string): void => {
    count(name);
    trace.update(`${Math.round(time.nowMs())} ${name};`);
    onEvent(`${new Date(time.nowMs()).toISOString()} ${name}`);
  };
  const creds = PEOPLE.map(({ sub, card }) => ({ sub, cred: site.handleOf(card), st: 'active' as const }));
  const office = createPolicyOffice(site, creds);
  const line = createLine(dice, time, count);
  const gatewayHad = new Set<string>();
  const serverHad = new Set<string>();
  const grants: GrantView[] = [];
  const revocations: RevocationView[] = [];
  let permits = 0;
  let isRestored = false;
  /** Nothing fails any more, and nobody attacks. */
  let isAtPeace = false;

  const watched: readonly Watched[] = GATEWAYS.map(({ id, door, signer }) => {
    const gateway = createWorldGateway({
      id,
      door,
      signer,
      dir,
      time,
      site,
      random: createSeededRandom(`${id} ${seed}`),
      hasMedium: dice.chance(0.5),
      machine: {
        offsetMs: 0,
        rate: 1 + (dice.below(300) - 150) * 1e-6,
        isSynchronised: true,
        hasBattery: dice.chance(0.5),
      },
      client: {
        uploadJournal: (epoch, upload, signal) =>
          line.ask(signal, async () => {
            const answer = await server.upload(id, epoch, upload);
            if (answer.kind === 'acknowledged') serverHad.add(headWord({ log: `${id}/${epoch}`, ...answer }));
            count(`answer: ${answer.kind}`);
            onEvent(
              `  ${id}/${epoch} ${upload.from}+${upload.entries.length}: ${JSON.stringify(answer).slice(0, 60)}`,
            );
            return answer;
          }),
        fetchEpoch: (request, signal) => line.ask(signal, () => server.giveEpoch(id, request)),
      },
      onPulse,
      onSecure: (each) => watchedOf(each).commands.push({ kind: 'secure', atMs: time.nowMs() }),
      onSent: noteSent,
      onEpochOpened: (why) => tell(`epoch: ${why}`),
    });
    return {
      gateway,
      steps: [],
      ratchets: [],
      commands: [],
      leaving: [],
      isOpen: false,
      isDiskFailing: false,
      isFull: false,
      isRotten: false,
      epoch: 0,
    };
  });

  function watchedOf({ id }: WorldGateway): Watched {
    const found = watched.find((each) => each.gateway.id === id);
    if (found === undefined) throw new Error('there is no such gateway');
    return found;
  }

  /** The lock opens: what is on the disk at this very moment is what may have opened it (I1). */
  function onPulse(pulse: string, gateway: WorldGateway): void {
    const each = watchedOf(gateway);
    const [epoch = '', sq = ''] = pulse.split('/');
    const isRecorded = /^[0-9]+$/.test(sq);
    const ty = isRecorded ? typeOnDisk(gateway.journalDir(), Number(epoch), Number(sq)) : null;
    const isOutward = ty === 'exit.recorded' || !isRecorded;
    const place = isRecorded ? pulse : null;
    if (ty !== null) each.steps.push({ kind: 'durable', place: pulse, ty, isOutward });
    const isJournalWritable = gateway.running()?.home.journal.isWritable() ?? false;
    each.steps.push({ kind: 'pulse', place, isOutward, isJournalWritable });
    each.commands.push({ kind: 'pulse', atMs: time.nowMs() });
    if (isOutward) each.leaving.push({ fromMs: time.nowMs(), untilMs: time.nowMs() + 5000 });
    count(isRecorded ? 'lock opened' : 'let out unrecorded');
  }

  function noteSent(epoch: number, { from, entries }: JournalUpload, gateway: WorldGateway): void {
    for (const [index, entry] of entries.entries()) {
      const head = recordHash(sha256, utf8(entry));
      gatewayHad.add(headWord({ log: `${gateway.id}/${epoch}`, size: from + index + 1, head }));
    }
  }

  /** A start may have to wait for the server, and nobody else waits meanwhile. */
  async function whileTimePasses<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const mark = (): void => {
      isDone = true;
    };
    work.then(mark, mark);
    await time.settle();
    while (!isDone) await time.pass(1000);
    return work;
  }

  async function start(each: Watched): Promise<void> {
    const { gateway } = each;
    const started = await whileTimePasses(gateway.start());
    if (started === true) {
      const epoch = gateway.running()?.home.journal.epoch ?? 0;
      if (epoch > each.epoch && each.epoch > 0) tell('epoch: found at the start');
      each.epoch = epoch;
      each.isFull = false;
      if (each.isDiskFailing) gateway.failDisk();
      noteRatchet(each);
    } else tell(`not started: ${started}`);
  }

  /** The program ends; something happens to its disk; it starts again. */
  async function restart(each: Watched, what: string, between: () => boolean = () => true): Promise<void> {
    await each.gateway.stop();
    each.isOpen = false;
    judgeFile(each);
    if (between()) {
      tell(what);
      if (what !== 'power cut' && what !== 'restarted') each.ratchets = [];
    }
    await time.pass(dice.below(60_000));
    await start(each);
  }

  /** What lies on a disk that nobody has open (I14). */
  function judgeFile({ gateway, isRotten }: Watched): void {
    if (isRotten) return;
    violations.push(...checkI14(readFileView(gateway.journalDir(), gateway.id)));
  }

  function noteRatchet(each: Watched): void {
    const running = each.gateway.running();
    if (running === null || each.gateway.isCut()) return;
    const text = running.home.journal.readSetting('policy-ratchet');
    const { rootV = 0, v = 0, mh = '' } = (text === null ? {} : JSON.parse(text)) as Partial<RatchetView>;
    each.ratchets.push({
      rootV,
      v,
      mh: mh === '' ? `none ${v}` : mh,
      floorMs: running.home.journal.timeFloorMs,
    });
  }

  function presentCard(each: Watched): void {
    const running = each.gateway.running();
    if (running === null) return;
    const { hardware, clock, home, policy } = running;
    const { journal } = home;
    const orders = policy.current();
    const time0 = clock.interval();
    const trust = clock.trust();
    const signed = clock.signedTime() !== null;
    const person = dice.chance(0.9) ? dice.pick(PEOPLE) : null;
    const before = journal.size();
    const shown = hardware.signals.length;
    if (dice.chance(0.06)) each.gateway.armCut(dice.pick(CRASH_POINTS));
    hardware.emit({ type: 'card', reader: 'entry', card: person?.card ?? STRANGER, atMs: clock.monoMs() });
    if (each.gateway.isCut()) return;
    if (hardware.signals.length === shown)
      violations.push({ id: 'L4', where: each.gateway.id, what: 'a card was not answered' });
    const batch = before < journal.size() ? journal.readBatch(before) : null;
    for (const [index, entry] of (batch?.entries ?? []).entries()) {
      const record = JSON.parse(entry) as {
        readonly ty: string;
        readonly rs?: string;
        readonly sq: number;
        readonly pol?: number;
      };
      if (record.ty === 'access.denied') tell(`denied: ${record.rs}`);
      if (record.ty !== 'access.granted') continue;
      tell('granted');
      const jti =
        batch?.openings.find(({ sq, field }) => sq === before + index && field === 'pm')?.value ?? '';
      judgeGrant(each, {
        jti,
        pol: record.pol ?? 0,
        place: `${each.gateway.id} ${journal.epoch}/${record.sq}`,
      });
    }
    return;

    function judgeGrant(at: Watched, { jti, pol, place }: { jti: string; pol: number; place: string }): void {
      const claims = office.permit(jti);
      const asOfMs = orders?.asOf ?? 0;
      const used = Number(journal.readSetting(`uses/${jti}`) ?? '1') - 1;
      if (time0.hi >= (claims?.exp ?? 0) * 1000) tell('granted: maybe expired');
      if (trust === 0) tell('granted: without a clock');
      grants.push({
        place,
        door: at.gateway.door,
        fromMs: time0.lo,
        untilMs: time0.hi,
        permit:
          claims === undefined
            ? null
            : {
                cls: claims.cls,
                doors: claims.doors,
                nbfMs: claims.nbf * 1000,
                expMs: claims.exp * 1000,
                uses: claims.uses ?? null,
              },
        isMember: office.version(pol)?.members.has(jti) === true,
        asOfMs,
        usedBefore: used,
      });
      const revokedIn = office.revokedIn(jti);
      if (revokedIn === undefined) return;
      tell('granted: revoked and not delivered');
      revocations.push({
        place,
        isDelivered: (orders?.index.version ?? 0) >= revokedIn,
        cls: claims?.cls ?? 'strict',
        grantedMs: time.nowMs(),
        asOfMs,
        // Only signed time binds: a machine that lies to itself about the time is believed until somebody tells better.
        doubtMs: signed ? time0.hi - time0.lo + 60_000 : Infinity,
      });
    }
  }

  function moveLeaf(each: Watched): void {
    const running = each.gateway.running();
    if (running === null) return;
    each.isOpen = !each.isOpen;
    const now = time.nowMs();
    if (each.isOpen) {
      // Who has the door open is out: it may lock behind them.
      each.leaving = each.leaving.map((window) => ({ ...window, untilMs: Math.min(window.untilMs, now) }));
    }
    running.door.takeContact({ contact: each.isOpen ? 'open' : 'closed', isInitial: false });
    tell(each.isOpen ? 'opened' : 'closed');
  }

  function leave(each: Watched): void {
    const running = each.gateway.running();
    if (running === null) return;
    running.hardware.emit({
      type: 'card',
      reader: 'exit',
      card: dice.pick(PEOPLE).card,
      atMs: running.clock.monoMs(),
    });
    tell('exit');
  }

  function flood(each: Watched): void {
    for (let n = 0; n < 12; n++) presentCard(each);
    tell('flood of cards');
  }

  function bounce(each: Watched): void {
    for (let n = 0; n < 6; n++) moveLeaf(each);
    tell('contact bounced');
  }

  function changeOrders(): void {
    const members = [...office.newest().members];
    if (members.length > 2 && dice.chance(0.4)) {
      office.revoke(dice.pick(members));
      tell('revoked');
      return;
    }
    permits += 1;
    const person = dice.pick(PEOPLE);
    const fromHours = (time.nowMs() - START_MS) / HOUR_MS + dice.below(8) - 4;
    const cls = dice.pick(['staff', 'temp', 'temp', 'strict'] as const);
    office.issue(
      site.permit({
        jti: permitName(permits),
        sub: person.sub,
        cred: [site.handleOf(person.card)],
        cls,
        doors: dice.chance(0.8) ? GATEWAYS.map(({ door }) => door) : [GATEWAYS[0]?.door ?? ''],
        nbf: hoursIn(fromHours),
        exp: hoursIn(fromHours + 1 + dice.below(cls === 'staff' ? 24 * 20 : 60)),
        ...(dice.chance(0.3) && { uses: 1 + dice.below(3) }),
      }),
    );
    tell('issued');
  }

  /** A gateway asks for its orders; now and then somebody answers who should not. */
  async function fetchOrders(each: Watched): Promise<void> {
    const running = each.gateway.running();
    if (running === null || line.isDown()) return tell('orders withheld');
    const { policy, clock } = running;
    const current = policy.current();
    const have = current?.index.version ?? policy.known();
    const isWhole = current === null && have > 0;
    const nonce = `${'N'.repeat(12)}${String(dice.below(1e9)).padStart(10, '0')}`;
    const { v } = office.newest();
    const sentMonoMs = clock.monoMs();
    let snapshot = office.answer(each.gateway.id, have, nonce, time.nowMs(), { isWhole });
    const attack = isAtPeace ? -1 : dice.below(14);
    if (attack === 0 && v > 1)
      snapshot = office.answer(each.gateway.id, 0, nonce, time.nowMs(), {
        v: 1 + dice.below(v - 1),
      });
    if (attack === 1) snapshot = office.answer(each.gateway.id, have, `${'M'.repeat(22)}`, time.nowMs());
    if (attack === 2 && snapshot.body !== undefined) {
      snapshot = { ...snapshot, body: { ...snapshot.body, permits: snapshot.body.permits.slice(1) } };
    }
    // Only where it contradicts what is known: a first word from a server whose clock is wrong is believed.
    if (attack === 3 && clock.floorMs() > time.nowMs() - 10 * HOUR_MS)
      snapshot = office.answer(each.gateway.id, have, nonce, time.nowMs() - 20 * HOUR_MS);
    if (attack === 4) snapshot = office.answer('gw-lain', have, nonce, time.nowMs());
    try {
      const accepted = await time.during(() => policy.accept(snapshot, nonce));
      if (each.gateway.isCut()) return;
      tell(accepted.ok ? 'orders accepted' : `orders: ${accepted.error}`);
      if (accepted.ok) {
        const errorMs = (clock.monoMs() - sentMonoMs) / 2;
        clock.trustSigned({
          epochMs: accepted.value.t as never,
          monoMs: asMonoMs(sentMonoMs + errorMs),
          errorMs: errorMs + 2,
        });
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      tell(`orders: ${error.code}`);
    }
    noteRatchet(each);
  }

  function breakClock(each: Watched): void {
    const { machine } = each.gateway;
    const kind = dice.below(5);
    machine.isSynchronised = kind >= 3;
    machine.offsetMs =
      [-time.nowMs(), -HOUR_MS * dice.below(9000), HOUR_MS * dice.below(80_000), 0, 0][kind] ?? 0;
    const event = each.gateway.running()?.clock.check() ?? null;
    if (event !== null) tell(event.ty);
    tell(['clock at 1970', 'clock back', 'clock forward', 'clock right', 'clock right'][kind] ?? '');
  }

  async function breakDisk(each: Watched): Promise<void> {
    switch (dice.below(6)) {
      case 0:
        // Only what was not moved into the file itself yet can be forgotten.
        each.gateway.cut();
        return restart(each, 'end of the log lost', () => each.gateway.forget(dice.below(1000) / 1000));
      case 1:
        if (dice.chance(0.6)) return restart(each, 'old image put back', () => each.gateway.putImageBack());
        each.gateway.keepImage();
        return tell('image kept');
      case 2:
        return restart(each, 'bit turned', () => {
          each.isRotten = each.gateway.rot(dice.below(1000) / 1000);
          return each.isRotten;
        });
      case 3:
        each.isFull = !each.isFull;
        each.gateway.setFull(each.isFull);
        return tell(each.isFull ? 'disk full' : 'disk has room');
      case 4:
        if (each.gateway.running() === null) return;
        each.isDiskFailing = true;
        each.gateway.failDisk();
        return tell('disk fails');
      default:
        if (!each.isDiskFailing) return;
        await each.gateway.stop();
        return replaceDisk(each);
    }
  }

  /** What the program does each day: where a record is not what it was, the journal goes on in a new file. */
  async function lookThrough(each: Watched): Promise<void> {
    const journal = each.gateway.running()?.home.journal;
    if (journal === undefined || each.gateway.isCut()) return;
    for (let from: number | null = 0; from !== null;) {
      const seen = journal.verifySlice(from, 500);
      if ('damaged' in seen) {
        tell('rot found');
        await each.gateway.stop();
        return replaceDisk(each);
      }
      from = seen.next;
    }
  }

  async function replaceDisk(each: Watched): Promise<void> {
    each.isDiskFailing = false;
    each.isRotten = false;
    each.ratchets = [];
    const replaced = await whileTimePasses(each.gateway.replaceDisk());
    tell(replaced === true ? 'disk replaced' : `not replaced: ${replaced}`);
    noteRatchet(each);
  }

  async function disturbServer(): Promise<void> {
    switch (dice.below(4)) {
      case 0:
        await server.restart();
        return tell('server restarted');
      case 1:
        if (!dice.chance(0.3) || !(await server.restore(dice.below(2)))) return;
        isRestored = true;
        return tell('server restored');
      default:
        server.backUp();
        return tell('server backed up');
    }
  }

  async function step(): Promise<void> {
    const each = dice.pick(watched);
    if (each.gateway.isCut()) return restart(each, 'power cut');
    if (each.gateway.running() === null) return start(each);
    const draw = dice.below(100);
    if (draw < 34) presentCard(each);
    else if (draw < 44) moveLeaf(each);
    else if (draw < 50) leave(each);
    else if (draw < 52) flood(each);
    else if (draw < 54) bounce(each);
    else if (draw < 60) changeOrders();
    else if (draw < 76) await fetchOrders(each);
    else if (draw < 79) each.gateway.cut();
    else if (draw < 80) await restart(each, 'restarted');
    else if (draw < 86) await breakDisk(each);
    else if (draw < 89) breakClock(each);
    else if (draw < 93) tell(line.change());
    else if (draw < 96) await disturbServer();
    else if (draw < 97) await lookThrough(each);
    else each.gateway.running()?.home.journal.signHead();
  }

  /** Something that a fault of the disk may interrupt. */
  async function tryStep(): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      tell(`fault: ${error.code}`);
    }
  }

  function judgeNow(): void {
    for (const { gateway } of watched) {
      const running = gateway.running();
      if (running === null || gateway.isCut()) continue;
      const { journal } = running.home;
      const size = journal.acknowledgedSize();
      const head = journal.hashAt(size);
      violations.push(
        ...checkI6({ log: `${gateway.id}/${journal.epoch}`, size, head: head ?? '' }, head, serverHad),
      );
      if (running.clock.signedTime() === null) continue;
      const { lo, hi } = running.clock.interval();
      if (lo > time.nowMs() + 1 || hi < time.nowMs() - 1) {
        violations.push({ id: 'I10', where: gateway.id, what: 'signed time does not hold the true time' });
      }
    }
  }

  async function live(untilMs: number): Promise<void> {
    changeOrders();
    for (const each of watched) {
      await start(each);
      each.gateway.keepImage();
    }
    while (time.nowMs() < untilMs && violations.length === 0) {
      await tryStep();
      const isLong = dice.chance(0.03);
      await time.pass(isLong ? dice.below(20 * HOUR_MS) : dice.below(dice.chance(0.6) ? 8000 : 20 * 60_000));
      judgeNow();
    }
  }

  async function comeToRest(): Promise<void> {
    if (violations.length > 0) return;
    line.mend();
    isAtPeace = true;
    const restsByMs = time.nowMs() + 8 * HOUR_MS;
    for (const each of watched) {
      each.gateway.machine.offsetMs = 0;
      each.gateway.machine.isSynchronised = true;
      await each.gateway.stop();
      if (each.isDiskFailing) await replaceDisk(each);
      for (let attempt = 0; attempt < 5 && each.gateway.running() === null; attempt++) {
        await start(each);
        await time.pass(60_000);
      }
      each.gateway.setFull(false);
    }
    for (const each of watched) await lookThrough(each);
    // Twice: what a server put back from a backup lacks it learns with the next record.
    for (let turn = 0; turn < 2; turn++) {
      for (const each of watched) {
        each.gateway.running()?.home.journal.append([{ ty: 'door.closed', door: each.gateway.door }]);
        await fetchOrders(each);
      }
      do await time.pass(15 * 60_000);
      while (!isAllThere() && time.nowMs() < restsByMs);
    }
    await judgeAll();
  }

  const versionOf = ({ gateway }: Watched): number | null =>
    gateway.running()?.policy.current()?.index.version ?? null;

  const isAllThere = (): boolean =>
    watched.every(({ gateway }) => {
      const journal = gateway.running()?.home.journal;
      return (
        journal !== undefined &&
        journal.unreclaimedSize() === 0 &&
        journal.acknowledgedSize() === journal.size()
      );
    });

  async function judgeAll(): Promise<void> {
    const { db } = server.site;
    const rows = await db
      .selectFrom('journal_records')
      .selectAll()
      .orderBy('gateway_id')
      .orderBy('epoch')
      .orderBy('seq')
      .execute();
    const stored = new Set(
      rows.flatMap(({ leaf_hash: leaf, origin_hash: origin }) => (origin === null ? [leaf] : [leaf, origin])),
    );
    const logs = new Map<string, typeof rows>();
    for (const row of rows) {
      const log = `${row.gateway_id}/${row.epoch}`;
      logs.set(log, [...(logs.get(log) ?? []), row]);
    }
    const notes = await db.selectFrom('journal_checkpoints').selectAll().execute();
    for (const [log, records] of logs) {
      const texts = records.map(({ record }) => record);
      const hashes = records.map(({ leaf_hash: hash }) => hash);
      violations.push(...checkI3({ log, texts }), ...checkI15({ log, texts }), ...checkI10({ log, texts }));
      violations.push(...checkI5([{ log, size: hashes.length, head: hashes.at(-1) ?? '' }], gatewayHad));
      const own = notes.filter((note) => `${note.gateway_id}/${note.epoch}` === log);
      const checkpoints = own.flatMap(({ note }) => {
        const parsed = parseSignedCheckpoint(utf8(note));
        return parsed.ok
          ? [
              {
                size: parsed.value.checkpoint.size,
                root: Buffer.from(parsed.value.checkpoint.root).toString('base64url'),
              },
            ]
          : [];
      });
      violations.push(...checkI4({ log, leafHashes: hashes, checkpoints }));
      const cosignedSize = Math.max(
        0,
        ...own.filter(({ is_cosigned: is }) => is === 1).map(({ size }) => size),
      );
      violations.push(...checkL3([{ log, size: hashes.length, cosignedSize }]));
    }
    const canaries = [...PEOPLE.flatMap(({ sub, card }) => [sub, site.handleOf(card)]), permitName(1)];
    violations.push(
      ...checkI12(
        canaries,
        rows.map(({ record, seq }) => [`record ${seq}`, record] as const),
      ),
    );
    for (const each of watched) {
      const { gateway } = each;
      const running = gateway.running();
      if (running === null) {
        violations.push({ id: 'L1', where: gateway.id, what: 'it does not start any more' });
        continue;
      }
      const records = readRecords(gateway.journalDir());
      const kept = new Map(records.map(({ telling, place }) => [telling, `${gateway.id} ${place}`]));
      violations.push(...checkI2({ kept, stored, gone: [], told: null }));
      const doneMs = isAllThere() ? time.nowMs() : null;
      violations.push(
        ...checkL1([{ where: gateway.id, sinceMs: time.nowMs() - 1, doneMs }], time.nowMs() + HOUR_MS, 1000),
      );
      violations.push(...checkL2(office.newest().v, [{ where: gateway.id, v: versionOf(each) }]));
      violations.push(
        ...checkI14(readFileView(gateway.journalDir(), `${gateway.id}/${running.home.journal.epoch}`)),
      );
      violations.push(...checkI1(each.steps), ...checkI7(gateway.id, each.ratchets));
      violations.push(...checkI13({ door: gateway.door, commands: each.commands, leaving: each.leaving }));
      trace.update(`${records.length} ${running.home.journal.epoch};`);
      count('records', records.length);
      count('reclaimed', records.filter(({ ty }) => ty === 'journal.reclaimed').length);
    }
    violations.push(...checkI8(grants), ...checkI9(revocations));
    if (isRestored) count('worlds with a restored server');
  }

  return {
    live,
    comeToRest,
    outcome: (): SeedOutcome => ({ seed, counts: counts as Counts, violations, trace: trace.digest('hex') }),
    close: async () => {
      for (const { gateway } of watched) {
        line.mend();
        await gateway.stop();
      }
    },
  };
}

/** The line between gateways and server, and what happens on it. */
function createLine(dice: Dice, time: VirtualTime, count: (name: string) => void) {
  let state: 'good' | 'bad' | 'down' = 'good';
  const away = (): Fault => new Fault('server-unreachable', { retryable: true });
  return {
    isDown: () => state === 'down',
    mend: () => {
      state = 'good';
    },
    change: (): string => {
      state = dice.pick(['good', 'good', 'bad', 'down'] as const);
      return `line ${state}`;
    },
    ask: async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
      if (state === 'down' || signal.aborted) throw away();
      const isBad = state === 'bad';
      if (isBad && dice.chance(0.3)) {
        count('request lost');
        throw away();
      }
      if (isBad && dice.chance(0.2)) {
        // The gateway gives up, and the server gets it all the same, later.
        count('request late');
        void time
          .sleepUntil(time.nowMs() + dice.below(600_000))
          .then(() => time.during(work))
          .catch(() => undefined);
        throw away();
      }
      if (isBad) await time.sleepUntil(time.nowMs() + dice.below(20_000), signal);
      const answers = isBad && dice.chance(0.3) ? [work, work] : [work];
      if (answers.length > 1) count('request doubled');
      const [answer] = await time.during(() => Promise.all(answers.map((each) => each())));
      if (isBad && dice.chance(0.3)) {
        count('answer lost');
        throw away();
      }
      if (answer === undefined) throw away();
      return answer;
    },
  };
}
