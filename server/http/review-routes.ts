import { z, type OpenAPIHono } from '@hono/zod-openapi';
import { API_BASE } from '#contract/api';
import {
  anomalyQuerySchema,
  anomalySchema,
  campaignSchema,
  campaignSummarySchema,
  logReviewSchema,
  newCampaignSchema,
  newLogReviewSchema,
  REPORT_KINDS,
  reportQuerySchema,
  reportSchema,
  reviewDecisionSchema,
  unusedRightSchema,
  type Report,
} from '#contract/api-review';
import { actMethodOf } from '../auth/step-up.ts';
import { anomaliesOf } from '../audit/report-builders.ts';
import { encodeReportCsv, encodeReportXlsx } from '../audit/report-files.ts';
import { encodeReportPdf } from '../audit/report-pdf.ts';
import { makeReport } from '../audit/report.ts';
import { decideRights, openCampaign, signLogReview } from '../procedure/reviews.ts';
import { recordAudit } from '../store/audit-trail.ts';
import { inTransaction } from '../store/database.ts';
import { personNames } from '../store/report-rows.ts';
import { listCampaigns, listLogReviews } from '../store/reviews.ts';
import { listUnusedRights } from '../store/rights.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { problem, PROBLEM_ANSWER, refuse } from './problem-response.ts';
import { answers, created, defineRoute, jsonBody, may, mayAfresh } from './route.ts';

// Named, so that the OpenAPI document says each of them once.
const campaignOut = campaignSchema.meta({ id: 'ReviewCampaign' });
const campaignsOut = z.object({ items: z.array(campaignSummarySchema) });
const logReviewOut = logReviewSchema.meta({ id: 'LogReview' });
const reportOut = reportSchema.meta({ id: 'Report' });

const idParam = { params: z.object({ id: z.string().max(64) }) };

/** A month and a day more: what a monthly report is asked for without saying when. */
const DEFAULT_PERIOD_MS = 31 * 86_400_000;

const TYPES = {
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pdf: 'application/pdf',
} as const;

/** Routes for reviews of rights and logs, for what stands out, and for the reports that come of them. */
export function addReviewRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site } = ports;
  const periodOf = (query: { readonly from?: string | undefined; readonly until?: string | undefined }) => {
    const until = query.until === undefined ? site.clock.epochMs() : Date.parse(query.until);
    return { from: query.from === undefined ? until - DEFAULT_PERIOD_MS : Date.parse(query.from), until };
  };

  app.openapi(
    defineRoute(ports, may('reviews.read'), {
      method: 'get',
      path: `${API_BASE}/reviews`,
      summary: 'Reviews of access rights, newest first.',
      tags: ['reviews'],
      responses: answers(campaignsOut),
    }),
    async (c) => {
      const campaigns = await listCampaigns(site.db);
      return c.json({ items: campaigns.map(({ people: _p, pace: _pace, ...summary }) => summary) }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('reviews.open'), {
      method: 'post',
      path: `${API_BASE}/reviews`,
      summary: 'Open a review of everybody who has rights in a scope.',
      tags: ['reviews'],
      request: { body: jsonBody(newCampaignSchema) },
      responses: created(campaignOut),
    }),
    async (c) => {
      const { deadlineAt, ...campaign } = c.req.valid('json');
      const order = { ...campaign, deadlineAt: Date.parse(deadlineAt) };
      const opened = await openCampaign(site, c.get('person'), order);
      return opened.ok ? c.json(opened.value, 201) : refuse(c, opened.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('reviews.read'), {
      method: 'get',
      path: `${API_BASE}/reviews/unused-rights`,
      summary: 'People with a card that nobody used for 90 days.',
      tags: ['reviews'],
      responses: answers(z.object({ items: z.array(unusedRightSchema) })),
    }),
    async (c) => c.json({ items: await listUnusedRights(site.db, site.clock.epochMs()) }, 200),
  );

  app.openapi(
    defineRoute(ports, may('reviews.read'), {
      method: 'get',
      path: `${API_BASE}/reviews/anomalies`,
      summary: 'The four anomalies of NIST PE-6 in a period, oldest first.',
      tags: ['reviews'],
      request: { query: anomalyQuerySchema },
      responses: answers(z.object({ items: z.array(anomalySchema) })),
    }),
    async (c) => {
      const query = c.req.valid('query');
      const names = await personNames(site.db);
      const found = await anomaliesOf(site, periodOf(query));
      const items = found.slice(0, query.limit).map((each) => ({
        ...each,
        personName: names.get(each.personId ?? '') ?? null,
        at: new Date(each.at).toISOString(),
      }));
      return c.json({ items }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('reviews.read'), {
      method: 'get',
      path: `${API_BASE}/reviews/log`,
      summary: 'Signed reviews of the log, newest month first.',
      tags: ['reviews'],
      responses: answers(z.object({ items: z.array(logReviewOut) })),
    }),
    async (c) => c.json({ items: [...(await listLogReviews(site.db))] }, 200),
  );

  app.openapi(
    defineRoute(ports, mayAfresh('reviews.sign'), {
      method: 'post',
      path: `${API_BASE}/reviews/log`,
      summary: 'Sign the review of a month of the log, with where each log stood at its end.',
      tags: ['reviews'],
      request: { body: jsonBody(newLogReviewSchema) },
      responses: created(logReviewOut),
    }),
    async (c) => {
      const review = { ...c.req.valid('json'), method: actMethodOf(c.get('stepUp')) };
      const signed = await signLogReview(site, c.get('person'), review);
      return signed.ok ? c.json(signed.value, 201) : refuse(c, signed.error);
    },
  );

  app.openapi(
    defineRoute(ports, may('reviews.read'), {
      method: 'get',
      path: `${API_BASE}/reviews/{id}`,
      summary: 'A review with its people, and how fast each reviewer decided.',
      tags: ['reviews'],
      request: idParam,
      responses: answers(campaignOut),
    }),
    async (c) => {
      const [campaign] = await listCampaigns(site.db, c.req.valid('param').id);
      return campaign === undefined ? problem(c, 'not-found') : c.json(campaign, 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('reviews.decide'), {
      method: 'post',
      path: `${API_BASE}/reviews/{id}/people/{person}`,
      summary: 'Keep, change or revoke the rights of somebody else, with a reason.',
      tags: ['reviews'],
      request: {
        params: z.object({ id: z.string().max(64), person: z.string().max(64) }),
        body: jsonBody(reviewDecisionSchema),
      },
      responses: answers(campaignOut),
    }),
    async (c) => {
      const { id: campaignId, person: personId } = c.req.valid('param');
      const place = { campaignId, personId };
      const decided = await decideRights(site, c.get('person'), place, c.req.valid('json'));
      return decided.ok ? c.json(decided.value, 200) : refuse(c, decided.error);
    },
  );

  const fileOf = async (
    report: Report,
    format: keyof typeof TYPES,
    language: 'id' | 'en',
  ): Promise<Uint8Array> => {
    switch (format) {
      case 'csv':
        return new TextEncoder().encode(encodeReportCsv(report));
      case 'xlsx':
        return encodeReportXlsx(report);
      case 'pdf':
        return encodeReportPdf(report, ports.agency, language);
    }
  };

  app.openapi(
    defineRoute(ports, may('reports.read'), {
      method: 'get',
      path: `${API_BASE}/reports/{kind}`,
      summary: 'A report over a whole period as JSON, CSV, XLSX or PDF; each download stands in the trail.',
      tags: ['reviews'],
      request: { params: z.object({ kind: z.enum(REPORT_KINDS) }), query: reportQuerySchema },
      responses: {
        200: {
          description: 'The report.',
          content: {
            'application/json': { schema: reportOut },
            'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) },
          },
        },
        default: PROBLEM_ANSWER,
      },
    }),
    async (c) => {
      const { kind } = c.req.valid('param');
      const { format, language, doorId, ...query } = c.req.valid('query');
      const person = c.get('person');
      const { from, until } = periodOf(query);
      if (from >= until) return problem(c, 'invalid-input', [{ pointer: '/until', code: 'reversed' }]);
      const order = { from, until, doorId, language, version: ports.version, madeBy: person.name };
      const report = await makeReport(site, ports.siteName, kind, order);
      await inTransaction(site.db, (trx) =>
        recordAudit(trx, {
          at: site.clock.epochMs(),
          byId: person.id,
          act: 'report.downloaded',
          subject: kind,
          facts: { format, from: report.from, until: report.until, rows: report.rowCount, hash: report.hash },
        }),
      );
      if (format === 'json') return c.json(report, 200);
      const [, , first = '', last = ''] = report.number.split('/');
      const name = `palang-${site.id}-${kind}-${first}-${last}.${format}`;
      return new Response(Buffer.from(await fileOf(report, format, language)), {
        headers: {
          'content-type': TYPES[format],
          'content-disposition': `attachment; filename="${name}"`,
          'cache-control': 'no-store',
        },
      });
    },
  );
}
