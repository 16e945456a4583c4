import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMailer } from '../../server/notify/mail.ts';
import { webhookSignature } from '../../server/notify/webhook.ts';
import { deliverOutbox, type WaysOut } from '../../server/procedure/deliver-outbox.ts';
import { notify } from '../../server/procedure/notify.ts';
import { openDatabase } from '../../server/store/database.ts';
import { setPersonActive } from '../../server/store/people.ts';
import { saveProfile } from '../../server/store/profiles.ts';
import { enrolFakeGateway, openTestServer, type TestServer } from './server-harness.ts';

const SECRET = 'rahasia-contoh-panjang';
const NOBODY: WaysOut = { webhook: null, mailer: null };

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

/** A chat gateway that writes down what it gets, and answers as it is told. */
async function openReceiver(onGot: () => boolean = () => true) {
  const got: {
    readonly id: string;
    readonly body: string;
    readonly isGenuine: boolean;
    readonly at: number;
  }[] = [];
  const answers: number[] = [];
  const server = createHttpServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString();
      const at = Number(request.headers['palang-timestamp']);
      got.push({
        id: String(request.headers['palang-id']),
        body,
        isGenuine: request.headers['palang-signature'] === webhookSignature(SECRET, at, body),
        at,
      });
      if (onGot()) response.writeHead(answers.shift() ?? 204).end();
    });
  });
  const port = await listen(server);
  return { got, answers, url: `http://127.0.0.1:${port}/hook`, close: () => server.close() };
}

/** As much of a mail server as one that sends needs. */
async function openMailServer() {
  const mails: { readonly to: string; readonly text: string }[] = [];
  const server = createServer((socket) => {
    let held = '';
    let to = '';
    let isData = false;
    socket.on('error', () => socket.destroy());
    socket.write('220 contoh\r\n');
    socket.on('data', (bytes) => {
      held += bytes.toString();
      for (;;) {
        const mark = isData ? '\r\n.\r\n' : '\r\n';
        const end = held.indexOf(mark);
        if (end < 0) return;
        const line = held.slice(0, end);
        held = held.slice(end + mark.length);
        if (isData) {
          mails.push({ to, text: line });
          isData = false;
          socket.write('250 taken\r\n');
          continue;
        }
        if (/^RCPT/i.test(line)) to = /<(.*)>/.exec(line)?.[1] ?? '';
        isData = /^DATA/i.test(line);
        socket.write(isData ? '354 go on\r\n' : '250 contoh\r\n');
      }
    });
  });
  const port = await listen(server);
  return { mails, url: `smtp://127.0.0.1:${port}`, close: () => server.close() };
}

describe('delivery', () => {
  let server: TestServer;
  let receiver: Awaited<ReturnType<typeof openReceiver>>;
  const goOn = new AbortController().signal;

  beforeEach(async () => {
    server = await openTestServer();
    receiver = await openReceiver();
  });
  afterEach(async () => {
    receiver.close();
    await server.close();
  });

  const tell = (to: readonly string[], isRestricted = false) =>
    notify(server.site.db, server.site, { kind: 'alarm', subject: 'ev-1', to, byId: null, isRestricted });
  const hook = (): WaysOut => ({ webhook: { url: receiver.url, secret: SECRET }, mailer: null });

  it('SH86: the receiver can check who signed and when, and learns no name; what is restricted stays', async () => {
    const { id, name } = await server.person('atasan', ['supervisor']);
    await tell([id]);
    await tell([id], true);
    await deliverOutbox(server.site, hook(), goOn);
    expect(receiver.got).toHaveLength(1);
    const [only] = receiver.got;
    expect(only).toMatchObject({ isGenuine: true, at: server.clock.epochMs() / 1000 });
    expect(JSON.parse(only!.body)).toEqual({
      id: only!.id,
      kind: 'alarm',
      subject: 'ev-1',
      at: new Date(server.clock.epochMs()).toISOString(),
    });
    expect(only!.body).not.toContain(name);
    expect(webhookSignature(SECRET, only!.at + 1, only!.body)).not.toBe(
      webhookSignature(SECRET, only!.at, only!.body),
    );
  });

  it('SH85: what was not taken is sent again under the same id, and once taken never again', async () => {
    const { id } = await server.person('atasan', ['supervisor']);
    await tell([id]);
    // The server ends when the receiver has read it and not answered yet.
    const ending = new AbortController();
    const cutOff = await openReceiver(() => {
      ending.abort();
      return false;
    });
    const ways = { webhook: { url: cutOff.url, secret: SECRET }, mailer: null };
    await deliverOutbox(server.site, ways, ending.signal);
    cutOff.close();
    const db = await openDatabase(server.databaseUrl);
    receiver.answers.push(503);
    await deliverOutbox({ ...server.site, db }, hook(), goOn);
    await db.destroy();
    server.clock.advance(30_000);
    await deliverOutbox(server.site, hook(), goOn);
    server.clock.advance(3_600_000);
    await deliverOutbox(server.site, hook(), goOn);
    expect(receiver.got).toHaveLength(2);
    expect(new Set([...cutOff.got, ...receiver.got].map((each) => each.id)).size).toBe(1);
  });

  it('SH88: a receiver that stays away is asked ever more seldom, and given up where it is seen', async () => {
    const { id } = await server.person('atasan', ['supervisor']);
    await tell([id]);
    receiver.answers.push(...Array<number>(20).fill(500));
    await deliverOutbox(server.site, hook(), goOn);
    server.clock.advance(29_999);
    await deliverOutbox(server.site, hook(), goOn);
    expect(receiver.got).toHaveLength(1);
    server.clock.advance(1);
    await deliverOutbox(server.site, hook(), goOn);
    server.clock.advance(59_999);
    await deliverOutbox(server.site, hook(), goOn);
    expect(receiver.got).toHaveLength(2);
    for (let turn = 0; turn < 20; turn += 1) {
      server.clock.advance(3_600_000);
      await deliverOutbox(server.site, hook(), goOn);
    }
    expect(receiver.got).toHaveLength(14);
    expect(server.logged).toContainEqual({
      level: 'warn',
      facts: { channel: 'webhook', tries: 1, why: 'refused' },
      words: 'a notification was not delivered',
    });
    const figures = await (await server.client().get('/metrics')).text();
    expect(figures).toContain('palang_outbox{channel="webhook",state="dead"} 1');
  });

  it('SH89: a gateway that is not heard of any more is counted', async () => {
    const gateway = await enrolFakeGateway(server, await server.signIn('admin', ['administrator']));
    const silent = async (): Promise<string | undefined> =>
      /^palang_gateways_silent (.*)$/m.exec(await (await server.client().get('/metrics')).text())?.[1];
    await gateway.policy();
    expect(await silent()).toBe('0');
    server.clock.advance(300_001);
    expect(await silent()).toBe('1');
    await gateway.policy();
    expect(await silent()).toBe('0');
  });

  it('SH88: a channel that is not set up keeps nothing for later', async () => {
    const { id } = await server.person('atasan', ['supervisor']);
    await tell([id]);
    await deliverOutbox(server.site, NOBODY, goOn);
    await deliverOutbox(server.site, hook(), goOn);
    expect(receiver.got).toHaveLength(0);
  });

  it('SH87: mail goes to the profile’s address and says only that there is something to read', async () => {
    const post = await openMailServer();
    const link = new URL('https://palang.contoh/');
    const mailer = createMailer({ url: post.url, from: 'palang@contoh.example' }, { link, locale: 'id' });
    const people = await Promise.all(
      ['satu', 'dua', 'tiga'].map((name) => server.person(name, ['supervisor'])),
    );
    for (const [index, { id }] of people.slice(0, 2).entries()) {
      await saveProfile(server.site.db, {
        person_id: id,
        kind: 'staff',
        unit: null,
        position: null,
        employee_number: null,
        email: `orang${index}@contoh.example`,
        basis_kind: null,
        basis_number: null,
        rights_end_at: null,
        identity_kind: null,
        identity_sealed: null,
        identity_last_four: null,
        left_at: null,
      });
    }
    await setPersonActive(server.site.db, people[1]!.id, false);
    await tell(people.map(({ id }) => id));
    await deliverOutbox(server.site, { webhook: null, mailer }, goOn);
    mailer.close();
    post.close();
    expect(post.mails.map(({ to }) => to)).toEqual(['orang0@contoh.example']);
    const { text } = post.mails[0]!;
    expect(text).toContain('https://palang.contoh/');
    expect(text).toContain('Message-ID: <ob_');
    for (const secret of ['Orang satu', 'alarm', 'ev-1', 'ruang-server']) expect(text).not.toContain(secret);
  });
});
