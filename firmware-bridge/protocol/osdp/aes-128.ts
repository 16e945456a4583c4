/** AES-128 as the secure channel needs it. Blocks and initial values are 16 bytes, data a multiple of 16. */
export interface Aes128 {
  /** One block. */
  encryptEcb(key: Uint8Array, block: Uint8Array): Uint8Array;
  encryptCbc(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array;
  decryptCbc(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array;
}

export interface BlockCipher {
  setAutoPadding(isOn: boolean): unknown;
  update(data: Uint8Array): Uint8Array;
}

type CipherMaker = (algorithm: string, key: Uint8Array, iv: Uint8Array | null) => BlockCipher;

/** The part of Node's crypto module that makes an Aes128; handed in, so that this core names no module of Node. */
export interface CipherFactory {
  readonly createCipheriv: CipherMaker;
  readonly createDecipheriv: CipherMaker;
}

/** Makes an Aes128 from the cipher functions of Node's crypto module. */
export function createAes128({ createCipheriv, createDecipheriv }: CipherFactory): Aes128 {
  const run = (cipher: BlockCipher, data: Uint8Array): Uint8Array => {
    cipher.setAutoPadding(false);
    // Without padding every whole block is out at once, so there is nothing left for final().
    return Uint8Array.from(cipher.update(data));
  };
  return {
    encryptEcb: (key, block) => run(createCipheriv('aes-128-ecb', key, null), block),
    encryptCbc: (key, iv, data) => run(createCipheriv('aes-128-cbc', key, iv), data),
    decryptCbc: (key, iv, data) => run(createDecipheriv('aes-128-cbc', key, iv), data),
  };
}
