import { API_BASE, journalAckSchema, journalConflictSchema, type JournalUpload } from '#contract/api';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import type { Clock, Random } from '#contract/clock';
import { commandAnswerSchema } from '#contract/command';
import { decodeJson } from '#contract/decode-json';
import { epochAnswerSchema, type EpochRequest } from '#contract/epoch';
import { policySnapshotSchema, type PolicySnapshot } from '#contract/policy';
import { encodeSignatureHeaders, signatureBase } from '#contract/request-signature';
import { Fault } from '#contract/result';
import { sha256, type Signer } from '../crypto-ports.ts';
import { withSignal } from './pause.ts';
import type { UploadAnswer } from './step-upload.ts';

/** What a gateway holds, so that the server sends no more than is missing. */
export interface PolicyHeld {
  /** Version of the orders in force; 0 for none. */
  readonly have: number;
  /** Version of the root document in force. */
  readonly root: number;
  /** True where the orders are wanted as a whole, because a difference did not fit. */
  readonly isWhole: boolean;
}

/** What the gateway asks of the server. Each call may throw Fault `server-unreachable` or `server-answer-strange`. */
export interface ServerClient {
  /** @returns the answer, or `refused` where the server does not know this gateway's key */
  fetchPolicy(held: PolicyHeld, nonce: string, signal: AbortSignal): Promise<PolicySnapshot | 'refused'>;
  uploadJournal(epoch: number, upload: JournalUpload, signal: AbortSignal): Promise<UploadAnswer>;
  /** @returns the number of the epoch that belongs to this key, or `refused` where there is none for it */
  fetchEpoch(request: EpochRequest, signal: AbortSignal): Promise<number | 'refused'>;
  /** @returns the orders of people that wait, as compact JWS, or `refused` as above */
  fetchCommands(nonce: string, signal: AbortSignal): Promise<readonly string[] | 'refused'>;
  /**
   * Calls `onEvent` once the wake stream stands (`connected`) and for each of its events until it ends, with what the
   * event says.
   */
  followWake(onEvent: (name: string, data: string) => void, signal: AbortSignal): Promise<void>;
}

const ANSWER_WITHIN_MS = 20_000;
/** A stream that says nothing for so long may be half open; a new one costs little. */
const WAKE_SILENCE_MS = 600_000;
const MAX_ANSWER_BYTES = 32_000_000;
const MAX_EVENT_LINE = 65_536;

const strange = (cause?: unknown): Fault => new Fault('server-answer-strange', { retryable: true, cause });
const unreachable = (cause?: unknown): Fault => new Fault('server-unreachable', { retryable: true, cause });

/** Creates the client of one server. @param fetch the platform's, or a fake */
export function createServerClient(options: {
  readonly url: string;
  readonly gateway: string;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: typeof globalThis.fetch;
}): ServerClient {
  const base = new URL(options.url);
  const prefix = base.pathname.replace(/\/$/, '');

  async function ask(
    method: 'GET' | 'POST',
    path: string,
    query: string,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<Response> {
    const request = { method, path: `${prefix}${API_BASE}${path}`, query, body };
    const parameters = {
      created: Math.floor(options.clock.epochMs() / 1000),
      nonce: encodeBase64Url(options.random.bytes(16)),
      keyId: options.gateway,
    };
    const signature = options.signer.sign(signatureBase(sha256, request, parameters));
    try {
      return await options.fetch(new URL(`${request.path}${query}`, base), {
        method,
        headers: {
          ...encodeSignatureHeaders(sha256, request, parameters, signature),
          ...(method === 'POST' && { 'content-type': 'application/json' }),
        },
        ...(method === 'POST' && { body: Buffer.from(body) }),
        // A redirect would carry the signature to another place.
        redirect: 'error',
        signal,
      });
    } catch (error) {
      throw unreachable(error);
    }
  }

  async function askJson(
    method: 'GET' | 'POST',
    path: string,
    query: string,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly answer: unknown }> {
    const own = new AbortController();
    const timer = setTimeout(() => own.abort(), ANSWER_WITHIN_MS);
    try {
      return await withSignal(signal, own, async (joined) => {
        const response = await ask(method, path, query, body, joined);
        return { status: response.status, answer: await readJson(response) };
      });
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    fetchPolicy: async ({ have, root, isWhole }, nonce, signal) => {
      const query = `?have=${have}&root=${root}&nonce=${nonce}${isWhole ? '&whole=1' : ''}`;
      const { status, answer } = await askJson('GET', '/gateway/policy', query, new Uint8Array(), signal);
      if (status === 401 || status === 403) return 'refused';
      if (status !== 200) throw unreachable();
      const snapshot = policySnapshotSchema.safeParse(answer);
      // A captive portal answers 200 with a page of its own.
      if (!snapshot.success) throw strange();
      return snapshot.data;
    },
    uploadJournal: async (epoch, upload, signal) => {
      const body = utf8(JSON.stringify(upload));
      const { status, answer } = await askJson('POST', `/gateway/journal/${epoch}`, '', body, signal);
      switch (status) {
        case 200: {
          const ack = journalAckSchema.safeParse(answer);
          if (!ack.success) throw strange();
          const { size, head, checkpoint: note } = ack.data;
          return { kind: 'acknowledged', size, head, note };
        }
        case 409: {
          const conflict = journalConflictSchema.safeParse(answer);
          if (!conflict.success) throw strange();
          const { code, head } = conflict.data;
          if (code === 'journal-gap') return { kind: 'gap', ...head };
          return { kind: code === 'journal-fenced' ? 'fenced' : 'conflict' };
        }
        case 401:
        case 403:
          return { kind: 'refused' };
        case 422:
          return { kind: 'invalid' };
        default:
          throw unreachable();
      }
    },
    fetchEpoch: async (request, signal) => {
      const body = utf8(JSON.stringify(request));
      const { status, answer } = await askJson('POST', '/gateway/epochs', '', body, signal);
      if (status >= 400 && status < 500) return 'refused';
      if (status !== 200) throw unreachable();
      const given = epochAnswerSchema.safeParse(answer);
      if (!given.success) throw strange();
      return given.data.epoch;
    },
    fetchCommands: async (nonce, signal) => {
      const body = utf8(JSON.stringify({ nonce }));
      const { status, answer } = await askJson('POST', '/gateway/commands', '', body, signal);
      if (status === 401 || status === 403) return 'refused';
      if (status !== 200) throw unreachable();
      const commands = commandAnswerSchema.safeParse(answer);
      if (!commands.success) throw strange();
      return commands.data.commands;
    },
    followWake: async (onEvent, signal) => {
      const silence = new AbortController();
      const arm = (): NodeJS.Timeout => setTimeout(() => silence.abort(), WAKE_SILENCE_MS);
      let timer = arm();
      try {
        await withSignal(signal, silence, follow);
      } catch (error) {
        throw error instanceof Fault ? error : unreachable(error);
      } finally {
        clearTimeout(timer);
      }

      async function follow(joined: AbortSignal): Promise<void> {
        const response = await ask('GET', '/gateway/wake', '', new Uint8Array(), joined);
        if (response.status !== 200 || response.body === null) throw unreachable();
        onEvent('connected', '');
        let held = '';
        let name: string | undefined;
        for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
          clearTimeout(timer);
          timer = arm();
          const lines = (held + chunk).split(/\r?\n/);
          held = lines.pop() ?? '';
          if (held.length > MAX_EVENT_LINE) throw strange();
          for (const line of lines) {
            name = /^event:\s*([a-z-]{1,40})$/.exec(line)?.[1] ?? name;
            const data = /^data: ?(.*)$/.exec(line)?.[1];
            if (name === undefined || data === undefined) continue;
            onEvent(name, data);
            name = undefined;
          }
        }
      }
    },
  };
}

/** Reads a body up to a bound; undefined where it is not JSON. */
async function readJson(response: Response): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of response.body ?? []) {
      length += part.length;
      if (length > MAX_ANSWER_BYTES) throw strange();
      parts.push(part);
    }
  } catch (error) {
    throw error instanceof Fault ? error : unreachable(error);
  }
  return decodeJson(Buffer.concat(parts).toString('utf8'));
}
