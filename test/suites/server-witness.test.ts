import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyBundle } from '#contract/bundle';
import { BUNDLE_PATHS } from '#contract/bundle-format';
import { checkWitness } from '#contract/bundle-witness';
import { encodeBase64 } from '#contract/bytes';
import { consistencyProof, leafHash } from '#contract/merkle';
import {
  encodeWitnessKey,
  encodeWitnessRequest,
  parseWitnessKey,
  parseWitnessRequest,
} from '#contract/witness';
import { openWitness, type Witness } from '../../deploy/cli/witness-command.ts';
import { askWitnesses, type WitnessSizes } from '../../server/audit/ask-witnesses.ts';
import { exportEvidence } from '../../server/audit/evidence-desk.ts';
import { siteLogPort } from '../../server/procedure/site.ts';
import { assertionPorts, hmacSha256, sha256 } from '../../server/signing/node-crypto.ts';
import { inTransaction } from '../../server/store/database.ts';
import { appendSiteLog, loadSiteCheckpoints, loadSiteRecords } from '../../server/store/site-log.ts';
import { openSecondVerifier, whyNoPython } from '../verifier/second-verifier.ts';
import { openTestServer, type TestServer } from './server-harness.ts';

const NAME = 'inspektorat.example/w1';
const HASH = 'C'.repeat(43);

let server: TestServer;
let witness: Witness;
let url: string;
let sizes: WitnessSizes;

const bundle = async (): Promise<ReadonlyMap<string, Uint8Array>> =>
  (await exportEvidence(server.site, 'test', { from: null, until: null })).files;

async function startWitness(dir = 'witness', name = NAME): Promise<Witness> {
  return openWitness({
    dir: join(server.dir, dir),
    name,
    rootFile: (await bundle()).get(BUNDLE_PATHS.root)!,
    host: '127.0.0.1',
    port: 0,
    nowSeconds: () => 1_773_298_800,
  });
}

beforeEach(async () => {
  server = await openTestServer();
  witness = await startWitness();
  url = `http://127.0.0.1:${witness.port}`;
  sizes = new Map();
});
afterEach(async () => {
  await witness.close();
  await server.close();
});

const grow = (h = HASH): Promise<number> =>
  inTransaction(server.site.db, (trx) =>
    appendSiteLog(trx, siteLogPort(server.site), [{ ty: 'rules.changed', x: { h } }], server.clock.epochMs()),
  );
const ask = (): Promise<void> => askWitnesses(server.site, [url], sizes);
const errors = (): readonly string[] =>
  server.logged.filter(({ level }) => level === 'error').map(({ words }) => words);
const post = (body: string): Promise<Response> => fetch(`${url}/add-checkpoint`, { method: 'POST', body });

describe('a witness at another body', () => {
  it('SA42, C57: signs head after head over HTTP, and its signature is in the bundle, which verifies as before', async () => {
    await grow();
    await ask();
    await grow();
    await grow();
    await ask();
    await ask();
    expect(errors()).toEqual([]);
    const files = await bundle();
    const size = (await loadSiteRecords(server.site.db)).length;
    expect(await checkWitness(assertionPorts, files, witness.key)).toEqual({
      ok: true,
      value: { name: NAME, size, atSeconds: 1_773_298_800 },
    });
    const verdict = await verifyBundle(files, { ...assertionPorts, hmac: hmacSha256 });
    expect(verdict.ok).toBe(true);
    const other = { ...witness.key, publicKey: sha256(witness.key.publicKey) };
    expect(await checkWitness(assertionPorts, files, other)).toMatchObject({
      ok: false,
      error: { file: BUNDLE_PATHS.siteCheckpoints },
    });
    expect(await checkWitness(assertionPorts, files, { ...witness.key, name: 'nobody' })).toMatchObject({
      ok: false,
      error: { reason: 'unsigned' },
    });
  });

  it.skipIf(whyNoPython() !== null)(
    'C31: the second verifier passes the lines of witnesses over',
    async () => {
      await ask();
      const files = await bundle();
      const second = openSecondVerifier(files);
      expect(await second.verify(files)).toMatchObject({ ok: true });
      await second.close();
    },
  );

  it('C56, DC63: a history that was written anew gets no signature, after a restart of the witness neither', async () => {
    const { db } = server.site;
    const before = await db.selectFrom('site_log').selectAll().executeTakeFirstOrThrow();
    await grow();
    await grow();
    await ask();
    // Put back, and gone on otherwise: with the right keys, so that the new history is whole by itself.
    await db.deleteFrom('site_records').where('seq', '>=', before.size).execute();
    await db.deleteFrom('site_checkpoints').where('size', '>', before.size).execute();
    await db.updateTable('site_log').set(before).execute();
    await grow('D'.repeat(43));
    await witness.close();
    witness = await startWitness();
    url = `http://127.0.0.1:${witness.port}`;
    await ask();
    expect(errors()).toEqual(['a witness does not sign the site log']);
    await grow('D'.repeat(43));
    await grow('D'.repeat(43));
    await ask();
    expect(errors()).toHaveLength(2);
    const verdict = await verifyBundle(await bundle(), { ...assertionPorts, hmac: hmacSha256 });
    expect(verdict.ok).toBe(true);
    expect(await checkWitness(assertionPorts, await bundle(), witness.key)).toMatchObject({ ok: false });
  });

  it('C56: every bit of a proof counts, and so do the size, the log and the key', async () => {
    await grow();
    await ask();
    const old = (await loadSiteRecords(server.site.db)).length;
    await grow();
    await grow();
    const leaves = (await loadSiteRecords(server.site.db)).map((bytes) => leafHash(sha256, bytes));
    const note = (await loadSiteCheckpoints(server.site.db)).at(-1)!;
    const proof = consistencyProof(sha256, leaves, old);
    const request = { oldSize: old, proof, note };
    const status = async (changed: Partial<typeof request>): Promise<number> =>
      (await post(encodeWitnessRequest({ ...request, ...changed }))).status;
    for (const [index, hash] of proof.entries()) {
      const bent = Uint8Array.from(hash, (byte, at) => (at === 31 ? byte ^ 1 : byte));
      expect(await status({ proof: proof.with(index, bent) })).toBe(422);
      expect(await status({ proof: proof.toSpliced(index, 1) })).toBe(422);
    }
    expect(await status({ proof: [...proof, sha256(proof[0]!)] })).toBe(422);
    expect(await status({ oldSize: old + 1 })).toBe(409);
    expect(await status({ oldSize: 0, proof: [] })).toBe(409);
    expect(await (await post(encodeWitnessRequest({ ...request, oldSize: 0 }))).text()).toBe(`${old}\n`);
    expect(await status({ note: note.replace('site-log\n', 'site-loh\n') })).toBe(403);
    const root = note.split('\n')[2]!;
    expect(await status({ note: note.replace(root, encodeBase64(sha256(leaves[0]!))) })).toBe(403);
    for (const body of [
      '',
      'old 1\n',
      `old x\n\n${note}`,
      `old ${old}\nAAAA\n\n${note}`,
      'x'.repeat(20_000),
    ]) {
      expect([400, 413]).toContain((await post(body)).status);
    }
    expect((await fetch(`${url}/anything`)).status).toBe(404);
    // And the genuine one is taken, twice the same.
    expect(await status({})).toBe(200);
    expect(await status({})).toBe(409);
  });

  it('SA42: a witness that is away, or answers with anything else, holds up nothing', async () => {
    await grow();
    await witness.close();
    await ask();
    const line = `\u2014 ${server.site.id}/site-log AAAAAAAA\n`;
    for (const text of [line, 'yes\n', '']) {
      const strange = () => Promise.resolve(new Response(text, { status: 200 }));
      await askWitnesses(server.site, [url], new Map(), strange);
    }
    expect(errors()).toEqual(
      Array.from({ length: 3 }, () => 'a witness answers with something else than a signature'),
    );
    const verdict = await verifyBundle(await bundle(), { ...assertionPorts, hmac: hmacSha256 });
    expect(verdict.ok).toBe(true);
    witness = await startWitness();
  });

  it('DC63: a witness has one key and one name, hands out the public half, and no other may be given to it', async () => {
    const text = await (await fetch(url)).text();
    expect(text).toBe(encodeWitnessKey(witness.key));
    expect(parseWitnessKey(text)).toEqual(witness.key);
    expect(parseWitnessKey(text.replace('/1 ', '/2 '))).toBeNull();
    await witness.close();
    await expect(startWitness('witness', 'another.example/w1')).rejects.toThrow('this witness is called');
    await expect(startWitness('other', 'Not A Name')).rejects.toThrow('--name');
    witness = await startWitness();
    expect(encodeWitnessKey(witness.key)).toBe(text);
    expect(readFileSync(join(server.dir, 'witness', 'witness-key.json'), 'utf8')).toContain(NAME);
    expect(
      parseWitnessRequest(encodeWitnessRequest({ oldSize: 3, proof: [sha256(new Uint8Array())], note: 'n' })),
    ).toEqual({
      oldSize: 3,
      proof: [sha256(new Uint8Array())],
      note: 'n',
    });
  });
});
