import { existsSync, writeFileSync } from 'node:fs';
import { verifyBundle } from '#contract/bundle';
import { encodeDigest, weekOf } from '#contract/digest';
import { createDigest } from '#contract/digest-check';
import { assertionPorts, hmacSha256, sha256 } from '../../server/signing/node-crypto.ts';
import { drawDigestPage } from './digest-page.ts';
import { loadLocalEvidence } from './local-evidence.ts';
import { createCommand, EXIT, JSON_OPTION, UnusableInput } from './program.ts';
import { readBundle } from './read-bundle.ts';
import { loadSettings } from './server-command.ts';

/** `palang digest`: what others keep, so that nobody can rewrite what was before. */
export const digestCommand = createCommand(
  'digest',
  'prints the weekly digest as text for mail, and as a page for wet signatures',
  {
    bundle: { type: 'string', description: 'folder or .zip; without it the database of this machine' },
    out: {
      type: 'string',
      valueHint: 'file',
      description: 'new file: the page where it ends in .pdf, the text where it ends in .txt',
    },
    ...JSON_OPTION,
  },
  async (args, output) => {
    const { out } = args;
    if (out !== undefined && !/\.(?:pdf|txt)$/i.test(out)) {
      throw new UnusableInput('--out must end in .pdf or .txt');
    }
    if (out !== undefined && existsSync(out)) throw new UnusableInput(`${out} is there already`);
    const { timeZone } = loadSettings();
    const { files } =
      args.bundle === undefined
        ? await loadLocalEvidence('digest', { from: null, until: null })
        : readBundle(args.bundle);
    // What is signed by hand must be what an auditor can verify: so we look at it first.
    const verdict = await verifyBundle(files, { ...assertionPorts, hmac: hmacSha256 });
    if (!verdict.ok) {
      output.complain(
        `palang digest: the evidence does not verify: ${verdict.error.reason}; see palang verify`,
      );
      return EXIT.no;
    }
    const { site, fingerprint, createdAt, isSingleOfficial } = verdict.value;
    const atMs = Date.parse(createdAt);
    const offsetMinutes = offsetOf(timeZone, atMs);
    const digest = createDigest(sha256, files, { site, fingerprint, atMs, offsetMinutes });
    if (digest === null) {
      output.complain('palang digest: the site log has no checkpoint yet');
      return EXIT.no;
    }
    const text = encodeDigest(digest);
    if (out !== undefined) {
      const page = /\.pdf$/i.test(out) ? await drawDigestPage(digest, { isSingleOfficial }) : text;
      writeFileSync(out, page, { flag: 'wx', mode: 0o600 });
    }
    if (args.json === true) {
      output.say(
        JSON.stringify({
          ...(out === undefined ? {} : { out }),
          week: weekOf(digest.madeAt),
          ...digest,
          text,
        }),
      );
    } else {
      output.say(text.trimEnd());
    }
    return EXIT.done;
  },
);

/** Distance of a zone from UTC at an instant, in minutes. */
function offsetOf(timeZone: string, atMs: number): number {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'longOffset' });
  const name = format.formatToParts(atMs).find((part) => part.type === 'timeZoneName')?.value;
  const [, sign, hours = '0', minutes = '0'] = /([+-])(\d\d):(\d\d)/.exec(name ?? '') ?? [];
  return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
}
