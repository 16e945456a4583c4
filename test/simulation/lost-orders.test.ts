import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJournal, type Journal } from '../../gateway/journal/journal.ts';
import { createSigner } from '../../gateway/crypto-ports.ts';
import { createPolicyStore, type PolicyStore } from '../../gateway/permits/policy-store.ts';
import { openSnapshotFiles } from '../../gateway/permits/snapshot-files.ts';
import { policySnapshot } from '../../server/procedure/policy-snapshot.ts';
import { findGateway } from '../../server/store/gateways.ts';
import {
  CARD,
  createFakeClock,
  createSeededRandom,
  DOOR,
  GATEWAY,
  makeFolder,
  NONCE,
  SARI,
  SITE,
  START_MS,
  TestSite,
} from '../suites/gateway-world.ts';
import { createPolicyOffice, permitName } from './policy-office.ts';
import { createVirtualTime } from './virtual-time.ts';
import { makeServerTemplate, makeWorldFolder, openWorldServer } from './world-server.ts';

const site = new TestSite();
const clock = createFakeClock();

let folder: ReturnType<typeof makeFolder>;
let journal: Journal;

const openStore = (): PolicyStore =>
  createPolicyStore({
    trust: site.trust,
    files: openSnapshotFiles(join(folder.path, 'policy')),
    journal,
    timeFloor: () => clock.floorMs(),
  });

beforeEach(() => {
  folder = makeFolder();
  journal = openJournal(
    folder.path,
    { site: SITE, gateway: GATEWAY, epoch: 1, signer: site.gateway },
    { clock, random: createSeededRandom('lost'), timeFloor: () => clock.floorMs() },
  );
  journal.beginBoot('1');
});
afterEach(() => {
  journal.close();
  folder.remove();
});

describe('orders that are lost', () => {
  it('SM17: without its orders a gateway still knows how new they were, and takes what leads on from there', async () => {
    const office = createPolicyOffice(site, [{ cred: site.handleOf(CARD), sub: SARI, st: 'active' }]);
    const issue = (n: number): void =>
      office.issue(site.permit({ jti: permitName(n), cred: [site.handleOf(CARD)] }));
    issue(1);
    expect((await openStore().accept(office.answer(GATEWAY, 0, NONCE, START_MS), NONCE)).ok).toBe(true);
    rmSync(join(folder.path, 'policy'), { recursive: true });
    issue(2);
    issue(3);
    const store = openStore();
    await store.load();
    expect(store.current()).toBeNull();
    expect(store.known()).toBe(2);
    const unconnected = await store.accept(office.answer(GATEWAY, 0, NONCE, START_MS), NONCE);
    expect(unconnected).toEqual({ ok: false, error: 'chain-broken' });
    const led = office.answer(GATEWAY, store.known(), NONCE, START_MS, { isWhole: true });
    expect((await store.accept(led, NONCE)).ok).toBe(true);
    expect(store.current()?.index.version).toBe(4);
  });

  it('SM17: the server gives the whole of the version that a gateway says it knows', async () => {
    const time = createVirtualTime(START_MS);
    const signer = createSigner(new Uint8Array(32).fill(7));
    const template = await makeServerTemplate(time, [{ id: GATEWAY, door: DOOR, signer }]);
    const dir = makeWorldFolder();
    const server = await openWorldServer(template, join(dir, 'server'), time, 1);
    const gateway = await findGateway(server.site.db, GATEWAY);
    if (gateway === null) throw new Error('the gateway is enrolled');
    const ask = (have: number, isWhole: boolean) =>
      policySnapshot(server.site, gateway, { have, root: 1, isWhole, nonce: NONCE });
    expect((await ask(0, false)).body).toBeDefined();
    expect((await ask(1, false)).body).toBeUndefined();
    expect((await ask(1, true)).body).toBeDefined();
    await server.close();
    for (const each of [dir, template]) rmSync(each, { recursive: true, force: true });
  });
});
