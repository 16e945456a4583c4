import type {
  API_BASE,
  AccessEvent,
  AccessRequest,
  Credential,
  Demo,
  Door,
  EventDetail,
  GatewaySummary,
  Integrity,
  Me,
  NewRequest,
  Occupancy,
  Person,
  Purpose,
  RoleName,
  Room,
} from '#contract/api';
import type { Density, Figures } from '#contract/api-figures';
import type { Problem, ProblemCode } from '#contract/problem';
import { err, ok, type Result } from '#contract/result';
import type { LocalProblem } from './words/word-shapes.ts';

/** Why a call gave no answer that can be used. */
export interface ApiProblem {
  readonly code: ProblemCode | LocalProblem;
  /** Which fields were wrong, by JSON pointer. */
  readonly pointers: readonly string[];
  readonly requestId: string | null;
}

export type ApiResult<T> = Result<T, ApiProblem>;

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface NewPerson {
  readonly name: string;
  readonly organisation: string;
  readonly username?: string;
  readonly password?: string;
  readonly roles: readonly RoleName[];
}

export interface EnrolmentToken {
  readonly gatewayId: string;
  readonly token: string;
  readonly expiresAt: string;
}

/** Filters of the event list; absent ones do not narrow. */
export type EventFilter = Partial<
  Record<
    'from' | 'until' | 'doorId' | 'type' | 'reason' | 'severity' | 'q' | 'cursor' | 'asOf' | 'offset',
    string
  >
>;

/** What the simulated door says of itself; read with care, since it is no part of the contract. */
export type SimulatorState = Readonly<Record<string, unknown>>;

/** What a browser may do through the API; every call answers with a result and never throws for the network. */
export interface ApiClient {
  /** The call that all others are made of, for the clients of single areas. */
  call<T>(method: string, path: string, body?: unknown): Promise<ApiResult<T>>;
  signIn(username: string, password: string): Promise<ApiResult<Me>>;
  signOut(): Promise<ApiResult<null>>;
  me(): Promise<ApiResult<Me>>;
  demo(): Promise<ApiResult<Demo>>;
  rooms(): Promise<ApiResult<Page<Room>>>;
  doors(): Promise<ApiResult<Page<Door>>>;
  purposes(): Promise<ApiResult<Page<Purpose>>>;
  requests(scope: 'mine' | 'waiting' | 'all', cursor?: string): Promise<ApiResult<Page<AccessRequest>>>;
  request(id: string): Promise<ApiResult<AccessRequest>>;
  fileRequest(request: NewRequest): Promise<ApiResult<AccessRequest>>;
  withdraw(id: string): Promise<ApiResult<AccessRequest>>;
  approve(id: string): Promise<ApiResult<AccessRequest>>;
  reject(id: string, reason: string): Promise<ApiResult<AccessRequest>>;
  revoke(id: string, reason: string): Promise<ApiResult<AccessRequest>>;
  occupancy(): Promise<ApiResult<Occupancy>>;
  events(filter: EventFilter, limit: number): Promise<ApiResult<Page<AccessEvent>>>;
  event(id: string): Promise<ApiResult<EventDetail>>;
  density(filter: EventFilter): Promise<ApiResult<Density>>;
  figures(period: { readonly from?: string; readonly until?: string }): Promise<ApiResult<Figures>>;
  integrity(): Promise<ApiResult<Integrity>>;
  downloadEvidence(onBytes: (received: number) => void): Promise<ApiResult<Uint8Array>>;
  people(cursor?: string): Promise<ApiResult<Page<Person>>>;
  addPerson(person: NewPerson): Promise<ApiResult<Person>>;
  credentials(cursor?: string): Promise<ApiResult<Page<Credential>>>;
  setCredentialState(id: string, state: Credential['state']): Promise<ApiResult<Credential>>;
  gateways(): Promise<ApiResult<Page<GatewaySummary>>>;
  addGateway(id: string, doors: readonly string[]): Promise<ApiResult<EnrolmentToken>>;
  doorControl(command: string, body: Readonly<Record<string, unknown>>): Promise<ApiResult<SimulatorState>>;
  doorState(): Promise<ApiResult<SimulatorState>>;
}

/** Where the API lives; the contract's own constant would bring its schemas into the first load. */
export const API_PATH = '/api/v1' satisfies typeof API_BASE;

/** Address of the evidence bundle: a plain link downloads it with the session of the browser. */
export const evidencePath = (period: { readonly from?: string; readonly until?: string }): string =>
  `${API_PATH}/evidence/export${queryOf(period)}`;

/** Writes the query of an address; empty fields are left out. */
export function queryOf(fields: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== '') query.set(name, String(value));
  }
  return query.size === 0 ? '' : `?${query}`;
}

export interface ApiPorts {
  readonly fetch: typeof fetch;
  /** Called when the server no longer knows the session. */
  readonly onSignedOut: () => void;
  /** Asks whoever is at the screen to prove it again. @returns whether that is done */
  readonly onStepUp: () => Promise<boolean>;
  /** Called with the time of the server (ms since 1970) on each answer. */
  readonly onServerTime: (serverMs: number) => void;
}

const localProblem = (code: LocalProblem): ApiProblem => ({ code, pointers: [], requestId: null });

async function readJson(response: Response): Promise<Result<unknown, ApiProblem>> {
  if (response.status === 204) return ok(null);
  try {
    return ok(await response.json());
  } catch (error) {
    if (error instanceof SyntaxError) return err(localProblem('unreadable'));
    return err(localProblem('offline'));
  }
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const body = await readJson(response);
  const problem = body.ok ? (body.value as Partial<Problem> | null) : null;
  if (typeof problem?.code !== 'string') {
    // A proxy in between answers in its own form: what it means for people is that the server is away.
    return localProblem(response.status >= 502 && response.status <= 504 ? 'offline' : 'unreadable');
  }
  return {
    code: problem.code,
    pointers: problem.errors?.map((each) => each.pointer) ?? [],
    requestId: problem.requestId ?? null,
  };
}

/** Creates the typed client; it holds no resource. */
export function createApiClient(ports: ApiPorts): ApiClient {
  async function answer(path: string, init: RequestInit): Promise<Result<Response, ApiProblem>> {
    const first = await answerOnce(path, init);
    if (first.ok || first.error.code !== 'step-up-required') return first;
    // Once: an answer that asks again after it would ask for ever.
    return (await ports.onStepUp()) ? answerOnce(path, init) : first;
  }

  async function answerOnce(path: string, init: RequestInit): Promise<Result<Response, ApiProblem>> {
    let response: Response;
    try {
      response = await ports.fetch(`${API_PATH}${path}`, { credentials: 'same-origin', ...init });
    } catch (error) {
      if (error instanceof TypeError) return err(localProblem('offline'));
      throw error;
    }
    const serverMs = Date.parse(response.headers.get('date') ?? '');
    if (!Number.isNaN(serverMs)) ports.onServerTime(serverMs);
    if (response.ok) return ok(response);
    const problem = await problemOf(response);
    if (problem.code === 'not-signed-in') ports.onSignedOut();
    return err(problem);
  }

  async function call<T>(method: string, path: string, body?: unknown): Promise<ApiResult<T>> {
    const response = await answer(path, {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) return response;
    return (await readJson(response.value)) as ApiResult<T>;
  }

  const get = <T>(path: string): Promise<ApiResult<T>> => call<T>('GET', path);
  const post = <T>(path: string, body: unknown = {}): Promise<ApiResult<T>> => call<T>('POST', path, body);
  const part = encodeURIComponent;

  return {
    call,
    signIn: (username, password) => post('/session', { username, password }),
    signOut: () => call('DELETE', '/session'),
    me: () => get('/me'),
    demo: () => get('/demo'),
    rooms: () => get('/rooms'),
    doors: () => get('/doors'),
    purposes: () => get('/purposes'),
    requests: (scope, cursor) => get(`/requests${queryOf({ scope, cursor, limit: 100 })}`),
    request: (id) => get(`/requests/${part(id)}`),
    fileRequest: (request) => post('/requests', request),
    withdraw: (id) => post(`/requests/${part(id)}/withdraw`),
    approve: (id) => post(`/requests/${part(id)}/approve`),
    reject: (id, reason) => post(`/requests/${part(id)}/reject`, { reason }),
    revoke: (id, reason) => post(`/requests/${part(id)}/revoke`, { reason }),
    occupancy: () => get('/occupancy'),
    events: (filter, limit) => get(`/events${queryOf({ ...filter, limit })}`),
    event: (id) => get(`/events/${id.split('/').map(part).join('/')}`),
    density: (filter) => get(`/figures/density${queryOf(filter)}`),
    figures: (period) => get(`/figures/period${queryOf(period)}`),
    integrity: () => get('/evidence/integrity'),
    async downloadEvidence(onBytes) {
      const response = await answer('/evidence/export', { method: 'GET' });
      if (!response.ok) return response;
      return readBytes(response.value, onBytes);
    },
    people: (cursor) => get(`/people${queryOf({ cursor, limit: 200 })}`),
    addPerson: (person) => post('/people', person),
    credentials: (cursor) => get(`/credentials${queryOf({ cursor, limit: 200 })}`),
    setCredentialState: (id, state) => call('PATCH', `/credentials/${part(id)}`, { state }),
    gateways: () => get('/gateways'),
    addGateway: (id, doors) => post('/gateways', { id, doors }),
    doorControl: (command, body) => post(`/demo/door/${command}`, body),
    doorState: () => get('/demo/door/state'),
  };
}

async function readBytes(
  response: Response,
  onBytes: (received: number) => void,
): Promise<ApiResult<Uint8Array>> {
  try {
    const reader = response.body?.getReader();
    if (reader === undefined) return ok(new Uint8Array(await response.arrayBuffer()));
    const chunks: Uint8Array[] = [];
    let received = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      received += value.length;
      onBytes(received);
    }
    return ok(new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer()));
  } catch (error) {
    if (error instanceof TypeError) return err(localProblem('offline'));
    throw error;
  }
}
