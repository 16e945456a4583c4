import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { generate } from 'selfsigned';

const DAY_MS = 86_400_000;
// iPhones and Safari refuse TLS server certificates with a longer life: https://support.apple.com/en-us/102028
const LIFE_DAYS = 397;
const RENEW_BEFORE_DAYS = 14;

/** A certificate for the phones of the local network. */
export interface LanCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** SHA-256 of the certificate, as browsers show it. */
  readonly fingerprint: string;
}

/**
 * Loads the certificate of an installation, or makes a new one where none is there, where it ends within two
 * weeks, or where the machine has got a name or an address that it does not cover: a phone compares the
 * fingerprint once, so a certificate is kept as long as it serves.
 */
export async function loadLanCertificate(
  files: { readonly certFile: string; readonly keyFile: string },
  names: { readonly hosts: readonly string[]; readonly addresses: readonly string[] },
  nowMs: number,
): Promise<LanCertificate> {
  const { certFile, keyFile } = files;
  if (existsSync(certFile) && existsSync(keyFile)) {
    const held = new X509Certificate(readFileSync(certFile));
    if (serves(held, names, nowMs)) return { certFile, keyFile, fingerprint: held.fingerprint256 };
  }
  const made = await generate([{ name: 'commonName', value: names.hosts[0] ?? 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - DAY_MS),
    notAfterDate: new Date(nowMs + (LIFE_DAYS - 1) * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...names.hosts.map((value) => ({ type: 2 as const, value })),
          ...names.addresses.map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  saveFile(keyFile, made.private);
  saveFile(certFile, made.cert);
  return { certFile, keyFile, fingerprint: new X509Certificate(made.cert).fingerprint256 };
}

function serves(
  held: X509Certificate,
  names: { readonly hosts: readonly string[]; readonly addresses: readonly string[] },
  nowMs: number,
): boolean {
  return (
    Date.parse(held.validTo) - nowMs > RENEW_BEFORE_DAYS * DAY_MS &&
    names.hosts.every((host) => held.checkHost(host) !== undefined) &&
    names.addresses.every((address) => held.checkIP(address) !== undefined)
  );
}

function saveFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
