import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { z } from 'zod';
import { verifyEvidenceKeys } from '#contract/bundle-keys';
import { parseRootChain } from '#contract/bundle-format';
import { decodeBase64Url, encodeBase64Url } from '#contract/bytes';
import { cosignCheckpoint, type Checkpoint, type NoteKey } from '#contract/checkpoint';
import { hashSchema, siteLogOrigin } from '#contract/record';
import {
  encodeWitnessKey,
  isWitnessName,
  judgeWitnessed,
  parseWitnessRequest,
  WITNESS_PATH,
} from '#contract/witness';
import { writeDurably } from '../../gateway/write-durably.ts';
import {
  assertionPorts,
  privateKeyOf,
  publicBytesOf,
  sha256,
  signerOf,
} from '../../server/signing/node-crypto.ts';
import { createCommand, EXIT, JSON_OPTION, UnusableInput } from './program.ts';
import { stopRequested, systemRandom } from './system-ports.ts';

const KEY_FILE = 'witness-key.json';
const SEEN_FILE = 'witnessed.json';
const MAX_BODY_BYTES = 16_384;

const keySchema = z.strictObject({ name: z.string().refine(isWitnessName), seed: hashSchema });
const seenSchema = z.strictObject({
  origin: z.string(),
  size: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  root: hashSchema,
});

/** A witness that listens. */
export interface Witness {
  readonly key: NoteKey;
  /** Fingerprint of the first root document of the site: to be compared with the paper. */
  readonly fingerprint: string;
  readonly port: number;
  close(): Promise<void>;
}

const bytesOf = (text: string): Uint8Array => {
  const bytes = decodeBase64Url(text);
  if (!bytes.ok) throw new UnusableInput('a file of the witness is damaged');
  return bytes.value;
};

function readJson<T>(path: string, schema: z.ZodType<T>): T | null {
  if (!existsSync(path)) return null;
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    // The message of either would quote the key.
    if (error instanceof SyntaxError || error instanceof z.ZodError) {
      throw new UnusableInput(`${path} is damaged`);
    }
    throw error;
  }
}

/** The key of the witness; made at the first start, under the name that it has from then on. */
function openKey(dir: string, name: string): { readonly key: NoteKey; readonly seed: Uint8Array } {
  const kept = readJson(`${dir}/${KEY_FILE}`, keySchema);
  if (kept !== null && kept.name !== name) throw new UnusableInput(`this witness is called ${kept.name}`);
  const seed = kept === null ? systemRandom.bytes(32) : bytesOf(kept.seed);
  if (kept === null) writeDurably(dir, KEY_FILE, JSON.stringify({ name, seed: encodeBase64Url(seed) }));
  return { key: { name, publicKey: publicBytesOf(privateKeyOf(seed)) }, seed };
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_BODY_BYTES) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

const STATUS = { malformed: 400, 'unknown-log': 403, 'another-size': 409, 'not-consistent': 422 } as const;

/**
 * Opens a witness of one site log: it signs a head only if that goes on from the last one that it signed.
 * @param options `rootFile` the root documents of the site, as a bundle has them in keys/root.json
 * @throws UnusableInput
 * @see rules C56, DC63
 */
export async function openWitness(options: {
  readonly dir: string;
  readonly name: string;
  readonly rootFile: Uint8Array;
  readonly rootFingerprint?: string;
  readonly host: string;
  readonly port: number;
  readonly nowSeconds: () => number;
}): Promise<Witness> {
  const { dir, name } = options;
  if (!isWitnessName(name)) throw new UnusableInput('--name is small letters, digits and . / - between them');
  const chain = parseRootChain(options.rootFile);
  if (!chain.ok) throw new UnusableInput('the root file is no chain of root documents');
  const keys = await verifyEvidenceKeys(assertionPorts, chain.value, {
    ...(options.rootFingerprint !== undefined && { rootFingerprint: options.rootFingerprint }),
  });
  if (!keys.ok) throw new UnusableInput(keys.error.words);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const { key, seed } = openKey(dir, name);
  const sign = signerOf(privateKeyOf(seed));
  const origin = siteLogOrigin(keys.value.site);
  const kept = readJson(`${dir}/${SEEN_FILE}`, seenSchema);
  if (kept !== null && kept.origin !== origin) throw new UnusableInput(`this witness is of ${kept.origin}`);
  let held: Checkpoint | null = kept === null ? null : { ...kept, root: bytesOf(kept.root) };

  /** One after another: two that raced past each other would let the witness go back. */
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = queue.then(work);
    queue = done.catch(() => undefined);
    return done;
  };

  async function answer(body: string): Promise<{ readonly status: number; readonly text: string }> {
    const request = parseWitnessRequest(body);
    if (request === null) return { status: 400, text: 'malformed\n' };
    const judged = await judgeWitnessed(
      assertionPorts,
      { origin, keys: keys.ok ? keys.value.logKeys : [] },
      held,
      request,
    );
    if (!judged.ok) {
      const text = judged.error === 'another-size' ? String(held?.size ?? 0) : judged.error;
      return { status: STATUS[judged.error], text: `${text}\n` };
    }
    const { size, root } = judged.value;
    if (size > (held?.size ?? 0)) {
      writeDurably(dir, SEEN_FILE, JSON.stringify({ origin, size, root: encodeBase64Url(root) }));
      held = judged.value;
    }
    const signed = cosignCheckpoint(sha256, request.note, { ...key, sign }, options.nowSeconds());
    if (!signed.ok) return { status: 400, text: 'malformed\n' };
    return { status: 200, text: signed.value.slice(request.note.length) };
  }

  const server = createServer((request, response) => {
    const end = (status: number, text: string): void => {
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
    };
    if (request.method === 'GET' && request.url === '/') return end(200, encodeWitnessKey(key));
    if (request.method !== 'POST' || request.url !== WITNESS_PATH) return end(404, 'not here\n');
    readBody(request)
      .then((body) => (body === null ? { status: 413, text: 'too long\n' } : inTurn(() => answer(body))))
      .then(
        ({ status, text }) => end(status, text),
        () => end(500, 'failed\n'),
      );
  });
  server.requestTimeout = 10_000;
  const port = await listenOn(server, options.host, options.port);
  return {
    key,
    fingerprint: keys.value.fingerprint,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const listenOn = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });

/** `palang witness`: runs at another body, and signs no history but the one that it knows. */
export const witnessCommand = createCommand(
  'witness',
  'watches the log of a site from another body: signs a new head only if it goes on from the last one',
  {
    root: {
      type: 'string',
      valueHint: 'file',
      description: 'root documents of the site, keys/root.json of a bundle',
      required: true,
    },
    'root-fingerprint': {
      type: 'string',
      valueHint: 'hex',
      description: 'fingerprint of the root keys as it stands on paper; nothing is signed if it differs',
    },
    name: {
      type: 'string',
      description: 'name under which it signs, e.g. inspektorat.example/w1',
      required: true,
    },
    dir: {
      type: 'string',
      valueHint: 'folder',
      description: 'its key and what it signed last',
      default: 'witness',
    },
    host: { type: 'string', description: 'address to listen on', default: '127.0.0.1' },
    port: { type: 'string', description: 'port to listen on', default: '8790' },
    ...JSON_OPTION,
  },
  async (args, output) => {
    const port = Number(args.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UnusableInput('--port is no port');
    if (!existsSync(args.root)) throw new UnusableInput(`${args.root} is not there`);
    const fingerprint = args['root-fingerprint'];
    const witness = await openWitness({
      dir: args.dir,
      name: args.name,
      rootFile: readFileSync(args.root),
      ...(fingerprint !== undefined && { rootFingerprint: fingerprint }),
      host: args.host,
      port,
      nowSeconds: () => Math.floor(Date.now() / 1000),
    });
    const line = encodeWitnessKey(witness.key).trim();
    if (args.json === true)
      output.say(JSON.stringify({ port: witness.port, key: line, fingerprint: witness.fingerprint }));
    else output.say(`listening on ${args.host}:${witness.port}\n${line}`);
    await stopRequested();
    await witness.close();
    return EXIT.done;
  },
);
