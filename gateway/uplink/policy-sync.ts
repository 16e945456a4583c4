import type { Logger } from 'pino';
import { z } from 'zod';
import { encodeBase64Url } from '#contract/bytes';
import { asEpochMs, asMonoMs, type Clock, type EpochMs, type Random } from '#contract/clock';
import { decodeJson } from '#contract/decode-json';
import { Fault } from '#contract/result';
import type { SignedTime } from '../clock/step-clock.ts';
import type { PolicyStore } from '../permits/policy-store.ts';
import { backOffMs, type Pause } from './pause.ts';
import type { ServerClient } from './server-client.ts';

/** How often the server is asked when it does not call. */
const ASK_EVERY_MS = 60_000;
const LONG_PAUSE_MS = 300_000;

/**
 * Keeps the orders fresh until `signal` aborts: asks at start, when woken, and every minute.
 * @param ports.onTime hears each signed time
 * @see rules GU7, GU8
 */
export async function runPolicySync(ports: {
  readonly policy: PolicyStore;
  readonly client: ServerClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly pause: Pause;
  readonly onTime: (time: SignedTime) => void;
  /** Hears the signed date of carried orders: it is at least so late, and nothing more is known of the time. */
  readonly onDate: (at: EpochMs) => void;
  /** Orders of people wait at the server. */
  readonly onCommands: () => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { policy, client, clock, random, log, pause, signal } = ports;
  let failures = 0;
  /** A difference did not lead to what the manifest counts: the next question is for all of it. */
  let isWhole = false;

  async function takeCarried(): Promise<void> {
    const accepted = await policy.acceptCarried();
    if (accepted === null) return;
    if (accepted.ok) {
      ports.onDate(asEpochMs(accepted.value.t));
      log.info({ version: accepted.value.v }, 'carried orders are in force');
    } else log.error({ why: accepted.error }, 'carried orders were not accepted');
  }

  async function ask(): Promise<'fresh' | 'failed' | 'refused' | 'again'> {
    const nonce = encodeBase64Url(random.bytes(16));
    const sentMs = clock.monoMs();
    const current = policy.current();
    // Without its orders it is still known how new they were: what comes has to lead on from there.
    const have = current?.index.version ?? policy.known();
    const held = {
      have,
      root: policy.trust().root.v,
      isWhole: isWhole || (current === null && have > 0),
    };
    const snapshot = await client.fetchPolicy(held, nonce, signal);
    const heardMs = clock.monoMs();
    if (snapshot === 'refused') return 'refused';
    const accepted = await policy.accept(snapshot, nonce);
    if (!accepted.ok && accepted.error === 'delta-mismatch' && !isWhole) {
      isWhole = true;
      return 'again';
    }
    if (!accepted.ok) {
      if (failures === 0) log.error({ why: accepted.error }, 'orders of the server were not accepted');
      return 'failed';
    }
    isWhole = false;
    const errorMs = (heardMs - sentMs) / 2;
    ports.onTime({
      epochMs: asEpochMs(Math.round(accepted.value.t)),
      monoMs: asMonoMs(sentMs + errorMs),
      errorMs,
    });
    if (snapshot.hasCommands === true) ports.onCommands();
    return 'fresh';
  }

  while (!signal.aborted) {
    let outcome: 'fresh' | 'failed' | 'refused' | 'again';
    try {
      await takeCarried();
      outcome = await ask();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (!signal.aborted && failures === 0)
        log.warn({ fault: error.code }, 'the server was not asked for orders');
      outcome = 'failed';
    }
    if (outcome === 'again') continue;
    failures = outcome === 'fresh' ? 0 : failures + 1;
    if (outcome === 'refused') log.error('the server refuses the key of this gateway');
    const waitMs = {
      fresh: ASK_EVERY_MS,
      failed: backOffMs(failures, random),
      refused: LONG_PAUSE_MS,
    }[outcome];
    await pause.waitMs(waitMs, signal);
  }
}

/** Follows the server's wake stream until `signal` aborts; it is a hint only, so that nothing rests on it. */
export async function runWake(ports: {
  readonly client: ServerClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly rest: Pause;
  /** @param data what the server says with it: deny notices, perhaps */
  readonly onPolicy: (data: string) => void;
  readonly onCommands: () => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  let failures = 0;
  while (!ports.signal.aborted) {
    const sinceMs = ports.clock.monoMs();
    try {
      await ports.client.followWake((name, data) => {
        if (name === 'policy') ports.onPolicy(data);
        // A call may have been lost while the stream was down.
        if (name === 'command' || name === 'connected') ports.onCommands();
      }, ports.signal);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
    // A stream that held for a while was no failure.
    failures = ports.clock.monoMs() - sinceMs > ASK_EVERY_MS ? 1 : failures + 1;
    await ports.rest.waitMs(backOffMs(failures, ports.random), ports.signal);
  }
}

const wakeSchema = z.object({ denies: z.array(z.string()).max(100) });

/** Reads the deny notices that come with a call of the server; none where there are none. */
export function deniesIn(data: string): readonly string[] {
  // An older server calls with nothing, or with a number.
  const wake = wakeSchema.safeParse(decodeJson(data));
  return wake.success ? wake.data.denies : [];
}
