import { verify } from 'node:crypto';
import { journalUploadSchema, type JournalUpload } from '#contract/api';
import { decodeBase64, encodeBase64Url, utf8 } from '#contract/bytes';
import { parseSignedCheckpoint } from '#contract/checkpoint';
import { commandRequestSchema } from '#contract/command';
import { epochRequestSchema, type EpochRequest } from '#contract/epoch';
import { leafHash, rootOfLeaves } from '#contract/merkle';
import { NO_PREVIOUS_HASH, decodeRecord } from '#contract/record';
import { parseSignatureHeaders, signatureBase } from '#contract/request-signature';
import { publicKeyOf } from '../../gateway/crypto-ports.ts';
import { sha256, type TestSite } from './gateway-world.ts';

type Body = NonNullable<ReturnType<TestSite['policy']>>;

/** What happens to one answer on its way. */
export type LineFault =
  | 'none'
  | 'request-lost'
  | 'answer-lost'
  | 'captive-portal'
  | 'server-broken'
  | 'key-refused'
  | 'huge-answer';

/** The server's side of the gateway protocol, small and strict, with faults on the line. */
export interface FakeServer {
  readonly fetch: typeof globalThis.fetch;
  readonly stored: string[];
  readonly nonces: string[];
  readonly uploads: JournalUpload[];
  /** Keys that a number was asked for. */
  readonly epochRequests: EpochRequest[];
  /** What the next ones are given. */
  nextEpoch: number;
  readonly problems: string[];
  /** Next faults, one a request; then none. */
  faults: LineFault[];
  policy: { body: Body; v: number } | null;
  /** The server's clock. */
  nowMs: () => number;
  asked: number;
  /** What waits for the gateway, made for each nonce that it asks with; null for a server without commands. */
  commands: ((nonce: string) => readonly string[]) | null;
  /** Nonces that the gateway asked for commands with. */
  readonly commandNonces: string[];
  /** Calls the gateway: `policy`, or `command`. */
  wake(name?: 'policy' | 'command'): void;
}

export function createFakeServer(site: TestSite, nowMs: () => number): FakeServer {
  let wakers: ReadableStreamDefaultController<Uint8Array>[] = [];
  const server: FakeServer = {
    stored: [],
    nonces: [],
    uploads: [],
    epochRequests: [],
    nextEpoch: 2,
    problems: [],
    faults: [],
    policy: null,
    nowMs,
    asked: 0,
    commands: null,
    commandNonces: [],
    wake: (name = 'policy') => {
      for (const waker of wakers) waker.enqueue(utf8(`event: ${name}\ndata: {}\n\n`));
    },
    fetch: async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : String(input));
      const fault = url.pathname.endsWith('/wake') ? 'none' : (server.faults.shift() ?? 'none');
      if (fault === 'request-lost') throw new TypeError('fetch failed');
      if (fault === 'captive-portal') return new Response('<html>Masuk dulu</html>', { status: 200 });
      if (fault === 'server-broken') return new Response('{}', { status: 500 });
      if (fault === 'key-refused') return Response.json({ code: 'signature-invalid' }, { status: 401 });
      if (fault === 'huge-answer') return new Response(new Uint8Array(33_000_000), { status: 200 });
      const answer = answerTo(url, init ?? {});
      if (fault === 'answer-lost') throw new TypeError('terminated');
      return answer;
    },
  };

  function answerTo(url: URL, init: RequestInit): Response {
    const body = init.body instanceof Uint8Array ? init.body : new Uint8Array();
    const headers = new Headers(init.headers);
    const parsed = parseSignatureHeaders(
      headers.get('signature-input') ?? '',
      headers.get('signature') ?? '',
    );
    if (!parsed.ok) return complain('unsigned', 401);
    const request = { method: init.method ?? 'GET', path: url.pathname, query: url.search, body };
    const signature = decodeBase64(parsed.value.signatureBase64);
    const isGenuine =
      signature.ok &&
      init.redirect === 'error' &&
      !server.nonces.includes(parsed.value.parameters.nonce) &&
      verify(
        null,
        signatureBase(sha256, request, parsed.value.parameters),
        publicKeyOf(site.gateway.publicKey),
        signature.value,
      );
    if (!isGenuine) return complain('signature-invalid', 401);
    server.nonces.push(parsed.value.parameters.nonce);
    if (url.pathname.endsWith('/gateway/policy')) return policy(url);
    if (url.pathname.endsWith('/gateway/wake')) return stream(init.signal);
    if (url.pathname.endsWith('/gateway/commands')) {
      const { nonce } = commandRequestSchema.parse(JSON.parse(Buffer.from(body).toString('utf8')));
      server.commandNonces.push(nonce);
      return Response.json({ commands: server.commands?.(nonce) ?? [] });
    }
    if (url.pathname.endsWith('/gateway/epochs')) {
      const asked = epochRequestSchema.parse(JSON.parse(Buffer.from(body).toString('utf8')));
      const known = server.epochRequests.findIndex(({ key }) => key === asked.key);
      if (known < 0) server.epochRequests.push(asked);
      return Response.json({ epoch: known < 0 ? server.nextEpoch++ : known + 2 });
    }
    return take(journalUploadSchema.parse(JSON.parse(Buffer.from(body).toString('utf8'))));
  }

  function complain(code: string, status: number): Response {
    server.problems.push(code);
    return Response.json({ code }, { status });
  }

  function policy(url: URL): Response {
    server.asked += 1;
    if (server.policy === null) return complain('unavailable', 503);
    const nonce = url.searchParams.get('nonce') ?? '';
    const { body, v } = server.policy;
    const snapshot = site.snapshot(body, { nonce, t: server.nowMs(), v });
    const isKnown = url.searchParams.get('have') === String(v);
    const waiting = server.commands === null ? {} : { hasCommands: true };
    return Response.json(
      isKnown ? { heartbeat: snapshot.heartbeat, ...waiting } : { ...snapshot, ...waiting },
    );
  }

  function stream(signal: AbortSignal | null | undefined): Response {
    return new Response(
      new ReadableStream<Uint8Array>({
        start: (controller) => {
          wakers.push(controller);
          signal?.addEventListener('abort', () => {
            if (!wakers.includes(controller)) return;
            wakers = wakers.filter((each) => each !== controller);
            controller.error(signal.reason);
          });
        },
      }),
    );
  }

  const leaves = (): Uint8Array[] => server.stored.map((entry) => leafHash(sha256, utf8(entry)));
  const headAt = (size: number): string => {
    const leaf = leaves()[size - 1];
    return leaf === undefined ? NO_PREVIOUS_HASH : encodeBase64Url(leaf);
  };
  const state = (): { size: number; head: string } => ({
    size: server.stored.length,
    head: headAt(server.stored.length),
  });

  /** Written anew from the protocol, so that a fault of the gateway's own code does not hide in it. */
  function take(upload: JournalUpload): Response {
    server.uploads.push(upload);
    if (upload.from > server.stored.length) {
      return Response.json({ code: 'journal-gap', head: state() }, { status: 409 });
    }
    if (headAt(upload.from) !== upload.prev) {
      return Response.json({ code: 'journal-conflict', head: state() }, { status: 409 });
    }
    const overlap = server.stored.slice(upload.from, upload.from + upload.entries.length);
    if (overlap.some((entry, index) => entry !== upload.entries[index])) {
      return Response.json({ code: 'journal-conflict', head: state() }, { status: 409 });
    }
    let sq = upload.from;
    for (const entry of upload.entries) {
      const record = decodeRecord(utf8(entry));
      if (!record.ok || record.value.sq !== sq) return complain('journal-invalid', 422);
      for (const field of Object.keys(record.value.c ?? {})) {
        const isOpened = upload.openings.some((each) => each.sq === sq && each.field === field);
        if (!isOpened) return complain('journal-invalid', 422);
      }
      sq += 1;
    }
    const grown = [...server.stored.slice(0, upload.from), ...upload.entries];
    const note = parseSignedCheckpoint(utf8(upload.checkpoint));
    const root = rootOfLeaves(
      sha256,
      grown.map((entry) => leafHash(sha256, utf8(entry))),
    );
    if (!note.ok || note.value.checkpoint.size !== grown.length) return complain('journal-invalid', 422);
    if (encodeBase64Url(note.value.checkpoint.root) !== encodeBase64Url(root)) {
      return complain('journal-invalid', 422);
    }
    if (grown.length > server.stored.length) server.stored.splice(0, server.stored.length, ...grown);
    return Response.json({ size: grown.length, head: headAt(grown.length), checkpoint: upload.checkpoint });
  }

  return server;
}
