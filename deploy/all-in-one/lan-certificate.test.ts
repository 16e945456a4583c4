import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadLanCertificate } from './lan-certificate.ts';

const NOW_MS = Date.now();
const DAY_MS = 86_400_000;
const NAMES = { hosts: ['localhost', 'kantor'], addresses: ['127.0.0.1', '192.168.7.20'] };

let folder = '';
const files = () => ({ certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'palang-cert-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('DP5: the certificate covers every name and address, its key is readable by the owner alone, and it serves TLS', async () => {
  const made = await loadLanCertificate(files(), NAMES, NOW_MS);
  const certificate = new X509Certificate(readFileSync(made.certFile));
  expect(certificate.checkHost('kantor')).toBe('kantor');
  expect(certificate.checkIP('192.168.7.20')).toBe('192.168.7.20');
  expect(statSync(made.keyFile).mode & 0o777).toBe(0o600);
  expect(made.fingerprint).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);

  const server = createServer(
    { cert: readFileSync(made.certFile), key: readFileSync(made.keyFile) },
    (_, answer) => answer.end('here'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const status = await new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, ca: readFileSync(made.certFile), agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on('error', reject)
      .end();
  });
  await new Promise((resolve) => server.close(resolve));
  expect(status).toBe(200);
});

test('DP6: the certificate is kept over starts, and renewed for a new address or before its end', async () => {
  const first = await loadLanCertificate(files(), NAMES, NOW_MS);
  expect((await loadLanCertificate(files(), NAMES, NOW_MS + DAY_MS)).fingerprint).toBe(first.fingerprint);
  const moved = await loadLanCertificate(files(), { ...NAMES, addresses: ['10.1.2.3'] }, NOW_MS);
  expect(moved.fingerprint).not.toBe(first.fingerprint);
  const late = await loadLanCertificate(
    files(),
    { ...NAMES, addresses: ['10.1.2.3'] },
    NOW_MS + 390 * DAY_MS,
  );
  expect(late.fingerprint).not.toBe(moved.fingerprint);
});
