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
import {
  rootDocumentSchema,
  rootHash,
  rootMessage,
  verifyRootChain,
  type RootBody,
  type RootDocument,
} from '#contract/root-document';
import { privateKeyOf, publicBytesOf, sha256, signerOf, verifyEd25519 } from './node-crypto.ts';

/** Ids of the keys that are made at first start. */
const KEY_IDS = { root: 'root-1', issuer: 'issuer-1', fresh: 'fresh-1', log: 'log-1' } as const;

type KeyName = keyof typeof KEY_IDS;

/** A key with the id that signed documents name it by. */
export interface SigningKey {
  readonly kid: string;
  readonly key: KeyObject;
}

/**
 * The keys of a site as its newest root document names them; of several keys of a role the last one signs. The root
 * key is not among them: in a site of one official it signs at first start only and is not kept in memory.
 */
export interface KeyStore {
  readonly issuer: SigningKey;
  readonly fresh: SigningKey;
  readonly log: SigningKey;
  /** Key of the card handles, 32 bytes. */
  readonly pepper: Uint8Array;
  readonly rootChain: readonly [RootDocument, ...RootDocument[]];
  /** True where this start made the keys. */
  readonly isNew: boolean;
  /**
   * Takes root documents that officials have put beside the keys since, if they are genuine and go on from those in
   * force. Where they are not, everything stays as it is.
   * @throws Fault `root-not-genuine`, `key-not-in-root-document`, `key-file-missing`, `root-document-damaged`
   * @see rule SU17
   */
  reload(): Promise<'unchanged' | 'changed'>;
}

/** Name of the file that holds the chain of root documents. */
export const ROOT_FILE = 'site-root.json';
const PEPPER_FILE = 'pepper';
const chainSchema = z.tuple([rootDocumentSchema], rootDocumentSchema);

/** Where the private key of a key id stands. */
export const keyFile = (dir: string, kid: string): string => join(dir, `${kid}.pem`);

/** Writes a secret for its owner alone, whole or not at all. */
export function writeSecret(path: string, text: string): void {
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

/** Makes what was written in a folder durable. */
export function syncFolder(dir: string): void {
  const folder = openSync(dir, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Reads a secret. @throws Fault `key-file-missing`, `key-file-readable-by-others` */
export function readSecret(path: string): string {
  if (!existsSync(path)) throw new Fault('key-file-missing', { retryable: false });
  if ((statSync(path).mode & 0o077) !== 0)
    throw new Fault('key-file-readable-by-others', { retryable: false });
  return readFileSync(path, 'utf8');
}

/** Makes a private key in a file of its owner alone. @returns its public key, base64url */
export function createKeyFile(dir: string, kid: string, random: Random): string {
  const key = privateKeyOf(random.bytes(32));
  writeSecret(keyFile(dir, kid), key.export({ format: 'pem', type: 'pkcs8' }).toString());
  return encodeBase64Url(publicBytesOf(key));
}

/** Makes what a server needs beside the root: the keys of its own roles, and the pepper. @returns public keys by id */
export function createServerKeys(
  dir: string,
  random: Random,
  names: readonly KeyName[] = ['issuer', 'fresh', 'log'],
): Readonly<Record<string, string>> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const publicKeys = Object.fromEntries(
    names.map((name) => [KEY_IDS[name], createKeyFile(dir, KEY_IDS[name], random)]),
  );
  writeSecret(join(dir, PEPPER_FILE), `${encodeBase64Url(random.bytes(32))}\n`);
  return publicKeys;
}

/** Writes the chain of root documents beside the keys, durably. */
export function writeRootChain(dir: string, chain: readonly RootDocument[]): void {
  writeSecret(join(dir, ROOT_FILE), `${JSON.stringify(chain, null, 2)}\n`);
  syncFolder(dir);
}

function createKeys(dir: string, siteId: string, now: EpochMs, random: Random, rpId: string | null): void {
  const publicKeys = createServerKeys(dir, random, Object.keys(KEY_IDS) as KeyName[]);
  const roleOf = (name: KeyName) => ({ keys: [KEY_IDS[name]], threshold: 1 });
  const root: RootBody = {
    site: siteId,
    v: 1,
    at: now,
    keys: publicKeys,
    roles: { root: roleOf('root'), issuer: roleOf('issuer'), fresh: roleOf('fresh'), log: roleOf('log') },
    singleOfficial: true,
    // One official on one machine, and perhaps no TLS yet: nobody has a passkey that anybody could vouch for.
    approval: { ...(rpId !== null && { rp: rpId }), weak: 'session' },
  };
  const sign = signerOf(createPrivateKey(readSecret(keyFile(dir, KEY_IDS.root))));
  const document: RootDocument = {
    root,
    signatures: [{ kid: KEY_IDS.root, sig: encodeBase64Url(sign(rootMessage(root))) }],
  };
  // Last: a start that broke off before this line has used no key yet, and the next one makes them again.
  writeRootChain(dir, [document]);
}

/** The last key of a role signs, so that a rotation is a new key behind the old one. */
function loadKey(dir: string, name: Exclude<KeyName, 'root'>, root: RootBody): SigningKey {
  const kid = root.roles[name].keys.at(-1) ?? '';
  const key = createPrivateKey(readSecret(keyFile(dir, kid)));
  if (key.asymmetricKeyType !== 'ed25519' || root.keys[kid] !== encodeBase64Url(publicBytesOf(key))) {
    throw new Fault('key-not-in-root-document', { retryable: false });
  }
  return { kid, key };
}

/** Loads the chain of root documents; it is not verified yet. @throws Fault `root-document-damaged` */
export function loadRootChain(path: string): KeyStore['rootChain'] {
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

/** The keys of a server as a chain of root documents names them. */
export interface ServerKeys {
  readonly issuer: SigningKey;
  readonly fresh: SigningKey;
  readonly log: SigningKey;
  readonly rootChain: KeyStore['rootChain'];
}

/**
 * Loads the private keys that the newest of these root documents gives to the server.
 * @throws Fault `key-file-missing`, `key-file-readable-by-others`, `key-not-in-root-document`
 */
export function loadServerKeys(dir: string, rootChain: KeyStore['rootChain']): ServerKeys {
  const root = (rootChain.at(-1) ?? rootChain[0]).root;
  return {
    issuer: loadKey(dir, 'issuer', root),
    fresh: loadKey(dir, 'fresh', root),
    log: loadKey(dir, 'log', root),
    rootChain,
  };
}

/**
 * Opens the keys of a site, and makes them at the first start, in files that only their owner can read.
 * @param site.rpId host of the app, which passkeys are bound to; null where it has no name that they could be bound to
 * @throws Fault `key-file-missing`, `key-file-readable-by-others`, `key-not-in-root-document`,
 *   `root-document-damaged`, `keys-of-another-site`
 * @see rule SU1
 */
export function openKeyStore(
  dir: string,
  site: {
    readonly siteId: string;
    readonly now: EpochMs;
    readonly random: Random;
    readonly rpId?: string | null;
  },
): KeyStore {
  const rootFile = join(dir, ROOT_FILE);
  const isNew = !existsSync(rootFile);
  if (isNew) createKeys(dir, site.siteId, site.now, site.random, site.rpId ?? null);
  const rootChain = loadRootChain(rootFile);
  if (rootChain[0].root.site !== site.siteId) {
    throw new Fault('keys-of-another-site', { retryable: false });
  }
  const pepper = decodeBase64Url(readSecret(join(dir, PEPPER_FILE)).trim());
  if (!pepper.ok || pepper.value.length !== 32) throw new Fault('key-file-damaged', { retryable: false });
  let held = loadServerKeys(dir, rootChain);
  return {
    get issuer() {
      return held.issuer;
    },
    get fresh() {
      return held.fresh;
    },
    get log() {
      return held.log;
    },
    get rootChain() {
      return held.rootChain;
    },
    pepper: pepper.value,
    isNew,
    reload: async () => {
      const chain = loadRootChain(rootFile);
      const known = held.rootChain.map(({ root }) => rootHash(sha256, root));
      const isSame = known.every((hash, index) => {
        const root = chain[index]?.root;
        return root !== undefined && rootHash(sha256, root) === hash;
      });
      if (isSame && chain.length === known.length) return 'unchanged';
      if (!isSame || !(await verifyRootChain(verifyEd25519, chain)).ok) {
        throw new Fault('root-not-genuine', { retryable: false });
      }
      held = loadServerKeys(dir, chain);
      return 'changed';
    },
  };
}
