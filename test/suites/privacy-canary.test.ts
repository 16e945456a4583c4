import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccessRequest, Me } from '#contract/api';
import { utf8 } from '#contract/bytes';
import type { MqttLink } from '../../gateway/sensors/mqtt-link.ts';
import { createDoorPublisher } from '../../gateway/sensors/door-publisher.ts';
import { createSigner } from '../../gateway/crypto-ports.ts';
import { openJournal } from '../../gateway/journal/journal.ts';
import { exportEvidence } from '../../server/audit/evidence-desk.ts';
import { sha256 } from '../../server/signing/node-crypto.ts';
import {
  bodyOf,
  DOOR,
  enrolFakeGateway,
  GATEWAY,
  openTestServer,
  PASSWORD,
  SITE_ID,
  wish,
  type TestServer,
} from './server-harness.ts';

/** Values that occur nowhere else; whoever finds one of them knows where it leaked. */
const CANARIES = {
  name: 'Kenarimas Burungsari',
  organisation: 'Dinas Sangkar Kenari',
  email: 'kenarimas@sangkar.example',
  employee: '198503122010011777',
  identity: '3171011203859999',
  unit: 'Seksi Kicau Kenari',
  card: '6F00CA4A71',
  pin: '582946',
  duress: '917350',
  password: 'kata-sandi-kenarimas-9',
  description: 'Mengganti kipas, hubungi 0811-7777-4321',
} as const;

/** The ways in which bytes may carry a text: as it is, and in the encodings that our documents use. */
const formsOf = (text: string): readonly string[] => [
  text,
  Buffer.from(text).toString('base64').replace(/=+$/, ''),
  Buffer.from(text).toString('hex'),
  JSON.stringify(text).slice(1, -1),
];

/** A JWS shows nothing of itself until its parts are read. */
const opened = (text: string): string =>
  text.replaceAll(/[A-Za-z0-9_-]{40,}/g, (part) => `${part} ${Buffer.from(part, 'base64url').toString()}`);

describe('personal values stay where they belong', () => {
  let server: TestServer;

  beforeEach(async () => {
    server = await openTestServer();
  });
  afterEach(() => server.close());

  it('SH43: no personal value occurs in leaves, permits, site log, log lines, MQTT payloads or error bodies (I12)', async () => {
    const seen = new Map<string, string[]>();
    const look = (where: string, text: string): void => {
      seen.set(where, [...(seen.get(where) ?? []), opened(text)]);
    };
    const admin = await server.signIn('admin', ['administrator']);
    const supervisor = await server.signIn('atasan', ['supervisor']);
    const auditor = await server.signIn('auditor', ['auditor']);
    const gateway = await enrolFakeGateway(server, admin, 'gateway');

    const entered = await admin.post('people', {
      name: CANARIES.name,
      organisation: CANARIES.organisation,
      username: 'burung',
      password: CANARIES.password,
      roles: ['technician'],
    });
    expect(entered.status).toBe(201);
    const { id } = await bodyOf<Me>(entered);
    const profiled = await admin.send('PUT', `people/${id}/profile`, {
      kind: 'staff',
      unit: CANARIES.unit,
      position: null,
      employeeNumber: CANARIES.employee,
      email: CANARIES.email,
      basis: null,
      rightsEndAt: null,
      identity: { kind: 'ktp', number: CANARIES.identity },
    });
    expect(profiled.status).toBe(200);
    expect((await admin.post('credentials', { personId: id, card: `em:${CANARIES.card}` })).status).toBe(201);
    const signedIn = await server
      .client()
      .post('session', { username: 'burung', password: CANARIES.password });
    const burung = server.client(signedIn.headers.get('set-cookie')?.split(';')[0] ?? '');
    expect((await burung.post('me/pin', { pin: CANARIES.pin, duress: CANARIES.duress })).status).toBe(200);
    const filed = await bodyOf<AccessRequest>(
      burung.post('requests', wish(server, { description: CANARIES.description })),
    );
    const approved = await bodyOf<AccessRequest>(supervisor.post(`requests/${filed.id}/approve`));
    expect(approved.permitId).not.toBeNull();

    // The gateway's own journal and publisher, fed as the door feeds them.
    const { clock, random } = server;
    const identity = {
      site: SITE_ID,
      gateway: GATEWAY,
      epoch: gateway.epoch,
      signer: createSigner(sha256(utf8('gateway'))),
    };
    const journal = openJournal(join(server.dir, 'journal'), identity, {
      clock,
      random,
      timeFloor: () => clock.epochMs(),
    });
    const link: MqttLink = {
      subscribe: () => undefined,
      publish: (topic, payload) => look('mqtt', `${topic} ${payload}`),
      close: () => Promise.resolve(),
    };
    const publisher = createDoorPublisher(link, SITE_ID);
    const { handle } = await server.site.db
      .selectFrom('credentials')
      .select('handle')
      .where('person_id', '=', id)
      .executeTakeFirstOrThrow();
    const c = { sub: id, cred: handle, pm: approved.permitId ?? '' };
    const records = [
      ...journal.beginBoot('1.2.3'),
      ...journal.append([{ ty: 'access.granted', door: DOOR, dir: 'in', c, x: { checked: ['a'] } }]),
      ...journal.append([{ ty: 'access.denied', door: DOOR, rs: 'wrong-pin', c, x: { checked: ['a'] } }]),
      ...journal.append([{ ty: 'access.duress', door: DOOR, c }]),
    ];
    for (const record of records) publisher.publishEvent(record);
    publisher.publishState(DOOR, {
      lock: 'secured',
      contact: 'closed',
      alarm: 'none',
      occupancy: 1,
      unsure: 0,
      lockdown: false,
      holdOpen: false,
      fire: false,
      clock: 3,
      at: clock.epochMs(),
    });
    const batch = journal.readBatch(0);
    if (batch === null) throw new Error('nothing to upload');
    const { gen, prev, entries, openings, checkpoint } = batch;
    const answer = await gateway.upload({
      gen,
      from: 0,
      prev,
      entries: [...entries],
      openings: [...openings],
      checkpoint,
    });
    expect(answer.status).toBe(200);
    journal.close();

    const { files } = await exportEvidence(server.site, '0.0.0-test', { from: null, until: null });
    const decoder = new TextDecoder();
    for (const [path, bytes] of files) look(`bundle ${path}`, decoder.decode(bytes));
    look('policy', JSON.stringify(await gateway.policy()));
    const permits = await server.site.db.selectFrom('permits').select('jws').execute();
    look('permits', JSON.stringify(permits));

    // What is wrong is answered without being repeated.
    const wrong = [
      admin.post('people', { name: CANARIES.name, organisation: CANARIES.organisation, username: 'burung' }),
      admin.post('people', { nama: CANARIES.name }),
      admin.post('credentials', { personId: id, card: `em:${CANARIES.card}` }),
      admin.post('credentials', { personId: id, card: CANARIES.card }),
      admin.send('PUT', `people/${id}/profile`, { identity: { kind: 'ktp', number: CANARIES.identity } }),
      burung.post('me/pin', { pin: CANARIES.pin, duress: CANARIES.pin }),
      burung.post('requests', { ...wish(server), purpose: 'XXX', description: CANARIES.description }),
      burung.post('session/step-up', { password: CANARIES.pin }),
      server.client().post('session', { username: CANARIES.email, password: CANARIES.password }),
      burung.get(`people?cursor=${CANARIES.employee}`),
      auditor.get(`events?q=${encodeURIComponent(CANARIES.name)}&type=${CANARIES.pin}`),
      admin.send('POST', 'people', `{"name":"${CANARIES.name}",`),
    ];
    for (const each of await Promise.all(wrong)) {
      expect(each.status).toBeGreaterThanOrEqual(400);
      look('errors', await each.text());
    }
    await auditor.get(`events?q=${encodeURIComponent(CANARIES.name)}`);
    await burung.get('me/data');
    for (const line of server.logged) look('log', `${line.words} ${JSON.stringify(line.facts)}`);
    const readings = await server.site.db.selectFrom('reading_log').selectAll().execute();
    look('reading log', JSON.stringify(readings));

    const places = [...seen.keys()];
    for (const where of [
      'mqtt',
      'bundle site-log.jsonl',
      'policy',
      'permits',
      'errors',
      'log',
      'reading log',
    ]) {
      expect(places).toContain(where);
    }
    const leaks: string[] = [];
    for (const [where, texts] of seen) {
      // Without the key of the handles a card number is in none of them; with an opening in hand a person is only a handle.
      for (const [what, value] of Object.entries({ ...CANARIES, sitePassword: PASSWORD })) {
        if (formsOf(value).some((form) => texts.some((text) => text.includes(form))))
          leaks.push(`${what} in ${where}`);
      }
    }
    expect(leaks).toEqual([]);
  });
});
