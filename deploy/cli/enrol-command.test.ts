import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { rootFingerprint } from '#contract/root-document';
import { parseSealEscrow } from '#contract/seal';
import { rootBody, rootKey, signRoot, SITE } from '../../test/contract/evidence-fixture.ts';
import { runCaptured } from '../../test/contract/run-captured.ts';
import { sha256, verifyEd25519 } from '../../test/contract/test-keys.ts';
import { enrolCommand } from './enrol-command.ts';

const TOKEN = 'token-sekali-pakai-untuk-uji';
const home = mkdtempSync(join(tmpdir(), 'palang-enrol-'));
let folder = '';
let config = '';
let count = 0;
let server: Server;
let url = '';
let requests: { token: string; publicKey: string; proof: string }[] = [];
let answer: { status: number; body: unknown } = { status: 200, body: {} };

const enrolment = (gatewayId = 'gw-ruang-server') => ({
  gatewayId,
  siteId: SITE,
  issuer: `palang/${SITE}`,
  epoch: 3,
  doors: ['ruang-server'],
  pepper: 'P'.repeat(42) + 'A',
  root: [signRoot(rootBody(1), { 'root-1': rootKey })],
});

beforeAll(async () => {
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () => {
      requests.push(JSON.parse(text) as (typeof requests)[number]);
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.close();
  rmSync(home, { recursive: true });
});

beforeEach(() => {
  requests = [];
  answer = { status: 200, body: enrolment() };
  folder = join(home, String((count += 1)));
  mkdirSync(folder);
  config = join(folder, 'gateway.yaml');
  writeFileSync(
    config,
    `id: gw-ruang-server
server: { url: "${url}", keyFile: keys/gateway.key, trustFile: keys/site-root.json }
dataDir: data
doors:
  - id: ruang-server
    readers: { entry: { protocol: line, port: /dev/nowhere } }
    lock: { driver: line, reader: entry, output: 0, releaseMs: 5000 }
`,
  );
});

const enrol = (...args: string[]) => runCaptured({ enrol: enrolCommand }, 'enrol', ...args);
const enrolHere = (...args: string[]) =>
  enrol('--server', url, '--token', TOKEN, '--config', config, ...args);
const leftBehind = () => (existsSync(join(folder, 'keys')) ? readdirSync(join(folder, 'keys')) : []);

describe('palang enrol', () => {
  it('DC60: --escrow gives the auditor the first seal key, and the gateway the same', async () => {
    const file = join(folder, 'untuk-auditor.txt');
    const { exitCode, out } = await enrolHere('--escrow', file);
    expect(exitCode).toBe(0);
    expect(out).toContain('for the auditor');
    const escrow = parseSealEscrow(sha256, readFileSync(file, 'utf8'));
    if (!escrow.ok) throw new Error(escrow.error);
    expect(escrow.value).toMatchObject({ site: SITE, gateway: 'gw-ruang-server' });
    const kept = JSON.parse(readFileSync(join(folder, 'data/seal.json'), 'utf8')) as unknown;
    expect(kept).toEqual({ i: 0, key: encodeBase64Url(escrow.value.key) });
    expect(statSync(file).mode & 0o077).toBe(0);
  });

  it('DC6: writes key and trust for their owner alone, and proves that it holds the key', async () => {
    const { exitCode, out, errors } = await enrolHere();
    expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: '' });
    const keyFile = join(folder, 'keys/gateway.key');
    const key = JSON.parse(readFileSync(keyFile, 'utf8')) as Record<string, unknown>;
    expect(key).toMatchObject({
      gateway: 'gw-ruang-server',
      site: SITE,
      epoch: 3,
      pepper: enrolment().pepper,
    });
    expect(JSON.parse(readFileSync(join(folder, 'keys/site-root.json'), 'utf8'))).toEqual(enrolment().root);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(leftBehind().sort()).toEqual(['gateway.key', 'site-root.json']);
    const [{ publicKey, proof }] = requests as [(typeof requests)[0]];
    const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'));
    expect(await verifyEd25519(bytes(publicKey), utf8(`palang-enrol/v1\n${TOKEN}`), bytes(proof))).toBe(true);
    const fingerprint = rootFingerprint(sha256, rootBody(1));
    expect(out).toContain(fingerprint.slice(0, 39));
    expect(out).toContain(fingerprint.slice(40));
    expect(out).not.toContain(String(key['privateKey']));
  });

  it('DC6: --json says the same without a secret', async () => {
    const { out } = await enrolHere('--json', '--root-fingerprint', rootFingerprint(sha256, rootBody(1)));
    expect(JSON.parse(out)).toMatchObject({ gateway: 'gw-ruang-server', epoch: 3 });
    expect(out).not.toContain(enrolment().pepper);
  });

  it('DC6: a gateway that is enrolled is left as it is', async () => {
    expect(await enrolHere()).toMatchObject({ exitCode: 0 });
    const before = readFileSync(join(folder, 'keys/gateway.key'), 'utf8');
    expect(await enrolHere()).toMatchObject({ exitCode: 2, out: '' });
    expect(readFileSync(join(folder, 'keys/gateway.key'), 'utf8')).toBe(before);
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['a refusal', 403, { code: 'enrolment-refused' }, 1],
    ['another gateway', 200, enrolment('gw-lain'), 1],
    ['a strange answer', 200, { hello: 1 }, 2],
    ['a broken server', 500, {}, 2],
    [
      'a root that nobody signed',
      200,
      { ...enrolment(), root: [{ ...enrolment().root[0], signatures: [] }] },
      2,
    ],
  ])('DC6: %s leaves nothing behind', async (_name, status, body, exitCode) => {
    answer = { status, body };
    const result = await enrolHere();
    expect(result).toMatchObject({ exitCode, out: '' });
    expect(result.errors).toMatch(/^palang enrol: [^\n]+\n$/);
    expect(result.errors).not.toContain(TOKEN);
    expect(leftBehind()).toEqual([]);
  });

  it('DC6: another fingerprint than the one on paper leaves nothing behind', async () => {
    expect(await enrolHere('--root-fingerprint', 'ab'.repeat(32))).toMatchObject({ exitCode: 1, out: '' });
    expect(leftBehind()).toEqual([]);
  });

  it('DC6: no token is spent on a folder that cannot be written', async () => {
    writeFileSync(join(folder, 'keys'), 'a file in the place of the folder');
    expect(await enrolHere()).toMatchObject({ exitCode: 2 });
    expect(requests).toEqual([]);
  });

  it.each(['http://palang.example.go.id', 'http://10.0.0.1:8080', 'ftp://127.0.0.1', 'nonsense'])(
    'DC6: no token goes to %s',
    async (address) => {
      expect(await enrol('--server', address, '--token', TOKEN, '--config', config)).toMatchObject({
        exitCode: 2,
      });
      expect(leftBehind()).toEqual([]);
    },
  );

  it('DC6: a server that does not answer is told', async () => {
    const { exitCode, errors } = await enrol(
      '--server',
      'http://127.0.0.1:1',
      '--token',
      TOKEN,
      '--config',
      config,
    );
    expect(exitCode).toBe(2);
    expect(errors).toContain('does not answer');
    expect(leftBehind()).toEqual([]);
  });
});
