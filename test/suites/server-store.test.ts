import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '#contract/bytes';
import { parseSignedCheckpoint, verifyCheckpoint } from '#contract/checkpoint';
import { leafHash, rootOfLeaves } from '#contract/merkle';
import { NO_PREVIOUS_HASH, recordHash, siteLogOrigin, siteNoteKey } from '#contract/record';
import { rootHash, roleKey } from '#contract/root-document';
import { err } from '#contract/result';
import { decodeSiteLogRecord } from '#contract/site-log';
import { openSite } from '../../server/procedure/open-site.ts';
import { approveRequest } from '../../server/procedure/request-steps.ts';
import { sha256, verifyEd25519 } from '../../server/signing/node-crypto.ts';
import { inTransaction, openDatabase } from '../../server/store/database.ts';
import { moveRequest } from '../../server/store/requests.ts';
import { appendSiteLog, loadSiteCheckpoints, loadSiteRecords } from '../../server/store/site-log.ts';
import { siteLogPort } from '../../server/procedure/site.ts';
import {
  bodyOf,
  createFakeRandom,
  enrolFakeGateway,
  openTestServer,
  openVisitor,
  SITE_ID,
  wish,
  type TestServer,
} from './server-harness.ts';

describe('store', () => {
  let server: TestServer;

  beforeEach(async () => {
    server = await openTestServer();
  });
  afterEach(() => server.close());

  it('SS1: a database of another kind is refused by name, without its address', async () => {
    await expect(openDatabase('mysql://user:secret@host/db')).rejects.toThrow(/^database-url-unknown$/);
  });

  it('SS2: a step from a state that is over changes nothing', async () => {
    const { client, person } = await openVisitor(server);
    const { id } = await bodyOf<{ id: string }>(client.post('requests', wish(server)));
    const step = { step: 'rejected' as const, at: 1, byId: person.id, reason: 'x', method: null };
    expect(await moveRequest(server.site.db, id, 'draft', 'rejected', step)).toBe(false);
    expect(await bodyOf(client.get(`requests/${id}`))).toMatchObject({ state: 'submitted', reason: null });
    expect(await moveRequest(server.site.db, id, 'submitted', 'rejected', step)).toBe(true);
    expect(await moveRequest(server.site.db, id, 'submitted', 'approved', step)).toBe(false);
  });

  it('SS4: the site log is dense, linked and signed at every size it had', async () => {
    const admin = await server.signIn('admin', ['administrator']);
    await openVisitor(server);
    const gateway = await enrolFakeGateway(server, admin);
    await gateway.upload(gateway.batch(0));
    const records = await loadSiteRecords(server.site.db);
    let previous = NO_PREVIOUS_HASH;
    for (const [sq, bytes] of records.entries()) {
      const record = decodeSiteLogRecord(bytes);
      if (!record.ok) throw new Error(record.error);
      expect(record.value).toMatchObject({ sq, ph: previous, site: SITE_ID });
      previous = recordHash(sha256, bytes);
    }
    const first = decodeSiteLogRecord(records[0] ?? utf8(''));
    expect(first.ok && first.value).toMatchObject({
      ty: 'site.opened',
      x: { root: rootHash(sha256, server.site.rootChain[0].root) },
    });

    const key = roleKey(server.site.rootChain[0].root, 'log', 'log-1');
    if (key === null) throw new Error('no key');
    const notes = await loadSiteCheckpoints(server.site.db);
    const ports = { sha256, verify: verifyEd25519 };
    let size = 0;
    for (const text of notes) {
      const note = parseSignedCheckpoint(utf8(text));
      if (!note.ok) throw new Error(note.error);
      const checked = await verifyCheckpoint(
        ports,
        note.value,
        siteNoteKey(SITE_ID, key),
        siteLogOrigin(SITE_ID),
      );
      if (!checked.ok) throw new Error(checked.error);
      expect(checked.value.size).toBeGreaterThan(size);
      size = checked.value.size;
      const leaves = records.slice(0, size).map((bytes) => leafHash(sha256, bytes));
      expect(checked.value.root).toEqual(rootOfLeaves(sha256, leaves));
    }
    expect(size).toBe(records.length);
  });

  it('SS4: what fails half-way leaves nothing: no decision, no record, no signature', async () => {
    const { client } = await openVisitor(server);
    const supervisor = await server.person('atasan', ['supervisor']);
    const { id } = await bodyOf<{ id: string }>(client.post('requests', wish(server)));
    const before = await loadSiteRecords(server.site.db);
    const refusing = {
      ...server.site.signer,
      signPermit: () => Promise.resolve(err('approval-missing' as const)),
    };
    await expect(approveRequest({ ...server.site, signer: refusing }, supervisor, id)).rejects.toThrow(
      'permit-refused-by-issuer',
    );
    expect(await loadSiteRecords(server.site.db)).toEqual(before);
    expect(await bodyOf(client.get(`requests/${id}`))).toMatchObject({ state: 'submitted', permitId: null });
    expect((await approveRequest(server.site, supervisor, id)).ok).toBe(true);
  });

  it('SS4: two that append at once follow each other', async () => {
    const port = siteLogPort(server.site);
    const append = () =>
      inTransaction(server.site.db, (trx) =>
        appendSiteLog(trx, port, [{ ty: 'permit.revoked', x: { h: NO_PREVIOUS_HASH } }], 1),
      );
    const before = (await loadSiteRecords(server.site.db)).length;
    expect((await Promise.all([append(), append(), append()])).sort((a, b) => a - b)).toEqual([
      before,
      before + 1,
      before + 2,
    ]);
  });

  it('SU1: new keys beside an old database are refused', async () => {
    const reopen = (keysDir: string) =>
      openSite({
        id: SITE_ID,
        timeZone: 'Asia/Jakarta',
        databaseUrl: server.databaseUrl,
        keysDir,
        clock: server.clock,
        random: createFakeRandom('another'),
        log: server.site.log,
      });
    await expect(reopen(join(server.dir, 'new-keys'))).rejects.toThrow('keys-do-not-fit-database');
    const again = await reopen(join(server.dir, 'keys'));
    expect(again.rootChain).toEqual(server.site.rootChain);
    await again.db.destroy();
  });
});
