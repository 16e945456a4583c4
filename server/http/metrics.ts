import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Figures for an operator; no label holds a name or an id. */
export interface Metrics {
  countRequest(route: string, method: string, status: number, seconds: number): void;
  countSignIn(result: 'succeeded' | 'failed'): void;
  countUpload(result: string): void;
  changeStreams(by: 1 | -1): void;
  /** @param counts everything that waits or was given up; what is not in it is none */
  setOutbox(
    counts: readonly { readonly channel: string; readonly state: string; readonly count: number }[],
  ): void;
  setSilentGateways(count: number): void;
  text(): Promise<string>;
  readonly contentType: string;
}

/** Makes a set of figures of its own, so that two servers in one process do not share them. */
export function createMetrics(options: { readonly hasProcessFigures: boolean }): Metrics {
  const registry = new Registry();
  if (options.hasProcessFigures) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Histogram({
    name: 'palang_http_request_seconds',
    help: 'Time to answer, by route.',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.3, 1, 3],
    registers,
  });
  const signIns = new Counter({
    name: 'palang_sign_ins_total',
    help: 'Tries to sign in.',
    labelNames: ['result'],
    registers,
  });
  const uploads = new Counter({
    name: 'palang_journal_uploads_total',
    help: 'Batches of journals.',
    labelNames: ['result'],
    registers,
  });
  const streams = new Gauge({ name: 'palang_streams', help: 'Open event streams.', registers });
  const outbox = new Gauge({
    name: 'palang_outbox',
    help: 'Notifications that wait to leave, or were given up.',
    labelNames: ['channel', 'state'],
    registers,
  });
  const silent = new Gauge({
    name: 'palang_gateways_silent',
    help: 'Enrolled gateways that were not heard of for five minutes.',
    registers,
  });
  return {
    setSilentGateways: (count) => silent.set(count),
    setOutbox: (counts) => {
      outbox.reset();
      for (const { count, channel, state } of counts) outbox.set({ channel, state }, count);
    },
    countRequest: (route, method, status, seconds) =>
      requests.observe({ route, method, status: String(status) }, seconds),
    countSignIn: (result) => signIns.inc({ result }),
    countUpload: (result) => uploads.inc({ result }),
    changeStreams: (by) => streams.inc(by),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
