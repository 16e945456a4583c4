import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import { PERMIT_CLASSES, type PermitClass } from '#contract/permit';
import { idSchema } from '#contract/record';
import {
  approverSchema,
  rootFingerprint,
  verifyRootChain,
  type RootBody,
  type RootDocument,
} from '#contract/root-document';
import type { Result } from '#contract/result';
import {
  createKeyFile,
  createServerKeys,
  loadRootChain,
  loadServerKeys,
  ROOT_FILE,
  writeRootChain,
} from '../../server/signing/key-store.ts';
import { publicBytesOf, sha256, signerOf, verifyEd25519 } from '../../server/signing/node-crypto.ts';
import { readTextFile } from './gateway-config-file.ts';
import {
  createCommand,
  EXIT,
  joinValues,
  JSON_OPTION,
  splitValues,
  UnusableInput,
  type Output,
  type ProgramCommand,
} from './program.ts';
import {
  createRootKey,
  openPlainKey,
  openRootKey,
  rootKeyFileSchema,
  rootPublicFileSchema,
} from './root-key-file.ts';
import {
  changeRoot,
  countSignatures,
  describeRoot,
  proposalSchema,
  signProposal,
  type ChangeError,
  type Proposal,
  type RootChange,
} from './root-proposal.ts';
import { loadSettings } from './server-command.ts';
import { readSecretLine, systemRandom } from './system-ports.ts';

const ACTIONS = ['key', 'init', 'propose', 'sign', 'publish', 'show'] as const;
const SERVER_ROLES = ['issuer', 'fresh', 'log'] as const;
const SHORTEST_PASSPHRASE = 12;

const CHANGE_WORDS: Readonly<Record<ChangeError, string>> = {
  'unknown-approver': 'nobody of this id is in the roster',
  'unknown-key': 'there is no key of this id',
  'role-without-key': 'a role would be left without a key',
  'threshold-out-of-reach': 'fewer officials would be left than have to sign',
  'not-a-root-document': 'that would not be a root document; check ids, hosts and numbers',
};

const CEREMONY = [
  'How officials take over the root of a site, step by step:',
  '  1. each official, on a machine of their own:    palang root key --out /media/usb/me.key',
  '  2. on the server, with the .pub files of all:   palang root init --officials 3 --threshold 2 \\',
  '                                                    --keys a.key.pub b.key.pub c.key.pub --out root.json',
  '     (a site that runs already: palang root propose --keys ... --threshold 2 --out root.json)',
  '  3. each official, the file on a stick:          palang root sign root.json --key /media/usb/me.key',
  '  4. on the server:                               palang root publish root.json',
] as const;

type ReadSecret = () => Promise<string>;

const rootOnce = (readSecret: ReadSecret) =>
  createCommand(
    'root',
    'keeps the root keys of a site: who may sign, who may approve, which gateways count',
    {
      action: { type: 'positional', description: ACTIONS.join(', '), required: true },
      proposal: { type: 'positional', description: 'sign, publish: the proposal', required: false },
      out: { type: 'string', valueHint: 'file', description: 'key, init, propose: new file' },
      key: { type: 'string', valueHint: 'file', description: 'sign: key of an official' },
      officials: { type: 'string', valueHint: 'n', description: 'init: how many officials there are' },
      threshold: { type: 'string', valueHint: 'n', description: 'init, propose: how many of them must sign' },
      keys: {
        type: 'string',
        valueHint: 'file...',
        description: 'init, propose: .pub files of the officials',
      },
      'add-approver': {
        type: 'string',
        valueHint: 'file...',
        description: 'propose: roster entries of passkeys',
      },
      'remove-approver': { type: 'string', valueHint: 'id...', description: 'propose: persons, s_...' },
      rotate: {
        type: 'string',
        valueHint: 'role...',
        description: 'propose: a new key for issuer, fresh or log',
      },
      retire: { type: 'string', valueHint: 'key...', description: 'propose: keys that end' },
      'revoke-gateway': {
        type: 'string',
        valueHint: 'gw/epoch...',
        description: 'propose: keys that count no more',
      },
      limit: { type: 'string', valueHint: 'class=hours...', description: 'propose: longest age of orders' },
      needs: {
        type: 'string',
        valueHint: 'class=n...',
        description: 'init, propose: approvers that a permit needs',
      },
      'rp-id': {
        type: 'string',
        valueHint: 'host',
        description: 'init, propose: host of the app, for passkeys',
      },
      'weak-approvals': {
        type: 'string',
        valueHint: 'on|off',
        description: 'init, propose: sessions count as approvals',
      },
      ...JSON_OPTION,
    },
    async (args, output) => {
      const action = ACTIONS.find((each) => each === args.action);
      const given = args as unknown as Given;
      switch (action) {
        case 'key':
          return makeKey(given, output, readSecret);
        case 'init':
          return initRoot(given, output);
        case 'propose':
          return proposeRoot(given, output);
        case 'sign':
          return signRoot(given, output, readSecret);
        case 'publish':
          return publishRoot(given, output);
        case 'show':
          return showRoot(given, output);
        default:
          throw new UnusableInput(`the action is one of ${ACTIONS.join(', ')}`);
      }
    },
  );

const SEVERAL = [
  'keys',
  'add-approver',
  'remove-approver',
  'rotate',
  'retire',
  'revoke-gateway',
  'limit',
  'needs',
];

/** Makes the command. @param readSecret asks for a passphrase */
export const createRootCommand = (readSecret: ReadSecret): ProgramCommand =>
  SEVERAL.reduce(joinValues, rootOnce(readSecret));

/** `palang root`: the keys above all others, in the hands of people. */
export const rootCommand = createRootCommand(readSecretLine);

type Given = Readonly<Record<string, string | undefined>> & { readonly json?: boolean };

function needed(args: Given, name: string): string {
  const value = args[name];
  if (value === undefined || value === '') throw new UnusableInput(`--${name} is needed`);
  return value;
}

function parseFile<T>(file: string, schema: z.ZodType<T>, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(readTextFile(file));
  } catch (error) {
    if (error instanceof SyntaxError) throw new UnusableInput(`${file} is not ${what}`);
    throw error;
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new UnusableInput(`${file} is not ${what}`);
  return parsed.data;
}

function writeNew(file: string, value: unknown, mode = 0o644): void {
  mkdirSync(dirname(file), { recursive: true });
  if (existsSync(file)) throw new UnusableInput(`${file} is there already`);
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`, { flag: 'wx', mode });
}

function tell(output: Output, args: Given, facts: object, lines: readonly string[]): void {
  if (args.json === true) output.say(JSON.stringify(facts));
  else for (const line of lines) output.say(line);
}

async function makeKey(args: Given, output: Output, readSecret: ReadSecret): Promise<number> {
  const out = needed(args, 'out');
  if (existsSync(out)) throw new UnusableInput(`${out} is there already`);
  output.complain(`passphrase of this key, at least ${SHORTEST_PASSPHRASE} characters, on standard input:`);
  const passphrase = await readSecret();
  if (passphrase.length < SHORTEST_PASSPHRASE) throw new UnusableInput('the passphrase is too short');
  const { secret, open } = await createRootKey(systemRandom, passphrase);
  writeNew(out, secret, 0o600);
  writeNew(`${out}.pub`, open);
  tell(output, args, { kid: open.kid, key: out, public: `${out}.pub` }, [
    `Key         ${out} (keep it, and the passphrase apart from it)`,
    `Public      ${out}.pub (hand this one over), id ${open.kid}`,
  ]);
  return EXIT.done;
}

const wholeNumber = (text: string, name: string): number => {
  if (!/^[0-9]{1,6}$/.test(text)) throw new UnusableInput(`--${name} is not a number`);
  return Number(text);
};

/** The public keys of the officials and how many of them must sign; undefined where they stay as they are. */
function officialsOf(args: Given): RootChange['officials'] {
  const files = splitValues(args['keys']);
  if (files.length === 0) {
    if (args['threshold'] !== undefined) throw new UnusableInput('--threshold goes with --keys');
    return undefined;
  }
  const keys = files.map((file) => parseFile(file, rootPublicFileSchema, 'the public key of an official'));
  const threshold = wholeNumber(needed(args, 'threshold'), 'threshold');
  return { keys, threshold };
}

const isClass = (name: string): name is PermitClass => (PERMIT_CLASSES as readonly string[]).includes(name);

function byClass(args: Given, name: string, factor: number): Partial<Record<PermitClass, number>> {
  return Object.fromEntries(
    splitValues(args[name]).map((pair) => {
      const [cls = '', value = ''] = pair.split('=');
      if (!isClass(cls)) throw new UnusableInput(`--${name} is CLASS=N with ${PERMIT_CLASSES.join(', ')}`);
      return [cls, wholeNumber(value, name) * factor];
    }),
  );
}

function weakOf(args: Given): boolean | undefined {
  const value = args['weak-approvals'];
  if (value === undefined) return undefined;
  if (value !== 'on' && value !== 'off') throw new UnusableInput('--weak-approvals is on or off');
  return value === 'on';
}

function changeOf(args: Given): RootChange {
  const [officials, isWeak, rpId] = [officialsOf(args), weakOf(args), args['rp-id']];
  return {
    addApprovers: splitValues(args['add-approver']).map((file) =>
      parseFile(file, approverSchema, 'a roster entry (see your passkeys in the app)'),
    ),
    removeApprovers: splitValues(args['remove-approver']),
    retire: splitValues(args['retire']),
    revoke: splitValues(args['revoke-gateway']).map((text) => {
      const [gw = '', ep = ''] = text.split('/');
      if (!idSchema.safeParse(gw).success) throw new UnusableInput('--revoke-gateway is GATEWAY/EPOCH');
      return { gw, ep: wholeNumber(ep, 'revoke-gateway') };
    }),
    limits: byClass(args, 'limit', 3600),
    needs: byClass(args, 'needs', 1),
    ...(officials !== undefined && { officials }),
    ...(isWeak !== undefined && { isWeak }),
    ...(rpId !== undefined && { rpId }),
  };
}

function orUnusable<T>(changed: Result<T, ChangeError>): T {
  if (!changed.ok) throw new UnusableInput(CHANGE_WORDS[changed.error]);
  return changed.value;
}

function saveProposal(args: Given, output: Output, proposal: Proposal): number {
  const out = needed(args, 'out');
  writeNew(out, proposal);
  const before = proposal.chain.at(-1)?.root ?? null;
  tell(output, args, { out, version: proposal.document.root.v }, [
    ...describeRoot(proposal.document.root, before),
    '',
    `Written to ${out}. Nothing has changed yet: now each official signs it (palang root sign ${out} --key FILE).`,
  ]);
  return EXIT.done;
}

function initRoot(args: Given, output: Output): number {
  if (splitValues(args['keys']).length === 0) {
    for (const line of CEREMONY) output.say(line);
    return EXIT.done;
  }
  const settings = loadSettings();
  if (existsSync(join(settings.keysDir, ROOT_FILE))) {
    throw new UnusableInput('this site has root keys; use palang root propose');
  }
  const out = needed(args, 'out');
  if (existsSync(out)) throw new UnusableInput(`${out} is there already`);
  const { officials, ...change } = changeOf(args);
  if (officials === undefined) throw new UnusableInput('--keys is needed');
  const wanted = args['officials'];
  if (wanted !== undefined && wholeNumber(wanted, 'officials') !== officials.keys.length) {
    throw new UnusableInput('--officials and --keys do not name the same number');
  }
  const serverKeys = createServerKeys(settings.keysDir, systemRandom);
  const roleOf = (kid: string) => ({ keys: [kid], threshold: 1 });
  const nothing: RootBody = {
    site: settings.siteId,
    v: 1,
    at: 0,
    keys: { ...serverKeys },
    roles: {
      root: { keys: officials.keys.map(({ kid }) => kid), threshold: officials.threshold },
      issuer: roleOf('issuer-1'),
      fresh: roleOf('fresh-1'),
      log: roleOf('log-1'),
    },
    singleOfficial: officials.keys.length === 1,
  };
  const root = { ...orUnusable(changeRoot(nothing, { ...change, officials }, Date.now())), v: 1 };
  return saveProposal(args, output, {
    format: 'palang-root-proposal/1',
    chain: [],
    document: { root, signatures: [] },
  });
}

/** Loads the chain of the site on this machine. */
function loadChain(keysDir: string): readonly [RootDocument, ...RootDocument[]] {
  const file = join(keysDir, ROOT_FILE);
  if (!existsSync(file)) throw new UnusableInput('there are no root keys here; check PALANG_KEYS_DIR');
  return loadRootChain(file);
}

function proposeRoot(args: Given, output: Output): number {
  const { keysDir } = loadSettings();
  const chain = loadChain(keysDir);
  const out = needed(args, 'out');
  if (existsSync(out)) throw new UnusableInput(`${out} is there already`);
  const before = (chain.at(-1) ?? chain[0]).root;
  const change = changeOf(args);
  const addKeys = splitValues(args['rotate']).map((name) => {
    const role = SERVER_ROLES.find((each) => each === name);
    if (role === undefined) throw new UnusableInput(`--rotate is one of ${SERVER_ROLES.join(', ')}`);
    const kid = `${role}-${before.v + 1}`;
    return { role, key: { kid, publicKey: createKeyFile(keysDir, kid, systemRandom) } };
  });
  const root = orUnusable(changeRoot(before, { ...change, addKeys }, Date.now()));
  return saveProposal(args, output, {
    format: 'palang-root-proposal/1',
    chain: [...chain],
    document: { root, signatures: [] },
  });
}

async function loadKey(file: string, output: Output, readSecret: ReadSecret) {
  const text = readTextFile(file);
  if (text.startsWith('-----BEGIN')) return openPlainKey(text);
  const sealed = parseFile(file, rootKeyFileSchema, 'the key of an official');
  output.complain('passphrase of this key, on standard input:');
  const key = await openRootKey(sealed, await readSecret());
  if (typeof key === 'string') throw new UnusableInput('the passphrase or the key file is wrong');
  return key;
}

const missingWords = (counts: Awaited<ReturnType<typeof countSignatures>>): readonly string[] =>
  counts.map(({ of, has, needs }) => `Signed      by ${has} of ${needs} of the ${of} officials`);

async function signRoot(args: Given, output: Output, readSecret: ReadSecret): Promise<number> {
  const file = needed(args, 'proposal');
  const proposal = parseFile(file, proposalSchema, 'a proposal');
  // Read before the key is opened: nobody signs what they have not seen.
  for (const line of describeRoot(proposal.document.root, proposal.chain.at(-1)?.root ?? null))
    output.complain(line);
  const key = await loadKey(needed(args, 'key'), output, readSecret);
  const signed = signProposal(proposal, publicBytesOf(key), signerOf(key));
  if (!signed.ok) {
    output.complain('palang root: this key is not that of an official, old or new');
    return EXIT.no;
  }
  writeFileSync(file, `${JSON.stringify(signed.value, null, 2)}\n`);
  const counts = await countSignatures(verifyEd25519, signed.value);
  tell(output, args, { file, counts }, missingWords(counts));
  return EXIT.done;
}

async function publishRoot(args: Given, output: Output): Promise<number> {
  const proposal = parseFile(needed(args, 'proposal'), proposalSchema, 'a proposal');
  const { keysDir, siteId } = loadSettings();
  const { document } = proposal;
  const held = existsSync(join(keysDir, ROOT_FILE)) ? loadChain(keysDir) : [];
  const [first = document, ...rest] = [...held, document];
  const chain = [first, ...rest] as const;
  const verified = await verifyRootChain(verifyEd25519, chain);
  if (!verified.ok || verified.value.site !== siteId) {
    const counts = await countSignatures(verifyEd25519, { ...proposal, chain: [...held] });
    for (const line of missingWords(counts)) output.complain(line);
    output.complain(`palang root: not published: ${verified.ok ? 'wrong-site' : verified.error}`);
    return EXIT.no;
  }
  // A server that does not hold the keys of the new document could sign nothing more.
  loadServerKeys(keysDir, chain);
  writeRootChain(keysDir, chain);
  const { root } = document;
  const fingerprint = rootFingerprint(sha256, chain[0].root);
  tell(output, args, { version: root.v, fingerprint }, [
    `Published   version ${root.v} of site ${root.site}; a server that runs takes it within half a minute`,
    `Root keys   ${fingerprint}`,
  ]);
  return EXIT.done;
}

function showRoot(args: Given, output: Output): number {
  const chain = loadChain(loadSettings().keysDir);
  const { root } = chain.at(-1) ?? chain[0];
  const fingerprint = rootFingerprint(sha256, chain[0].root);
  tell(output, args, { root, fingerprint }, [...describeRoot(root, null), `  root keys   ${fingerprint}`]);
  return EXIT.done;
}
