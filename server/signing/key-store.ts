import { createPrivateKey, type KeyObject } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { decodeBase64Url, encodeBase64Url } from '#contract/bytes';
import type { EpochMs, Random } from '#contract/clock';
import { Fault } from '#contract/result';
import { rootDocumentSchema, rootMessage, type RootBody, type RootDocument } from '#contract/root-document';
import { privateKeyOf, publicBytesOf, signerOf } from './node-crypto.ts';

/** Ids of the keys that are made at first start. */
const KEY_IDS = { root: 'root-1', issuer: 'issuer-1', fresh: 'fresh-1', log: 'log-1' } as const;

type KeyName = keyof typeof KEY_IDS;

/** A key with the id that signed documents name it by. */
export interface SigningKey {
  readonly kid: string;
  readonly key: KeyObject;
}

/** The keys of a site. The root key signs at first start only and is not kept in memory. */
export interface KeyStore {
  readonly issuer: SigningKey;
  readonly fresh: SigningKey;
  readonly log: SigningKey;
  /** Key of the card handles, 32 bytes. */
  readonly pepper: Uint8Array;
  readonly rootChain: readonly [RootDocument, ...RootDocument[]];
  /** True where this start made the keys. */
  readonly isNew: boolean;
}

const ROOT_FILE = 'site-root.json';
const PEPPER_FILE = 'pepper';
const chainSchema = z.tuple([rootDocumentSchema], rootDocumentSchema);

const keyFile = (dir: string, name: KeyName): string => join(dir, `${KEY_IDS[name]}.pem`);

function writeSecret(path: string, text: string): void {
  const draft = `${path}.new`;
  const file = openSync(draft, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
}

function syncFolder(dir: string): void {
  const folder = openSync(dir, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function readSecret(path: string): string {
  if (!existsSync(path)) throw new Fault('key-file-missing', { retryable: false });
  if ((statSync(path).mode & 0o077) !== 0)
    throw new Fault('key-file-readable-by-others', { retryable: false });
  return readFileSync(path, 'utf8');
}

function createKeys(dir: string, siteId: string, now: EpochMs, random: Random): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const publicKeys: Record<string, string> = {};
  for (const name of Object.keys(KEY_IDS) as KeyName[]) {
    const key = privateKeyOf(random.bytes(32));
    writeSecret(keyFile(dir, name), key.export({ format: 'pem', type: 'pkcs8' }).toString());
    publicKeys[KEY_IDS[name]] = encodeBase64Url(publicBytesOf(key));
  }
  writeSecret(join(dir, PEPPER_FILE), `${encodeBase64Url(random.bytes(32))}\n`);
  const roleOf = (name: KeyName) => ({ keys: [KEY_IDS[name]], threshold: 1 });
  const root: RootBody = {
    site: siteId,
    v: 1,
    at: now,
    keys: publicKeys,
    roles: { root: roleOf('root'), issuer: roleOf('issuer'), fresh: roleOf('fresh'), log: roleOf('log') },
    singleOfficial: true,
  };
  const sign = signerOf(createPrivateKey(readSecret(keyFile(dir, 'root'))));
  const document: RootDocument = {
    root,
    signatures: [{ kid: KEY_IDS.root, sig: encodeBase64Url(sign(rootMessage(root))) }],
  };
  // Last: a start that broke off before this line has used no key yet, and the next one makes them again.
  writeSecret(join(dir, ROOT_FILE), `${JSON.stringify([document], null, 2)}\n`);
  syncFolder(dir);
}

function loadKey(dir: string, name: KeyName, root: RootBody): SigningKey {
  const kid = KEY_IDS[name];
  const key = createPrivateKey(readSecret(keyFile(dir, name)));
  if (key.asymmetricKeyType !== 'ed25519' || root.keys[kid] !== encodeBase64Url(publicBytesOf(key))) {
    throw new Fault('key-not-in-root-document', { retryable: false });
  }
  return { kid, key };
}

function loadRootChain(path: string): KeyStore['rootChain'] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Fault('root-document-damaged', { retryable: false, cause: error });
  }
  const chain = chainSchema.safeParse(value);
  if (!chain.success) throw new Fault('root-document-damaged', { retryable: false });
  return chain.data;
}

/**
 * Opens the keys of a site, and makes them at the first start, in files that only their owner can read.
 * @throws Fault `key-file-missing`, `key-file-readable-by-others`, `key-not-in-root-document`,
 *   `root-document-damaged`, `keys-of-another-site`
 * @see rule SU1
 */
export function openKeyStore(
  dir: string,
  site: { readonly siteId: string; readonly now: EpochMs; readonly random: Random },
): KeyStore {
  const rootFile = join(dir, ROOT_FILE);
  const isNew = !existsSync(rootFile);
  if (isNew) createKeys(dir, site.siteId, site.now, site.random);
  const rootChain = loadRootChain(rootFile);
  const root = (rootChain.at(-1) ?? rootChain[0]).root;
  if (root.site !== site.siteId) throw new Fault('keys-of-another-site', { retryable: false });
  const pepper = decodeBase64Url(readSecret(join(dir, PEPPER_FILE)).trim());
  if (!pepper.ok || pepper.value.length !== 32) throw new Fault('key-file-damaged', { retryable: false });
  return {
    issuer: loadKey(dir, 'issuer', root),
    fresh: loadKey(dir, 'fresh', root),
    log: loadKey(dir, 'log', root),
    pepper: pepper.value,
    rootChain,
    isNew,
  };
}
