import { API_BASE, enrolResponseSchema } from '#contract/api';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import type { Random } from '#contract/clock';
import { rootFingerprint, type RootDocument } from '#contract/root-document';
import { err, ok, type Result } from '#contract/result';
import { createSigner, sha256 } from '../crypto-ports.ts';
import { verifyTrust, type KeyFile } from '../identity.ts';

/** What an enrolment leaves behind: two files, and words to compare with the paper in the safe. */
export interface Enrolment {
  readonly keyFile: KeyFile;
  readonly trustFile: readonly RootDocument[];
  /** Fingerprint of the first root document, 16 groups of four hex digits. */
  readonly fingerprint: string;
  readonly doors: readonly string[];
}

export type EnrolError =
  'server-unreachable' | 'enrolment-refused' | 'server-answer-strange' | 'trust-not-genuine';

const ANSWER_WITHIN_MS = 20_000;

/**
 * Enrols a gateway with a one-time token: makes its key, proves that it holds it, and takes the site's trust anchor.
 * Writes nothing; the private key leaves only in the answer.
 */
export async function enrolGateway(options: {
  readonly url: string;
  readonly token: string;
  readonly random: Random;
  readonly fetch: typeof globalThis.fetch;
}): Promise<Result<Enrolment, EnrolError>> {
  const seed = options.random.bytes(32);
  const signer = createSigner(seed);
  const base = options.url.replace(/\/$/, '');
  let response: Response;
  let answer: unknown;
  try {
    response = await options.fetch(`${base}${API_BASE}/gateways/enrol`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        token: options.token,
        publicKey: encodeBase64Url(signer.publicKey),
        proof: encodeBase64Url(signer.sign(utf8(`palang-enrol/v1\n${options.token}`))),
      }),
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    answer = await response.json();
  } catch (error) {
    if (error instanceof SyntaxError) return err('server-answer-strange');
    return err('server-unreachable');
  }
  if (response.status === 403 || response.status === 400) return err('enrolment-refused');
  const given = enrolResponseSchema.safeParse(answer);
  if (!response.ok || !given.success) return err('server-answer-strange');
  const { gatewayId, siteId, issuer, epoch, doors, pepper, root } = given.data;
  const trust = await verifyTrust(root, siteId);
  const first = root[0];
  if (!trust.ok || first === undefined) return err('trust-not-genuine');
  return ok({
    keyFile: {
      gateway: gatewayId,
      site: siteId,
      issuer,
      epoch,
      privateKey: encodeBase64Url(seed),
      pepper,
    },
    trustFile: root,
    fingerprint: rootFingerprint(sha256, first.root),
    doors,
  });
}
