import { join } from 'node:path';
import { asEpochMs, type Clock } from '#contract/clock';
import type { CommandClaims } from '#contract/command';
import { Fault } from '#contract/result';
import { openDoorHardware } from '../../firmware-bridge/bridge.ts';
import {
  openSimulatedDoor,
  type LockEdge,
  type SimulatedDoor,
} from '../../firmware-bridge/simulator/simulated-door.ts';
import type { DoorConfig } from '../../gateway/config.ts';
import { openJournal, type Journal } from '../../gateway/journal/journal.ts';
import { createCommandBook } from '../../gateway/loop/command-book.ts';
import { openDoorLoop, type DoorLoop } from '../../gateway/loop/door-loop.ts';
import { createPolicyStore, type PolicyStore } from '../../gateway/permits/policy-store.ts';
import { openSnapshotFiles } from '../../gateway/permits/snapshot-files.ts';
import { replayPresence } from '../../gateway/presence/replay-presence.ts';
import type { PublishedDoor } from '../../gateway/sensors/door-publisher.ts';
import { createWiredContact } from '../../gateway/sensors/wired-contact.ts';
import { openMemoryWorld, type MemoryWorld } from './firmware-world.ts';
import {
  DOOR,
  GATEWAY,
  NONCE,
  SITE,
  START_MS,
  createSeededRandom,
  makeFolder,
  silentLog,
  type TestSite,
} from './gateway-world.ts';

/** One record as the journal holds it. */
export interface Written {
  readonly sq: number;
  readonly ty: string;
  readonly rs?: string;
  readonly c?: Record<string, string>;
  readonly x: Record<string, unknown>;
}

/** Length of a pulse at the bench. */
export const RELEASE_MS = 3000;

const WIRED_CONTACT = { reader: 'panel', input: 1, closedWhen: 'active' } as const;

/**
 * A door loop on the real drivers and a simulated door, joined by bytes in memory, in a time that moves only when
 * told. The contact is wired to the panel; restarts keep the folder and the door.
 */
export class DoorBench {
  readonly folder = makeFolder();
  readonly published: PublishedDoor[] = [];
  isNeighbourShut = true;
  isDiskFull = false;
  /** How much older the orders are than the bench. */
  ordersAgeMs = 0;
  journal!: Journal;
  door!: DoorLoop;
  /** Leads an order to the door, once. */
  obey!: (command: CommandClaims) => string;
  /** Time stands still for a program that was killed. */
  private isKilled = false;
  private orders = 0;
  private readonly world: MemoryWorld;
  readonly simulated: SimulatedDoor;
  private readonly site: TestSite;
  private readonly body: ReturnType<TestSite['policy']>;
  private readonly clock: Clock;

  private constructor(
    world: MemoryWorld,
    simulated: SimulatedDoor,
    site: TestSite,
    body: ReturnType<TestSite['policy']>,
  ) {
    this.world = world;
    this.simulated = simulated;
    this.site = site;
    this.body = body;
    const { clock: machine } = world;
    this.clock = {
      ...machine,
      epochMs: () => asEpochMs(START_MS + machine.monoMs()),
      interval: () => ({ lo: asEpochMs(START_MS + machine.monoMs()), hi: START_MS + machine.monoMs() }),
      sleepUntil: async (at, signal) => {
        await machine.sleepUntil(at, signal);
        if (this.isKilled) await new Promise(() => undefined);
      },
    };
  }

  /** Opens a bench whose gateway has these orders, with its door closed. */
  static async open(site: TestSite, body: ReturnType<TestSite['policy']>): Promise<DoorBench> {
    const world = await openMemoryWorld();
    const { clock, openPort } = world;
    const simulated = await openSimulatedDoor({ clock, openPort, linksDir: 'unused' });
    const bench = new DoorBench(world, simulated, site, body);
    await bench.start();
    return bench;
  }

  async start(config: Partial<DoorConfig> = {}): Promise<void> {
    const { clock, site } = this;
    const timeFloor = () => asEpochMs(START_MS);
    const random = createSeededRandom(`bench ${clock.monoMs()}`);
    const journal = openJournal(
      this.folder.path,
      { site: SITE, gateway: GATEWAY, epoch: 1, signer: site.gateway },
      { clock, random, timeFloor },
    );
    this.journal = journal;
    journal.beginBoot('1');
    const files = openSnapshotFiles(join(this.folder.path, 'policy'));
    const policy: PolicyStore = createPolicyStore({ trust: site.trust, files, journal, timeFloor });
    await policy.accept(site.snapshot(this.body, { nonce: NONCE }), NONCE);
    const { entry, exit, panel } = this.simulated.ports;
    const readers = {
      entry: { protocol: 'rdm6300', port: entry },
      exit: { protocol: 'rdm6300', port: exit },
      panel: { protocol: 'line', port: panel },
    } as const;
    const lock = { driver: 'line', reader: 'panel', output: 0, releaseMs: RELEASE_MS } as const;
    const { openLink } = this.world;
    const hardware = openDoorHardware({ doorId: DOOR, readers, lock }, clock, { openLink });
    this.published.length = 0;
    const door = openDoorLoop(
      {
        id: DOOR,
        readers,
        lock,
        exitButton: { reader: 'panel', input: 0 },
        heldOpenMs: 10_000,
        presence: { antiPassback: 'soft', forgiveMs: 43_200_000, overstayGraceMs: 900_000 },
        ...config,
      },
      replayPresence(DOOR, journal.readPassages(1000)),
      {
        hardware,
        journal: {
          ...journal,
          append: (...record) => {
            if (this.isDiskFull) throw new Fault('journal-full', { retryable: true });
            return journal.append(...record);
          },
        },
        orders: journal,
        isNeighbourShut: () => this.isNeighbourShut,
        policy: () => {
          const orders = policy.current();
          return orders && { ...orders, asOf: asEpochMs(orders.asOf - this.ordersAgeMs) };
        },
        clock,
        pepper: site.pepper,
        siteId: SITE,
        publishState: (state) => this.published.push(state),
        crashPoint: () => undefined,
        log: silentLog,
      },
    );
    this.door = door;
    const contact = createWiredContact(WIRED_CONTACT);
    hardware.onEvent((event) => {
      const reading = contact.take(event);
      if (reading !== null) door.takeContact(reading);
    });
    this.obey = createCommandBook(journal.readOrders(), new Map([[DOOR, door]]));
    await this.world.until('the door stands', () => this.shown().contact !== 'unknown');
    await this.pass(500);
  }

  private async stop(): Promise<void> {
    this.isKilled = false;
    const closing = this.door.close();
    await this.pass(5000);
    await closing;
    this.journal.close();
  }

  /** Ends the program in order and starts it anew. @param between what happens to the door while it is down */
  async restart(between: () => void = () => undefined, config: Partial<DoorConfig> = {}): Promise<void> {
    await this.stop();
    between();
    await this.pass(1000);
    await this.start(config);
  }

  /** The program does nothing any more; the door controller lives on. */
  kill(): void {
    this.isKilled = true;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.simulated.close();
    await this.world.close();
    this.folder.remove();
  }

  pass(ms: number): Promise<void> {
    return this.world.clock.advance(ms);
  }

  /** Lays a card (`em:...`) on a reader and waits until it was read and answered. */
  async present(reader: 'entry' | 'exit', card: string): Promise<void> {
    this.simulated.presentCard(reader, card.slice('em:'.length));
    await this.pass(700);
  }

  order(act: CommandClaims['act'], changes: Partial<CommandClaims> = {}): CommandClaims {
    this.orders += 1;
    const id = `cm_${String(this.orders).padStart(22, '0')}`;
    return this.site.command({ act, nonce: NONCE, id, ...changes });
  }

  /** What is told of the door now. */
  shown(): Partial<PublishedDoor> {
    return this.published.at(-1) ?? { contact: 'unknown' };
  }

  recordsFrom(from: number): readonly Written[] {
    return (this.journal.readBatch(from)?.entries ?? []).map((entry) => JSON.parse(entry) as Written);
  }

  /** What was recorded, without what lock and readers say of themselves. */
  typesFrom(from: number): readonly string[] {
    return this.recordsFrom(from)
      .filter(({ ty }) => !ty.startsWith('lock.') && !ty.startsWith('reader.'))
      .map(({ ty, rs }) => (rs === undefined ? ty : `${ty} ${rs}`));
  }

  /** Every edge of the relay so far. */
  edges(): readonly LockEdge[] {
    return this.simulated.lockLine();
  }

  isReleased(): boolean {
    return this.simulated.state().lock === 'released';
  }
}
