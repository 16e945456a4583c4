import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PasskeySummary, Trust } from '#contract/api-passkey';
import { rpIdOf } from '../../server/auth/passkeys.ts';
import { findStepUp } from '../../server/store/sessions.ts';
import { setPersonActive } from '../../server/store/people.ts';
import { tokenHash } from '../../server/auth/tokens.ts';
import { makePasskey, ORIGIN, RP, type TestPasskey } from '../contract/approver-fixture.ts';
import { bodyOf, openTestServer, PASSWORD, type TestClient, type TestServer } from './server-harness.ts';

interface Options {
  readonly options: {
    readonly challenge: string;
    readonly rpId?: string;
    readonly rp?: { readonly id: string };
    readonly userVerification?: string;
    readonly allowCredentials?: readonly { readonly id: string }[];
    readonly excludeCredentials?: readonly unknown[];
  };
}

let server: TestServer;
let person: TestClient;

beforeEach(async () => {
  server = await openTestServer({ publicUrl: new URL(ORIGIN) });
  person = await server.signIn('atasan', ['supervisor']);
});
afterEach(() => server.close());

const stepUp = (client: TestClient) => client.post('session/step-up', { password: PASSWORD });
const optionsOf = async (client: TestClient, path: string) =>
  (await bodyOf<Options>(client.post(path))).options;

async function register(client: TestClient, kind: 'EC' | 'OKP' = 'EC'): Promise<TestPasskey> {
  const { id } = await bodyOf<{ id: string }>(client.get('me'));
  const passkey = makePasskey(id, kind);
  await stepUp(client);
  const { challenge } = await optionsOf(client, 'me/passkeys/options');
  const answer = await client.post('me/passkeys', {
    name: 'Telepon',
    credential: passkey.register(challenge),
  });
  expect(answer.status).toBe(201);
  return passkey;
}
const signInWith = async (passkey: TestPasskey, challenge?: string): Promise<Response> => {
  const asked = challenge ?? (await optionsOf(server.client(), 'session/passkey/options')).challenge;
  return server.client().post('session/passkey', { credential: passkey.credential(asked) });
};

describe('passkeys', () => {
  it.each(['EC', 'OKP'] as const)('SU24: a passkey (%s) is registered after a step-up', async (kind) => {
    expect((await person.post('me/passkeys/options')).status).toBe(403);
    const passkey = await register(person, kind);
    const { items } = await bodyOf<{ items: PasskeySummary[] }>(person.get('me/passkeys'));
    expect(items).toMatchObject([
      { name: 'Telepon', usedAt: null, isApprover: false, rosterEntry: passkey.approver },
    ]);
  });

  it('SU24: its challenge is for this person, once, within five minutes', async () => {
    const passkey = makePasskey('s_x');
    await stepUp(person);
    const asked = await optionsOf(person, 'me/passkeys/options');
    expect(asked).toMatchObject({ rp: { id: RP }, excludeCredentials: [] });
    const credential = passkey.register(asked.challenge);
    const other = await server.signIn('lain', ['technician']);
    await stepUp(other);
    const foreign = await other.post('me/passkeys', { name: 'x', credential });
    expect(await bodyOf(foreign)).toMatchObject({ status: 422, code: 'passkey-refused' });
    // Who tries somebody else's challenge has used it up.
    expect((await person.post('me/passkeys', { name: 'x', credential })).status).toBe(422);
    const late = await optionsOf(person, 'me/passkeys/options');
    server.clock.advance(5 * 60_000);
    await stepUp(person);
    const answer = await person.post('me/passkeys', {
      name: 'x',
      credential: passkey.register(late.challenge),
    });
    expect(answer.status).toBe(422);
  });

  it('SU24: one passkey belongs to one person', async () => {
    const passkey = await register(person);
    const { challenge } = await optionsOf(person, 'me/passkeys/options');
    const again = await person.post('me/passkeys', { name: 'y', credential: passkey.register(challenge) });
    expect(await bodyOf(again)).toMatchObject({ status: 409, code: 'passkey-taken' });
  });

  it('SH29: a passkey signs its owner in, as itself', async () => {
    const passkey = await register(person);
    const answer = await signInWith(passkey);
    expect(answer.status).toBe(200);
    expect(await bodyOf(answer)).toMatchObject({ username: 'atasan' });
    expect(answer.headers.get('set-cookie')).toContain('HttpOnly');
    const { items } = await bodyOf<{ items: PasskeySummary[] }>(person.get('me/passkeys'));
    expect(items[0]?.usedAt).not.toBeNull();
  });

  it('SH29: it signs in nobody who left, nor whom nobody knows', async () => {
    const passkey = await register(person);
    expect((await signInWith(makePasskey('s_x'))).status).toBe(401);
    await setPersonActive(server.site.db, passkey.by, false);
    expect((await signInWith(passkey)).status).toBe(401);
  });

  it('SH29: it signs in nobody whose contract is over', async () => {
    const passkey = await register(person);
    const now = server.clock.epochMs();
    await server.site.db
      .insertInto('person_profiles')
      .values({ person_id: passkey.by, kind: 'vendor', rights_end_at: now })
      .execute();
    expect((await signInWith(passkey)).status).toBe(401);
  });

  it('SU25: a challenge is answered once, for its own purpose', async () => {
    const passkey = await register(person);
    const { challenge } = await optionsOf(server.client(), 'session/passkey/options');
    expect((await signInWith(passkey, challenge)).status).toBe(200);
    expect((await signInWith(passkey, challenge)).status).toBe(401);
    const asked = await optionsOf(person, 'session/step-up/passkey/options');
    expect((await signInWith(passkey, asked.challenge)).status).toBe(401);
    expect((await signInWith(passkey, 'A'.repeat(43))).status).toBe(401);
  });

  it('SU25: who was not recognised by the device, or sits at another site, is nobody', async () => {
    const passkey = await register(person);
    for (const changes of [{ flags: 1 }, { origin: 'https://jahat.contoh' }]) {
      const { challenge } = await optionsOf(server.client(), 'session/passkey/options');
      const credential = passkey.credential(challenge, changes);
      expect((await server.client().post('session/passkey', { credential })).status).toBe(401);
    }
  });

  it('SH30: a passkey steps its own session up, and is told apart from a password', async () => {
    const passkey = await register(person);
    const asked = await optionsOf(person, 'session/step-up/passkey/options');
    expect(asked).toMatchObject({
      userVerification: 'required',
      allowCredentials: [{ id: passkey.credentialId }],
    });
    const done = await person.post('session/step-up/passkey', {
      credential: passkey.credential(asked.challenge),
    });
    expect(await bodyOf(done)).toMatchObject({ method: 'passkey' });
    const token = person.cookie.split('=')[1] ?? '';
    expect(await findStepUp(server.site.db, tokenHash(token))).toMatchObject({ method: 'passkey' });
    const other = await server.signIn('lain', ['technician']);
    await register(other);
    const theirs = await optionsOf(other, 'session/step-up/passkey/options');
    const stolen = await other.post('session/step-up/passkey', {
      credential: passkey.credential(theirs.challenge),
    });
    expect(await bodyOf(stolen)).toMatchObject({ code: 'passkey-refused' });
  });

  it('SH31: passkeys are forgotten by their owner only', async () => {
    await register(person);
    const { items } = await bodyOf<{ items: PasskeySummary[] }>(person.get('me/passkeys'));
    const other = await server.signIn('lain', ['administrator']);
    await stepUp(other);
    const path = `me/passkeys/${items[0]?.id}`;
    expect((await other.send('DELETE', path)).status).toBe(404);
    expect((await person.send('DELETE', path)).status).toBe(200);
    expect(await bodyOf(person.get('me/passkeys'))).toEqual({ items: [] });
  });

  it('SH33: what the officials have signed is told as it is', async () => {
    expect(await bodyOf<Trust>(person.get('trust'))).toMatchObject({
      version: 1,
      isSingleOfficial: true,
      threshold: 1,
      isWeakApprovalAllowed: true,
      relyingParty: null,
      approvers: [],
    });
  });

  it.each([
    ['https://palang.contoh.go.id', 'palang.contoh.go.id'],
    ['http://127.0.0.1:8080', 'localhost'],
    ['http://[::1]:8080', 'localhost'],
    ['http://localhost:8080', 'localhost'],
    ['https://192.0.2.7', null],
  ])('SU24: passkeys of %s are bound to %s', (url, rpId) => {
    expect(rpIdOf(new URL(url))).toBe(rpId);
  });
});
