import type { Report, ReportKind } from '#contract/api-review';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { canonicalText, type CanonicalValue } from '#contract/canonical';
import { sha256 } from '../signing/node-crypto.ts';
import type { Site } from '../procedure/site.ts';
import { buildContent, type ReportContent, type ReportOrder } from './report-builders.ts';

/** Canonical forms hold whole numbers only; figures of a report may have a decimal place. */
const cell = (value: string | number | null): CanonicalValue =>
  typeof value === 'number' && !Number.isInteger(value) ? String(value) : value;

/** Hashes what a report says: its title, summary and rows, in canonical form. @see rule SH76 */
export const reportHash = ({ title, summary, sections }: ReportContent): string =>
  encodeBase64Url(
    sha256(
      utf8(
        canonicalText({
          title,
          summary: summary.map(({ label, value }) => [label, cell(value)]),
          sections: sections.map((section) => ({
            title: section.title,
            columns: section.columns,
            rows: section.rows.map((row) => row.map(cell)),
          })),
        } as CanonicalValue),
      ),
    ),
  );

/** Makes a report of a kind, as everybody gets it whatever form they take it in. */
export async function makeReport(
  site: Site,
  siteName: string,
  kind: ReportKind,
  order: ReportOrder & { readonly madeBy: string },
): Promise<Report> {
  const content = await buildContent(site, kind, order);
  const from = new Date(order.from).toISOString();
  const until = new Date(order.until).toISOString();
  // First and last day of the period as they are at the site, written as ISO 8601 does.
  const days = new Intl.DateTimeFormat('sv-SE', { timeZone: site.timeZone });
  return {
    kind,
    ...content,
    number: `LAP-RS/${kind}/${days.format(order.from)}/${days.format(order.until - 1)}`,
    siteName,
    // Names are in all of them.
    classification: order.language === 'id' ? 'TERBATAS' : 'RESTRICTED',
    from,
    until,
    timeZone: site.timeZone,
    madeAt: new Date(site.clock.epochMs()).toISOString(),
    madeBy: order.madeBy,
    rowCount: content.sections.reduce((sum, { rows }) => sum + rows.length, 0),
    hash: reportHash(content),
  };
}
