import { asMonoMs } from '#contract/clock';
import type { Mailer } from '../notify/mail.ts';
import { postWebhook, type WebhookSettings } from '../notify/webhook.ts';
import {
  dropOutbox,
  dueOutbox,
  forgetSent,
  mailAddressOf,
  noteTry,
  type OutboxChannel,
  type OutboxItem,
} from '../store/outbox.ts';
import type { Site } from './site.ts';

/** The ways out of this server; null where one is not set up. */
export interface WaysOut {
  readonly webhook: WebhookSettings | null;
  readonly mailer: Mailer | null;
}

const EVERY_MS = 5_000;
const BATCH = 50;
const FIRST_RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 3_600_000;
/** Thirty seconds, doubling up to an hour: given up after about eight hours. */
const MOST_TRIES = 14;
const SENT_KEPT_MS = 30 * 86_400_000;

type Outcome = 'sent' | 'failed' | 'nobody';
type Send = (item: OutboxItem) => Promise<Outcome>;

/** The code of a failed delivery; its message may quote an address or a stranger's answer, and stays out of the log. */
function codeOf(error: unknown): string {
  const source = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = source instanceof Error && 'code' in source ? source.code : null;
  return typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? code : 'failed';
}

async function sendDue(site: Site, channel: OutboxChannel, send: Send, signal: AbortSignal): Promise<void> {
  for (const item of await dueOutbox(site.db, channel, site.clock.epochMs(), BATCH)) {
    if (signal.aborted) return;
    let why = 'refused';
    const outcome = await send(item).catch((error: unknown): Outcome => {
      why = codeOf(error);
      return 'failed';
    });
    // Ended by our own closing: no try of the receiver's.
    if (outcome === 'failed' && signal.aborted) return;
    const now = site.clock.epochMs();
    const tries = item.tries + 1;
    if (outcome === 'nobody') await dropOutbox(site.db, { id: item.id });
    else if (outcome === 'sent') await noteTry(site.db, item.id, { state: 'sent', tries, next_try_at: now });
    else {
      site.log.warn({ channel, tries, why }, 'a notification was not delivered');
      const state = tries >= MOST_TRIES ? 'dead' : 'waiting';
      const waitMs = Math.min(FIRST_RETRY_MS * 2 ** item.tries, LONGEST_RETRY_MS);
      await noteTry(site.db, item.id, { state, tries, next_try_at: now + waitMs });
      if (state === 'dead') site.log.error({ channel, id: item.id }, 'a notification was given up');
      // The others of this channel would very likely fail too; they are tried at the next turn.
      return;
    }
  }
}

/**
 * Delivers what is due, once around. An item counts as sent when its receiver has taken it: a server that dies in
 * between sends it again, under the same id.
 * @see rules SH85, SH88
 */
export async function deliverOutbox(site: Site, ways: WaysOut, signal: AbortSignal): Promise<void> {
  const { webhook, mailer } = ways;
  const sends: readonly (readonly [OutboxChannel, Send | null])[] = [
    [
      'webhook',
      webhook &&
        (async ({ id, payload }) => {
          const message = { id, body: payload, atMs: site.clock.epochMs() };
          return (await postWebhook(webhook, message, signal)) ? 'sent' : 'failed';
        }),
    ],
    [
      'e-mail',
      mailer &&
        (async ({ id, person_id: personId }) => {
          const to = personId === null ? null : await mailAddressOf(site.db, personId);
          if (to === null) return 'nobody';
          await mailer.send({ id, to });
          return 'sent';
        }),
    ],
  ];
  await Promise.all(
    sends.map(([channel, send]) =>
      send === null ? dropOutbox(site.db, { channel }) : sendDue(site, channel, send, signal),
    ),
  );
  await forgetSent(site.db, site.clock.epochMs() - SENT_KEPT_MS);
}

/** Delivers until the signal aborts; a failure is logged and tried again at the next turn. */
export async function deliverOutboxUntil(site: Site, ways: WaysOut, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await deliverOutbox(site, ways, signal);
    } catch (error) {
      site.log.error({ error }, 'delivery failed');
    }
    await site.clock.sleepUntil(asMonoMs(site.clock.monoMs() + EVERY_MS), signal);
  }
}
