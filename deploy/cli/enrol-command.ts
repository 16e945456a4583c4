import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { encodeSealEscrow } from '#contract/seal';
import { saveSealKey } from '../../gateway/seal-chain.ts';
import { sha256 } from '../../gateway/crypto-ports.ts';
import { enrolGateway, type EnrolError, type Enrolment } from '../../gateway/uplink/enrol.ts';
import { loadConfigFile } from './gateway-config-file.ts';
import { createCommand, EXIT, JSON_OPTION, UnusableInput } from './program.ts';
import { readSecretLine, systemRandom } from './system-ports.ts';

const WORDS: Readonly<Record<EnrolError, string>> = {
  'server-unreachable': 'the server does not answer at this address, or its certificate is not trusted here',
  'enrolment-refused':
    'the server refuses: the token is wrong, used or too old; ask the administrator for another',
  'server-answer-strange': 'what answers at this address is not a Palang server of this version',
  'trust-not-genuine': 'the root keys that the server sent are not signed as they must be',
};

/** `palang enrol`: makes the key of a gateway, which never leaves it, and fetches the trust anchor of the site. */
export const enrolCommand = createCommand(
  'enrol',
  'enrols a gateway with a one-time token and writes its key and trust files',
  {
    server: { type: 'string', description: 'address of the server', valueHint: 'url', required: true },
    token: { type: 'string', description: 'one-time token; - reads it from standard input', required: true },
    config: {
      type: 'string',
      description: 'configuration of the gateway',
      valueHint: 'file',
      required: true,
    },
    'root-fingerprint': {
      type: 'string',
      valueHint: 'hex',
      description: 'fingerprint of the root keys as it stands on paper; nothing is written if it differs',
    },
    escrow: {
      type: 'string',
      valueHint: 'file',
      description:
        'seals the journal every quarter of an hour; the first key goes to this file, for the auditor',
    },
    ...JSON_OPTION,
  },
  async (args, output) => {
    const config = loadConfigFile(args.config);
    const url = decodeServerUrl(args.server);
    const { keyFile, trustFile } = config.server;
    if (existsSync(keyFile)) {
      throw new UnusableInput(`${keyFile} is there: this gateway is enrolled; move it away to enrol anew`);
    }
    const token = args.token === '-' ? await readSecretLine() : args.token;
    // Opened before the token is spent: a folder that cannot be written must not cost one.
    const drafts = [openDraft(trustFile), openDraft(keyFile)] as const;
    const escrow = args.escrow === undefined ? null : openDraft(args.escrow);
    try {
      const enrolled = await enrolGateway({ url, token, random: systemRandom, fetch });
      if (!enrolled.ok) {
        if (enrolled.error !== 'enrolment-refused') throw new UnusableInput(WORDS[enrolled.error]);
        output.complain(`palang enrol: ${WORDS[enrolled.error]}`);
        return EXIT.no;
      }
      const objection = objectionTo(enrolled.value, config.id, args['root-fingerprint']);
      if (objection !== null) {
        output.complain(`palang enrol: ${objection}`);
        return EXIT.no;
      }
      // The key last: a gateway without a key is not enrolled, one without trust would not start.
      drafts[0].save(`${JSON.stringify(enrolled.value.trustFile, null, 2)}\n`);
      if (escrow !== null) keepEscrow(escrow, config.dataDir, enrolled.value.keyFile);
      drafts[1].save(`${JSON.stringify(enrolled.value.keyFile, null, 2)}\n`);
      report(enrolled.value, config.server, args.json === true, output.say);
      if (escrow !== null && args.json !== true) {
        output.say(`Seal key    ${args.escrow} (for the auditor; take it off this machine)`);
      }
      return EXIT.done;
    } finally {
      for (const draft of drafts) draft.discard();
      escrow?.discard();
    }
  },
);

/** The auditor's copy first: a seal whose key nobody kept proves nothing. */
function keepEscrow(draft: Draft, dataDir: string, { site, gateway }: Enrolment['keyFile']): void {
  const key = systemRandom.bytes(32);
  draft.save(encodeSealEscrow(sha256, { site, gateway, key }));
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  saveSealKey(dataDir, 0, key);
}

const isLoopback = (host: string): boolean => /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host);

function decodeServerUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UnusableInput('--server is not an http address');
  // The answer holds the site's pepper.
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new UnusableInput('--server must be https unless it is this machine');
  }
  return url.href;
}

const bareHex = (text: string): string => text.replaceAll(/[\s:]/g, '').toLowerCase();

function objectionTo(enrolment: Enrolment, id: string, fingerprint: string | undefined): string | null {
  if (enrolment.keyFile.gateway !== id) {
    return `the token is for ${enrolment.keyFile.gateway}, and this configuration is of ${id}; nothing was written`;
  }
  if (fingerprint !== undefined && bareHex(fingerprint) !== bareHex(enrolment.fingerprint)) {
    return 'the root keys of the server are not those of the fingerprint that was given; nothing was written';
  }
  return null;
}

interface Draft {
  /** Puts the text in the place of the file, durably. */
  readonly save: (text: string) => void;
  readonly discard: () => void;
}

function openDraft(file: string): Draft {
  const path = `${file}.new`;
  let handle: number;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    rmSync(path, { force: true });
    handle = openSync(path, 'wx', 0o600);
  } catch (error) {
    if (error instanceof Error && 'code' in error) {
      throw new UnusableInput(`${file} cannot be written (${String(error.code)})`);
    }
    throw error;
  }
  let isSaved = false;
  return {
    save(text) {
      writeSync(handle, text);
      fsyncSync(handle);
      renameSync(path, file);
      isSaved = true;
      const folder = openSync(dirname(file), 'r');
      fsyncSync(folder);
      closeSync(folder);
    },
    discard() {
      closeSync(handle);
      if (!isSaved) rmSync(path, { force: true });
    },
  };
}

function report(
  enrolment: Enrolment,
  files: { readonly keyFile: string; readonly trustFile: string },
  isJson: boolean,
  say: (text: string) => void,
): void {
  const { gateway, site, epoch } = enrolment.keyFile;
  const { fingerprint, doors } = enrolment;
  const { keyFile, trustFile } = files;
  if (isJson) {
    say(JSON.stringify({ gateway, site, epoch, doors, fingerprint, keyFile, trustFile }));
    return;
  }
  say(`Enrolled    ${gateway} at site ${site}, journal epoch ${epoch}, doors ${doors.join(', ')}`);
  say(`Key         ${keyFile} (keep it here: it never leaves this gateway)`);
  say(`Trust       ${trustFile}`);
  say(`Root keys   ${fingerprint.slice(0, 39)}`);
  say(`            ${fingerprint.slice(40)}`);
  say('            compare them with the paper before the gateway is used');
}
