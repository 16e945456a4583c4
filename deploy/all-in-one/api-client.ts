import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { API_BASE } from '#contract/api';
import type { z } from 'zod';

const ANSWER_MS = 15_000;

/** An answer of the API as it came. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** Where a server is, and by which certificate it is known where that is one of its own making. */
export interface ServerAddress {
  readonly url: string;
  readonly ca?: string;
}

/** Speaks to the API as one signed-in person, over real HTTP. */
export interface ApiClient {
  /** Asks for a path below the API's base and checks the answer's form. */
  get<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T>>;
  post<T extends z.ZodType>(path: string, body: unknown, schema: T): Promise<z.output<T>>;
  /** The answer whatever its status. */
  send(method: string, path: string, body?: unknown): Promise<ApiAnswer>;
}

/** An answer other than the one that was asked for. */
export class ApiRefusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(method: string, path: string, status: number, code: string) {
    super(`${method} ${path.split('?')[0]} was answered ${status} ${code}`);
    this.status = status;
    this.code = code;
  }
}

/** Creates a client that is signed in as nobody. */
export const createApiClient = (server: ServerAddress): ApiClient => clientWith(server, '');

/** Signs in and creates a client that carries the session. @throws ApiRefusal */
export async function signIn(
  server: ServerAddress,
  account: { readonly username: string; readonly password: string },
): Promise<ApiClient> {
  const { username, password } = account;
  const answer = await send(server, '', 'POST', '/session', { username, password });
  if (answer.status >= 300) throw refusal('POST', '/session', answer);
  return clientWith(server, answer.cookies);
}

function clientWith(server: ServerAddress, cookies: string): ApiClient {
  async function call<T extends z.ZodType>(
    method: string,
    path: string,
    body: unknown,
    schema: T,
  ): Promise<z.output<T>> {
    const answer = await send(server, cookies, method, path, body);
    if (answer.status >= 300) throw refusal(method, path, answer);
    return schema.parse(answer.body.length === 0 ? undefined : JSON.parse(answer.body.toString('utf8')));
  }
  return {
    get: (path, schema) => call('GET', path, undefined, schema),
    post: (path, body, schema) => call('POST', path, body, schema),
    send: (method, path, body) => send(server, cookies, method, path, body),
  };
}

function refusal(method: string, path: string, answer: ApiAnswer): ApiRefusal {
  let code = '';
  try {
    const problem: unknown = JSON.parse(answer.body.toString('utf8'));
    if (typeof problem === 'object' && problem !== null && 'code' in problem) code = String(problem.code);
  } catch {
    code = 'without a problem document';
  }
  return new ApiRefusal(method, path, answer.status, code);
}

// Not fetch: it offers no way to name a certificate authority for one call.
function send(
  server: ServerAddress,
  cookies: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<ApiAnswer & { readonly cookies: string }> {
  const url = new URL(`${API_BASE}${path}`, server.url);
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers: Record<string, string> = { accept: 'application/json, */*', origin: url.origin };
  if (cookies !== '') headers['cookie'] = cookies;
  if (payload !== undefined) headers['content-type'] = 'application/json';
  const options = { method, headers, agent: false as const, timeout: ANSWER_MS };
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, ...(server.ca === undefined ? {} : { ca: server.ca }) })
        : httpRequest(url, options);
    request.once('error', reject);
    request.once('timeout', () => request.destroy(new Error('no answer in time')));
    request.once('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(parts),
          cookies: (response.headers['set-cookie'] ?? []).map((each) => each.split(';')[0]).join('; '),
        }),
      );
    });
    request.end(payload);
  });
}
