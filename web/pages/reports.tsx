import type { JSX } from 'preact';
import { useLocation } from 'preact-iso/router';
import type { Report, ReportKind, ReportSection } from '#contract/api-review';
import { findReport, reportPath, type ReportQuery } from '../api-review.ts';
import { useApp, useWords } from '../app-state.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Facts } from '../parts/facts.tsx';
import { Loaded } from '../parts/list-of.tsx';
import { Page } from '../parts/page.tsx';
import type { PageProps } from '../page-props.ts';
import { daysOf, REPORT_PERIODS, reportQueryOf, type ReportPeriod } from '../report-period.ts';
import { sayInstants } from '../say-instants.ts';
import { useDeskWords } from '../use-desk-words.ts';
import { useLoad } from '../use-load.ts';

const FORMATS = ['csv', 'xlsx', 'pdf'] as const;
const SHOWN_ROWS = 100;

interface Choice {
  readonly period: ReportPeriod;
  readonly from: string;
  readonly until: string;
  readonly door: string;
}

/** What the address says of the period and the door; the last month where it says nothing. */
function useChoice(query: PageProps['query']): {
  readonly choice: Choice;
  readonly asked: ReportQuery;
  readonly search: string;
} {
  const app = useApp();
  const { timeZone } = app.time.value;
  const period = REPORT_PERIODS.find((each) => each === query['p']) ?? 'month';
  const days =
    period === 'own'
      ? { from: query['from'] ?? '', until: query['until'] ?? '' }
      : daysOf(period, app.nowMs.value, timeZone);
  const door = query['door'] ?? '';
  const search = new URLSearchParams(
    Object.entries({ p: period, ...(period === 'own' ? days : {}), door }).filter(([, v]) => v !== ''),
  );
  return {
    choice: { period, ...days, door },
    asked: {
      ...reportQueryOf(days, timeZone),
      ...(door === '' ? {} : { doorId: door }),
      language: app.language.value,
    },
    search: search.toString(),
  };
}

function PeriodForm(props: { readonly choice: Choice; readonly path: string }): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const { route } = useLocation();
  const { choice, path } = props;
  const doors = app.places.value?.doors ?? [];
  const go = (change: Partial<Choice>): void => {
    const next = { ...choice, ...change };
    const query = new URLSearchParams(
      Object.entries({
        p: next.period,
        ...(next.period === 'own' ? { from: next.from, until: next.until } : {}),
        door: next.door,
      }).filter(([, value]) => value !== ''),
    );
    route(`${path}?${query}`, true);
  };
  return (
    <form class="trail-filter no-print" onSubmit={(event) => event.preventDefault()}>
      <label class="phrase">
        <span>{desk.reports.period}</span>
        <select
          value={choice.period}
          onChange={(event) => go({ period: event.currentTarget.value as ReportPeriod })}
        >
          {REPORT_PERIODS.map((each) => (
            <option key={each} value={each}>
              {desk.reports.periods[each]}
            </option>
          ))}
        </select>
      </label>
      {(['from', 'until'] as const).map((field) => (
        <label key={field} class="phrase">
          <span>{desk.common[field]}</span>
          <input
            type="date"
            value={choice[field]}
            onChange={(event) => go({ period: 'own', [field]: event.currentTarget.value })}
          />
        </label>
      ))}
      <label class="phrase">
        <span>{desk.reports.door}</span>
        <select value={choice.door} onChange={(event) => go({ door: event.currentTarget.value })}>
          <option value="">{desk.reports.anyDoor}</option>
          {doors.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </form>
  );
}

function Downloads(props: { readonly kind: ReportKind; readonly asked: ReportQuery }): JSX.Element {
  const desk = useDeskWords();
  const name = desk.reports.names[props.kind];
  return (
    <span class="row-acts no-print">
      {FORMATS.map((format) => (
        <a
          key={format}
          class="btn btn-secondary"
          href={reportPath(props.kind, format, props.asked)}
          download={`palang-${props.kind}.${format}`}
          aria-label={desk.reports.downloadAs(desk.reports.formats[format], name)}
        >
          {desk.reports.formats[format]}
        </a>
      ))}
    </span>
  );
}

/** The reports that exist, over one period, each to be looked at or taken along. */
export function ReportsPage({ query }: PageProps): JSX.Element {
  const desk = useDeskWords();
  const { choice, asked, search } = useChoice(query);
  return (
    <Page title={desk.reports.title} lead={desk.reports.lead}>
      <PeriodForm choice={choice} path="/reports" />
      <div class="list">
        {(Object.keys(desk.reports.names) as ReportKind[]).map((kind) => (
          <div key={kind} class="row report-row">
            <span class="row-main">
              <a class="strong" href={`/reports/${kind}?${search}`}>
                {desk.reports.names[kind]}
              </a>
              <span class="soft small">{desk.reports.texts[kind]}</span>
            </span>
            <Downloads kind={kind} asked={asked} />
          </div>
        ))}
      </div>
    </Page>
  );
}

/** One report on the screen, as the files have it. */
export function ReportPage({ params, query }: PageProps): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const { choice, asked, search } = useChoice(query);
  const kind = (Object.keys(desk.reports.names) as ReportKind[]).find((each) => each === params['kind']);
  const known = kind ?? 'log-book';
  const report = useLoad(`report ${known} ${JSON.stringify(asked)}`, () => findReport(app.api, known, asked));
  return (
    <Page
      title={desk.reports.names[known]}
      lead={desk.reports.texts[known]}
      back={{ href: `/reports?${search}`, label: desk.reports.back }}
      isWide
    >
      <PeriodForm choice={choice} path={`/reports/${known}`} />
      <div class="check-actions no-print">
        <Downloads kind={known} asked={asked} />
        <Button icon="print" onClick={() => window.print()}>
          {desk.reports.print}
        </Button>
      </div>
      <Loaded load={report} rows={6}>
        {(data) => <ReportView report={data} />}
      </Loaded>
      <div class="no-print">
        <ButtonLink icon="arrowLeft" href={`/reports?${search}`}>
          {desk.reports.back}
        </ButtonLink>
      </div>
    </Page>
  );
}

function ReportView({ report }: { readonly report: Report }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const desk = useDeskWords();
  const time = app.time.value;
  const cell = (value: string | number | null): string =>
    value === null
      ? ''
      : typeof value === 'number'
        ? value.toLocaleString(words.language.intl)
        : sayInstants(value, time);
  return (
    <article class="report">
      <div class="card">
        <Facts
          rows={[
            [desk.reports.number, report.number],
            [desk.reports.classification, report.classification],
            [
              desk.reports.period,
              `${time.full(Date.parse(report.from))} ${words.time.until} ${time.full(Date.parse(report.until))}`,
            ],
            [
              desk.reports.madeAt,
              `${time.full(Date.parse(report.madeAt))}, ${desk.common.by(report.madeBy)}`,
            ],
            ...report.summary.map(({ label, value }) => [label, cell(value)] as const),
            [desk.reports.hash, <span class="mono hash">{report.hash}</span>],
          ]}
        />
      </div>
      {report.sections.map((section) => (
        <SectionTable key={section.title} section={section} cell={cell} />
      ))}
      {report.notes.length === 0 ? null : (
        <section class="block">
          <h2>{desk.reports.notes}</h2>
          <ul class="bullets">
            {report.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </section>
      )}
    </article>
  );
}

function SectionTable(props: {
  readonly section: ReportSection;
  readonly cell: (value: string | number | null) => string;
}): JSX.Element {
  const desk = useDeskWords();
  const { section, cell } = props;
  const shown = section.rows.slice(0, SHOWN_ROWS);
  return (
    <section class="block">
      <h2>
        {section.title}
        <span class="count">{section.rows.length}</span>
      </h2>
      {section.rows.length === 0 ? (
        <p class="soft">{desk.reports.emptySection}</p>
      ) : (
        <div class="scroll" tabIndex={0} role="group" aria-label={section.title}>
          <table class="plain-table report-table">
            <thead>
              <tr>
                {section.columns.map((column, index) => (
                  <th
                    key={`${index} ${column}`}
                    scope="col"
                    class={typeof section.rows[0]?.[index] === 'number' ? 'num' : undefined}
                  >
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((row, number) => (
                <tr key={number}>
                  {row.map((value, index) => (
                    <td key={index} class={typeof value === 'number' ? 'num' : undefined}>
                      {cell(value)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {shown.length < section.rows.length ? (
        <p class="soft small">{desk.reports.firstRows(shown.length, section.rows.length)}</p>
      ) : null}
    </section>
  );
}
