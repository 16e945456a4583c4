import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { Fault } from '#contract/result';
import { pairReader, type PairingRefusal } from '../../firmware-bridge/readers/pair-reader.ts';
import { parseReaderKey, type ReaderKey } from '../../firmware-bridge/readers/reader-key.ts';
import { createPortOpener } from '../../firmware-bridge/transport/port-link.ts';
import { createSystemClock } from '../all-in-one/system-clock.ts';
import { createCommand, EXIT, JSON_OPTION, UnusableInput } from './program.ts';

const WORDS: Readonly<Record<PairingRefusal, string>> = {
  'not-reached':
    'no reader answered with the key that it should have; is it in install mode, at this address and rate, and the gateway stopped?',
  declined: 'the reader kept the key that it had',
  unknown:
    'the reader was told the new key and not heard of since; the new key is kept beside the old one, in the file that ends in .next',
};

/** Reads a key file; null where there is none. */
function loadKey(file: string): ReaderKey | null {
  if (!existsSync(file)) return null;
  const key = parseReaderKey(readFileSync(file, 'utf8'));
  if (!key.ok) throw new UnusableInput(`the key in ${file} is not one that a reader can be paired with`);
  return key.value;
}

/** Stores a key durably before the reader hears of it: a key that only the reader has would lock everybody out. */
function saveKey(file: string, hex: string): void {
  const fd = openSync(file, 'wx', 0o600);
  try {
    writeSync(fd, `${hex}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** `palang pair`: gives an OSDP reader a new key of its own, and stores it. */
export const pairCommand = createCommand(
  'pair',
  'gives an OSDP reader a new random key over its secure channel and writes the key file',
  {
    port: { type: 'string', description: 'serial port, or tcp://host:port', required: true },
    baud: { type: 'string', description: 'rate of the line', default: '9600' },
    address: { type: 'string', description: 'address of the reader, 0 to 126', required: true },
    key: { type: 'string', description: 'key file to write', required: true },
    change: { type: 'boolean', description: 'the reader has the key of that file: replace it' },
    ...JSON_OPTION,
  },
  async (args, output) => {
    const address = Number(args.address);
    const baud = Number(args.baud);
    if (!Number.isInteger(address) || address < 0 || address > 126) {
      throw new UnusableInput('--address is a number from 0 to 126');
    }
    if (!Number.isInteger(baud) || baud < 300) throw new UnusableInput('--baud is a rate, e.g. 9600');
    const oldKey = loadKey(args.key);
    if (args.change === true && oldKey === null) throw new UnusableInput(`there is no key in ${args.key}`);
    if (args.change !== true && oldKey !== null) {
      throw new UnusableInput(`${args.key} holds a key already; --change replaces it`);
    }
    const draft = `${args.key}.next`;
    if (existsSync(draft)) {
      throw new UnusableInput(
        `${draft} is left of an earlier pairing: find out which of the two keys the reader has`,
      );
    }
    const hex = randomBytes(16).toString('hex');
    const newKey = parseReaderKey(hex);
    if (!newKey.ok) throw new UnusableInput('the machine gave no usable random key; try again');
    saveKey(draft, hex);
    const clock = createSystemClock();
    let outcome: Awaited<ReturnType<typeof pairReader>>;
    try {
      outcome = await pairReader(
        { port: { path: args.port, baud }, address, oldKey, newKey: newKey.value },
        {
          clock,
          random: { bytes: (count) => Uint8Array.from(randomBytes(count)) },
          openLink: createPortOpener(clock),
        },
      );
    } catch (error) {
      rmSync(draft);
      if (error instanceof Fault) throw new UnusableInput(`the port cannot be opened (${error.code})`);
      throw error;
    }
    if (outcome.ok) renameSync(draft, args.key);
    else if (outcome.error !== 'unknown') rmSync(draft);
    const result = outcome.ok ? 'paired' : outcome.error;
    if (args.json === true) output.say(JSON.stringify({ result, address }));
    else if (outcome.ok) output.say(`PAIRED: the reader at address ${address} has the key in ${args.key}`);
    else output.say(`NOT PAIRED: ${WORDS[outcome.error]}`);
    return outcome.ok ? EXIT.done : EXIT.no;
  },
);
