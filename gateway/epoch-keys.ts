import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { z } from 'zod';
import { decodeBase64Url, encodeBase64Url } from '#contract/bytes';
import { decodeJson } from '#contract/decode-json';
import { epochProofMessage, type EpochRequest } from '#contract/epoch';
import { hashSchema } from '#contract/record';
import type { Random } from '#contract/clock';
import { Fault } from '#contract/result';
import { createSigner, type Signer } from './crypto-ports.ts';
import { writeDurably } from './write-durably.ts';

/**
 * Keys of the epochs after the one of the enrolment, each in a file of its own. A key is made before its number is
 * asked for, so that an answer that is lost can be asked for again.
 */
export interface EpochKeys {
  signerOf(epoch: number): Signer | null;
  /** The lowest given epoch after this one; null where none is held. */
  spareAfter(epoch: number): number | null;
  /** What asks the server for the number of the next key. @param after the epoch that it has to be above */
  request(after: number): EpochRequest;
  /**
   * Keeps the key of the last request under the number that the server gave it; where that number has a key already,
   * because the server had forgotten that it gave it, the new one is thrown away.
   */
  keep(epoch: number): void;
}

const keySchema = z.strictObject({ privateKey: hashSchema });
const fileForm = /^([1-9][0-9]{0,14})\.json$/;
const COMING = 'coming.json';

/**
 * Opens the folder of the keys; made where it is missing.
 * @throws Fault `epoch-key-unreadable`
 */
export function openEpochKeys(dir: string, gateway: string, random: Random): EpochKeys {
  mkdirSync(dir, { recursive: true, mode: 0o700 });

  function load(name: string): Uint8Array | null {
    let text: string;
    try {
      text = readFileSync(`${dir}/${name}`, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw new Fault('epoch-key-unreadable', { retryable: false, cause: error });
    }
    const seed = decodeSeed(text);
    if (seed === null) throw new Fault('epoch-key-unreadable', { retryable: false });
    return seed;
  }

  const save = (name: string, seed: Uint8Array): void =>
    writeDurably(dir, name, JSON.stringify({ privateKey: encodeBase64Url(seed) }));

  function comingSeed(): Uint8Array {
    const held = load(COMING);
    if (held !== null) return held;
    const seed = random.bytes(32);
    save(COMING, seed);
    return seed;
  }

  return {
    signerOf: (epoch) => {
      const seed = load(`${epoch}.json`);
      return seed === null ? null : createSigner(seed);
    },
    spareAfter: (epoch) => {
      const held = readdirSync(dir)
        .map((name) => Number(fileForm.exec(name)?.[1] ?? '0'))
        .filter((each) => each > epoch);
      return held.length === 0 ? null : Math.min(...held);
    },
    request: (after) => {
      const signer = createSigner(comingSeed());
      const key = encodeBase64Url(signer.publicKey);
      return { key, proof: encodeBase64Url(signer.sign(epochProofMessage(gateway, key))), after };
    },
    keep: (epoch) => {
      // What the key of an epoch signs under another one could not be told from a forgery.
      if (load(`${epoch}.json`) === null) save(`${epoch}.json`, comingSeed());
      // The next request is for another key; asked again under this one the server would give this number again.
      save(COMING, random.bytes(32));
    },
  };
}

function decodeSeed(text: string): Uint8Array | null {
  const file = keySchema.safeParse(decodeJson(text));
  const seed = file.success ? decodeBase64Url(file.data.privateKey) : null;
  return seed?.ok === true ? seed.value : null;
}
