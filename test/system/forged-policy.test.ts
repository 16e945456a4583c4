import { createHash, createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { credentialHandle } from '#contract/commitment';
import { jwsHash, manifestRoot } from '#contract/policy';
import { DEMO_DOOR, DEMO_GATEWAY } from '../../deploy/all-in-one/site.ts';
import { admit, type Technician } from '../../deploy/story/technicians.ts';
import { waitFor } from '../../deploy/story/wait-for.ts';
import { openTestSite, openWithCard, type TestSite } from './test-site.ts';

const SEEN_MS = 75_000;
const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const hmac = (key: Uint8Array, message: Uint8Array): Uint8Array =>
  createHmac('sha256', key).update(message).digest();
const attacker = generateKeyPairSync('ed25519').privateKey;

let site: TestSite;
let technician: Technician;
let stranger = '';
let impostor: Server | undefined;
beforeAll(async () => {
  site = await openTestSite();
  technician = site.technicians[0];
  await admit(site, site.journal, technician);
  stranger = site.technicians[1].card;
});
afterEach(closeImpostor);
afterAll(() => site.close());

type Sealing = (typ: string, kid: string, claims: object) => string;
const base64Url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const sealings: Readonly<Record<string, Sealing>> = {
  'with a key that is not of this site': (typ, kid, claims) => {
    const text = `${base64Url({ alg: 'Ed25519', typ, kid })}.${base64Url(claims)}`;
    return `${text}.${sign(null, Buffer.from(text), attacker).toString('base64url')}`;
  },
  'with alg none': (typ, kid, claims) => `${base64Url({ alg: 'none', typ, kid })}.${base64Url(claims)}.`,
  'with the public key as a shared secret': (typ, kid, claims) => {
    const root = JSON.parse(readFileSync(join(site.home.path, 'site-root.json'), 'utf8')) as {
      root: { keys: Record<string, string> };
    }[];
    const text = `${base64Url({ alg: 'HS256', typ, kid })}.${base64Url(claims)}`;
    const secret = Buffer.from(root[0]?.root.keys[kid] ?? '', 'base64url');
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  },
};

/** A whole policy, right in every claim, that lets the stranger's card in. */
function forgedPolicy(seal: Sealing, nonce: string): object {
  const {
    pepper,
    site: siteId,
    issuer,
  } = JSON.parse(readFileSync(join(site.home.path, 'gateway.key'), 'utf8')) as {
    pepper: string;
    site: string;
    issuer: string;
  };
  const nowS = Math.floor(Date.now() / 1000);
  const head = { iss: issuer, aud: siteId, iat: nowS };
  const handle = credentialHandle(hmac, Buffer.from(pepper, 'base64url'), stranger);
  const sub = `s_${randomBytes(16).toString('base64url')}`;
  const hash = randomBytes(32).toString('base64url');
  const jti = `pm_${randomBytes(16).toString('base64url')}`;
  const permit = seal('permit+jws', 'issuer-1', {
    ...head,
    jti,
    rev: 1,
    sub,
    nbf: nowS - 60,
    exp: nowS + 3600,
    cls: 'temp',
    doors: [DEMO_DOOR],
    cred: [handle],
    apr: [{ by: sub, at: nowS, h: hash, m: 'session' }],
    req: hash,
  });
  const creds = [{ cred: handle, sub, st: 'active' }];
  const directory = seal('directory+jws', 'issuer-1', { ...head, creds });
  const manifest = seal('manifest+jws', 'issuer-1', {
    ...head,
    v: 1000,
    prev: hash,
    root: manifestRoot(sha256, [{ jti, rev: 1, hash: jwsHash(sha256, permit) }]),
    n: 1,
    dir: jwsHash(sha256, directory),
    exp: nowS + 86_400,
  });
  const heartbeat = seal('heartbeat+jws', 'fresh-1', {
    iss: issuer,
    aud: siteId,
    gw: DEMO_GATEWAY,
    nonce,
    t: Date.now(),
    v: 1000,
    mh: jwsHash(sha256, manifest),
  });
  return { heartbeat, body: { manifest, directory, permits: [permit] } };
}

/** Takes the place of the killed server, as one who controls the network would. */
function openImpostor(seal: Sealing): Promise<void> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', site.server.url);
    if (url.pathname.endsWith('/gateway/policy')) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(forgedPolicy(seal, url.searchParams.get('nonce') ?? '')));
    } else if (url.pathname.endsWith('/gateway/wake')) {
      response.setHeader('content-type', 'text/event-stream');
      response.write('event: policy\ndata: {}\n\n');
    } else {
      response.statusCode = 503;
      response.end();
    }
  });
  impostor = server;
  return new Promise((resolve) => server.listen(Number(new URL(site.server.url).port), '127.0.0.1', resolve));
}

async function closeImpostor(): Promise<void> {
  const closing = impostor;
  impostor = undefined;
  if (closing === undefined) return;
  closing.closeAllConnections();
  await new Promise((resolve) => closing.close(resolve));
}

test.for(Object.keys(sealings))(
  'DP26: a policy sealed %s is refused, recorded, and opens nothing; the last good one stays in force',
  { timeout: 120_000 },
  async (name) => {
    const since = site.journal.newest();
    const before = await site.door.releases();
    await site.parts.server.kill();
    await openImpostor(sealings[name]!);
    await waitFor('policy.rejected in the journal', SEEN_MS, () =>
      site.journal.records().find((each) => each.ty === 'policy.rejected' && each.sq > since),
    );
    await site.door.presentCard('entry', stranger);
    const denied = await site.recordOf('access.denied', since);
    expect(denied.rs).toMatch(/^(no-permit|unknown-credential)$/);
    expect(await site.door.releases()).toBe(before);
    expect(site.journal.records().filter((each) => each.ty === 'policy.applied' && each.sq > since)).toEqual(
      [],
    );
    await closeImpostor();
    await openWithCard(site, technician.card);
    // The genuine server again: what it says counts.
    site.parts.server.start();
    await site.serverIsUp();
    await admit(site, site.journal, technician);
  },
);
