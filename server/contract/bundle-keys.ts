import type { Misfit } from './bundle-failure.ts';
import { decodeBase64Url } from './bytes.ts';
import type { NoteKey } from './checkpoint.ts';
import type { SignaturePorts } from './log-checkpoints.ts';
import { siteNoteKey } from './record.ts';
import { rootFingerprint, verifyRootChain, type RootBody, type RootDocument } from './root-document.ts';
import { err, ok, type Result } from './result.ts';

/** What a chain of root documents stands for. */
export interface EvidenceKeys {
  readonly site: string;
  /** Every key that has ever had the `log` role: older checkpoints stay signed by older keys. */
  readonly logKeys: readonly NoteKey[];
  /** Fingerprint of the first root document: to be compared with the paper. */
  readonly fingerprint: string;
  /** True where one official holds the newest root key alone. */
  readonly isSingleOfficial: boolean;
}

const ROOT_WORDS = {
  'not-signed-by-enough': 'Too few root keys have signed this chain.',
  'wrong-site': 'The chain passes from one site to another.',
  'version-not-next': 'A version is missing in the chain.',
} as const;

/**
 * Verifies the root documents that come with evidence.
 * @param wanted the site that they must be of, and the fingerprint on paper (spaces, colons and case do not matter)
 * @see rules C11, C12
 */
export async function verifyEvidenceKeys(
  ports: SignaturePorts,
  chain: readonly [RootDocument, ...RootDocument[]],
  wanted: { readonly site?: string; readonly rootFingerprint?: string },
): Promise<Result<EvidenceKeys, Misfit>> {
  const newest = await verifyRootChain(ports.verify, chain);
  if (!newest.ok) {
    const reason = newest.error === 'not-signed-by-enough' ? 'unsigned' : 'inconsistent';
    return err({ reason, words: ROOT_WORDS[newest.error] });
  }
  const { site, singleOfficial } = newest.value;
  if (wanted.site !== undefined && site !== wanted.site) {
    return err({ reason: 'wrong-key', words: 'The root keys are those of another site.' });
  }
  const fingerprint = rootFingerprint(ports.sha256, chain[0].root);
  if (wanted.rootFingerprint !== undefined && bareHex(wanted.rootFingerprint) !== bareHex(fingerprint)) {
    const words = 'The root keys are not those of the fingerprint that was given.';
    return err({ reason: 'wrong-key', words });
  }
  const logKeys = logKeysOf(chain.map((document) => document.root));
  return ok({ site, logKeys, fingerprint, isSingleOfficial: singleOfficial });
}

const bareHex = (text: string): string => text.replaceAll(/[\s:]/g, '').toLowerCase();

/** Lists every key that any of these root documents gives the `log` role. */
export function logKeysOf(roots: readonly RootBody[]): readonly NoteKey[] {
  const keys = new Map<string, NoteKey>();
  for (const root of roots) {
    for (const kid of root.roles.log.keys) {
      const key = Object.hasOwn(root.keys, kid) ? root.keys[kid] : undefined;
      const bytes = key === undefined ? null : decodeBase64Url(key);
      if (key !== undefined && bytes?.ok === true) keys.set(key, siteNoteKey(root.site, bytes.value));
    }
  }
  return [...keys.values()];
}
