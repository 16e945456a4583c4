import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { Anomaly, LogReview } from '#contract/api-review';
import { anomalies as findAnomalies, logReviews, signLogReview, unusedRights } from '../api-review.ts';
import { useApp, useMe, useWords } from '../app-state.ts';
import { periodOf } from '../event-filter.ts';
import { ActSheet } from '../parts/act-sheet.tsx';
import { Button } from '../parts/button.tsx';
import { Chip } from '../parts/chip.tsx';
import { Facts } from '../parts/facts.tsx';
import { Icon } from '../parts/icon.tsx';
import { TextField } from '../parts/inputs.tsx';
import { ListOf, Loaded } from '../parts/list-of.tsx';
import { Notice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { ReviewsTabs } from '../parts/reviews-tabs.tsx';
import type { PageProps } from '../page-props.ts';
import { useDeskWords } from '../use-desk-words.ts';
import { useLoad } from '../use-load.ts';
import { wordOf } from '../words/words.ts';
import { wallTimeOf } from '../zone-time.ts';

/** What deserves a second look: rights that nobody uses, and visits that do not fit. */
export function SignalsPage({ query }: PageProps): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const { route } = useLocation();
  const draft = { from: query['from'] ?? '', until: query['until'] ?? '' };
  const period = periodOf(
    {
      from: draft.from === '' ? undefined : draft.from,
      until: draft.until === '' ? undefined : draft.until,
    },
    app.time.value.timeZone,
  );
  const unused = useLoad('unused rights', () => unusedRights(app.api));
  const found = useLoad(`anomalies ${JSON.stringify(period)}`, () => findAnomalies(app.api, period));
  const set = (field: keyof typeof draft, value: string): void => {
    const next = new URLSearchParams(
      Object.entries({ ...draft, [field]: value }).filter(([, each]) => each !== ''),
    );
    route(next.size === 0 ? '/reviews/signals' : `/reviews/signals?${next}`, true);
  };
  return (
    <Page title={desk.reviews.title} lead={desk.reviews.lead} isWide>
      <ReviewsTabs current="/reviews/signals" />
      <section class="block">
        <h2>{desk.reviews.anomaliesTitle}</h2>
        <p class="soft">{desk.reviews.anomaliesLead}</p>
        <form class="trail-filter" onSubmit={(event) => event.preventDefault()}>
          {(['from', 'until'] as const).map((field) => (
            <label key={field} class="phrase">
              <span>{desk.common[field]}</span>
              <input
                type="date"
                value={draft[field]}
                onChange={(event) => set(field, event.currentTarget.value)}
              />
            </label>
          ))}
        </form>
        <Loaded load={found} rows={3}>
          {({ items }) =>
            items.length === 0 ? (
              <Notice tone="granted" title={desk.reviews.anomaliesEmpty} />
            ) : (
              <AnomalyTable items={items} />
            )
          }
        </Loaded>
      </section>
      <section class="block">
        <h2>{desk.reviews.unusedTitle}</h2>
        <p class="soft">{desk.reviews.unusedLead}</p>
        <Loaded load={unused} rows={2}>
          {({ items }) =>
            items.length === 0 ? (
              <Notice tone="granted" title={desk.reviews.unusedEmpty} />
            ) : (
              <div class="list">
                {items.map((right) => (
                  <div key={right.personId} class="row">
                    <span class="row-main">
                      <span class="strong">{right.personName}</span>
                      <span class="soft small">{right.organisation}</span>
                    </span>
                    <span class="row-end soft small">
                      {desk.reviews.lastUsed}{' '}
                      {right.lastUsedAt === null
                        ? desk.common.never
                        : app.time.value.date(Date.parse(right.lastUsedAt))}
                    </span>
                    <Chip tone="waiting" icon="clock">
                      {desk.reviews.unusedDays(right.unusedDays)}
                    </Chip>
                  </div>
                ))}
              </div>
            )
          }
        </Loaded>
      </section>
    </Page>
  );
}

function AnomalyTable({ items }: { readonly items: readonly Anomaly[] }): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const measureOf = (anomaly: Anomaly): string =>
    Object.entries(anomaly.measure)
      .map(([name, value]) =>
        typeof value === 'number'
          ? `${value} ${wordOf(desk.reviews.measures, name)}`
          : wordOf(desk.reviews.measures, value),
      )
      .join(', ');
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={desk.reviews.anomaliesTitle}>
      <table class="plain-table">
        <thead>
          <tr>
            <th scope="col">{desk.reviews.when}</th>
            <th scope="col">{desk.reviews.what}</th>
            <th scope="col">{desk.reviews.who}</th>
            <th scope="col">{desk.reviews.where}</th>
            <th scope="col">{desk.reviews.measure}</th>
          </tr>
        </thead>
        <tbody>
          {items.map((anomaly) => (
            <tr key={`${anomaly.visitId} ${anomaly.kind} ${anomaly.at}`}>
              <td>{app.time.value.dense(Date.parse(anomaly.at))}</td>
              <td class="strong">{desk.reviews.anomalies[anomaly.kind]}</td>
              <td>{anomaly.personName ?? desk.reviews.nobody}</td>
              <td>{app.doorName(anomaly.doorId)}</td>
              <td>{measureOf(anomaly)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The month before the one in which something happened, e.g. `2026-02`. */
function monthBefore(atMs: number, timeZone: string): string {
  const [year = 0, month = 1] = wallTimeOf(atMs, timeZone).date.split('-').map(Number);
  return month === 1 ? `${year - 1}-12` : `${year}-${String(month - 1).padStart(2, '0')}`;
}

/** Each month somebody reads the log and signs what it came to. */
export function LogReviewsPage(): JSX.Element {
  const app = useApp();
  const me = useMe();
  const desk = useDeskWords();
  const reviews = useLoad('log reviews', () => logReviews(app.api));
  const [isSigning, setIsSigning] = useState(false);
  const [isSigned, setIsSigned] = useState(false);
  const maySign = me.roles.includes('supervisor');
  return (
    <Page
      title={desk.reviews.title}
      lead={desk.reviews.logLead}
      primary={
        maySign ? (
          <Button kind="primary" icon="draft" onClick={() => setIsSigning(true)}>
            {desk.reviews.sign}
          </Button>
        ) : undefined
      }
    >
      <ReviewsTabs current="/reviews/log" />
      {isSigned ? <Notice tone="granted" title={desk.reviews.signed} isAnswer /> : null}
      <ListOf
        load={reviews}
        icon="book"
        empty={desk.reviews.logEmpty}
        emptyHint={desk.reviews.logEmptyText}
        row={(review) => <LogReviewCard key={review.period} review={review} />}
        isCards
      />
      {isSigning ? (
        <SignSheet
          onDone={() => {
            setIsSigning(false);
            setIsSigned(true);
            void reviews.reload();
          }}
          onClose={() => setIsSigning(false)}
        />
      ) : null}
    </Page>
  );
}

function SignSheet(props: { readonly onDone: () => void; readonly onClose: () => void }): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const [period, setPeriod] = useState(() => monthBefore(app.nowMs.value, app.time.value.timeZone));
  const [conclusion, setConclusion] = useState<LogReview['conclusion']>('in-order');
  const [findings, setFindings] = useState('');
  return (
    <ActSheet
      title={desk.reviews.sign}
      means={desk.reviews.signMeans}
      confirm={desk.reviews.sign}
      isReady={findings.trim() !== ''}
      act={() => signLogReview(app.api, { period, conclusion, findings: findings.trim() })}
      onDone={props.onDone}
      onClose={props.onClose}
    >
      {(faultOf) => (
        <>
          <TextField
            label={desk.reviews.month}
            fault={faultOf('/period')}
            type="month"
            value={period}
            onValue={setPeriod}
            pattern="20[0-9]{2}-(0[1-9]|1[0-2])"
            isRequired
          />
          <fieldset class="choices">
            <legend>{desk.reviews.conclusion}</legend>
            {(['in-order', 'follow-up'] as const).map((each) => (
              <label key={each} class="choice">
                <input
                  type="radio"
                  name="conclusion"
                  checked={conclusion === each}
                  onChange={() => setConclusion(each)}
                />
                <span>{desk.reviews.conclusions[each]}</span>
              </label>
            ))}
          </fieldset>
          <TextField
            label={desk.reviews.findings}
            hint={desk.reviews.findingsHint}
            fault={faultOf('/findings')}
            value={findings}
            onValue={setFindings}
            maxLength={2000}
            rows={4}
            isRequired
          />
        </>
      )}
    </ActSheet>
  );
}

function LogReviewCard({ review }: { readonly review: LogReview }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const desk = useDeskWords();
  const number = (n: number): string => n.toLocaleString(words.language.intl);
  const month = new Intl.DateTimeFormat(words.language.intl, {
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  }).format(Date.parse(`${review.period}-15T00:00:00.000Z`));
  const isFine = review.conclusion === 'in-order';
  return (
    <article class="card stack">
      <header class="gateway-head">
        <h2>{month}</h2>
        <Chip tone={isFine ? 'granted' : 'waiting'} icon={isFine ? 'check' : 'alarm'}>
          {desk.reviews.conclusions[review.conclusion]}
        </Chip>
      </header>
      <p class="pre">{review.findings}</p>
      <p class="soft small">
        {desk.reviews.signedBy(review.byName, app.time.value.full(Date.parse(review.at)))},{' '}
        {desk.reviews.methods[review.method]} · {desk.reviews.events(number(review.events))}
      </p>
      <details class="fold">
        <summary>
          <span class="row-main strong">{desk.reviews.heads}</span>
          <Icon name="chevronDown" />
        </summary>
        <div class="fold-text">
          <Facts
            rows={[
              ...review.heads.map(
                ({ log, size, head }) =>
                  [
                    log,
                    <span>
                      {number(size)} · <span class="mono hash">{head}</span>
                    </span>,
                  ] as const,
              ),
              [desk.reviews.documentHash, <span class="mono hash">{review.documentHash}</span>],
            ]}
          />
        </div>
      </details>
    </article>
  );
}
