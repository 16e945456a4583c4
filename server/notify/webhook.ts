import { createHmac } from 'node:crypto';

/** Where a chat gateway listens, and the secret that it shares. */
export interface WebhookSettings {
  readonly url: string;
  readonly secret: string;
}

const ANSWER_WITHIN_MS = 10_000;

/** Signs a body as `v1=HEX`: HMAC-SHA-256 over `TIME.BODY`, so that a body cannot be sent again later as new. */
export const webhookSignature = (secret: string, atSeconds: number, body: string): string =>
  `v1=${createHmac('sha256', secret).update(`${atSeconds}.${body}`).digest('hex')}`;

/**
 * Posts one message to the webhook.
 * @param message.id the receiver's key for telling repeats
 * @returns whether the receiver took it
 * @see rule SH86
 */
export async function postWebhook(
  { url, secret }: WebhookSettings,
  message: { readonly id: string; readonly body: string; readonly atMs: number },
  signal: AbortSignal,
): Promise<boolean> {
  const at = Math.floor(message.atMs / 1000);
  const answer = await fetch(url, {
    method: 'POST',
    body: message.body,
    // Whoever answers for that address elsewhere does not have the secret.
    redirect: 'error',
    headers: {
      'content-type': 'application/json',
      'palang-id': message.id,
      'palang-timestamp': String(at),
      'palang-signature': webhookSignature(secret, at, message.body),
    },
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
  });
  await answer.body?.cancel();
  return answer.ok;
}
