import { setTimeout as sleep } from 'node:timers/promises';

/** One edge of the simulated lock relay. */
export interface RelayEdge {
  readonly atMs: number;
  readonly isReleased: boolean;
}

/** The hands of a visitor at the simulated door, over its control server. */
export interface DoorClient {
  presentCard(reader: 'entry' | 'exit', card: string): Promise<void>;
  /** @returns true where the leaf moved */
  push(): Promise<boolean>;
  closeDoor(): Promise<void>;
  state(): Promise<{ readonly lock: 'secured' | 'released'; readonly leaf: 'open' | 'closed' }>;
  /** Every edge of the relay since the door was started. */
  relay(): Promise<readonly RelayEdge[]>;
  /** How often the relay has released. */
  releases(): Promise<number>;
  /** Any other request: `/force`, `/inject`, `/unplug` ... */
  post(path: string, body: unknown): Promise<unknown>;
}

/**
 * How long after it was laid on a reader a card counts as presented anew: held 300 ms by the simulator, then gone
 * for the 1200 ms that the gateway takes for one presentation.
 */
const ANEW_MS = 1_700;

/** Creates a client of a door's control server. */
export function createDoorClient(url: string): DoorClient {
  async function call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(new URL(path, url), {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!answer.ok) throw new Error(`the door answered ${answer.status} to ${path}`);
    const text = await answer.text();
    return text === '' ? undefined : JSON.parse(text);
  }
  const presentedMs = new Map<string, number>();
  const relay = async (): Promise<readonly RelayEdge[]> => {
    const edges = await call('GET', '/lock-line');
    if (!Array.isArray(edges)) throw new Error('the door gave no lock line');
    return edges as RelayEdge[];
  };
  return {
    async presentCard(reader, card) {
      const key = `${reader} ${card}`;
      const sinceMs = performance.now() - (presentedMs.get(key) ?? -ANEW_MS);
      // A person takes the card away before they try it again.
      if (sinceMs < ANEW_MS) await sleep(ANEW_MS - sinceMs);
      presentedMs.set(key, performance.now());
      await call('POST', '/card', { reader, card: card.replace(/^em:/, '') });
    },
    async push() {
      const answer = await call('POST', '/push', {});
      return typeof answer === 'object' && answer !== null && Object.values(answer).includes(true);
    },
    async closeDoor() {
      await call('POST', '/close', {});
    },
    state: async () => (await call('GET', '/state')) as Awaited<ReturnType<DoorClient['state']>>,
    relay,
    releases: async () => (await relay()).filter((edge) => edge.isReleased).length,
    post: (path, body) => call('POST', path, body),
  };
}
