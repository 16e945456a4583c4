import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BUNDLE_FORMAT, BUNDLE_PATHS } from '#contract/bundle-format';
import { BUNDLE_REASONS } from '#contract/bundle-failure';
import { DIGEST_FORMAT } from '#contract/digest';
import { EVENT_TYPE_NAMES } from '#contract/event';
import { EVENT_PROOF_FORMAT } from '#contract/event-proof';
import { siteLogRecordSchema } from '#contract/site-log';
import checkpoints from '../../server/contract/vectors/checkpoint.json';
import commitments from '../../server/contract/vectors/commitment.json';
import digests from '../../server/contract/vectors/digest.json';
import merkle from '../../server/contract/vectors/merkle.json';
import records from '../../server/contract/vectors/record.json';
import roots from '../../server/contract/vectors/root-document.json';

const manual = readFileSync(new URL('../../deploy/manual/evidence-format.md', import.meta.url), 'utf8');

describe('the description of the format', () => {
  it('C31: names every event, kind of site log record, reason, file and format', () => {
    const kinds = siteLogRecordSchema.options.map((option) => option.shape.ty.value);
    const names = [
      ...EVENT_TYPE_NAMES,
      ...kinds,
      ...BUNDLE_REASONS,
      ...Object.values(BUNDLE_PATHS),
      BUNDLE_FORMAT,
      EVENT_PROOF_FORMAT,
      DIGEST_FORMAT,
      'inconsistent-with-digest',
    ];
    expect(names.filter((name) => !manual.includes(`\`${name}\``))).toEqual([]);
  });

  it('C31: gives the known answers of the vectors', () => {
    const known = [
      checkpoints.cosigned,
      roots.message,
      roots.hash,
      roots.fingerprint,
      merkle.roots[8],
      commitments.commitments[0]?.commitment,
      records.journal[0]?.text,
      records.journal[0]?.hash,
      digests.text,
    ];
    expect(known.filter((answer) => answer === undefined || !manual.includes(answer))).toEqual([]);
  });
});
