import type { JSX } from 'preact';
import { useLocation } from 'preact-iso/router';
import { useEffect, useState } from 'preact/hooks';
import type { AuditEntry } from '#contract/api-door';
import type { ApiProblem } from '../api-client.ts';
import { auditTrail } from '../api-door.ts';
import { useApp, useWords } from '../app-state.ts';
import { changeLines, leavesOf } from '../change-lines.ts';
import { periodOf } from '../event-filter.ts';
import { Button } from '../parts/button.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Icon } from '../parts/icon.tsx';
import { ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import type { PageProps } from '../page-props.ts';
import { useLoad } from '../use-load.ts';
import { wordOf } from '../words/words.ts';

const FIELDS = ['act', 'from', 'until'] as const;
type Draft = Partial<Record<(typeof FIELDS)[number], string>>;

interface More {
  readonly key: string;
  readonly items: readonly AuditEntry[];
  readonly nextCursor: string | null;
}

/** Who changed what, with before and after; the filter lives in the address. */
export function AuditTrailPage({ query }: PageProps): JSX.Element {
  const app = useApp();
  const words = useWords();
  const { route } = useLocation();
  const draft: Draft = Object.fromEntries(
    FIELDS.flatMap((field) => (query[field] ? [[field, query[field]]] : [])),
  );
  const filter = {
    ...(draft.act === undefined ? {} : { act: draft.act }),
    ...periodOf(draft, app.time.value.timeZone),
  };
  const key = JSON.stringify(filter);
  const first = useLoad(`trail ${key}`, () => auditTrail(app.api, filter));
  const [more, setMore] = useState<More | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  useEffect(() => setProblem(null), [key]);
  const later = more?.key === key ? more : null;
  const items = first.data === undefined ? undefined : [...first.data.items, ...(later?.items ?? [])];
  const nextCursor = later === null ? (first.data?.nextCursor ?? null) : later.nextCursor;

  function set(field: keyof Draft, value: string): void {
    const next = new URLSearchParams({ ...draft, [field]: value });
    if (value === '') next.delete(field);
    route(next.size === 0 ? '/audit-trail' : `/audit-trail?${next}`, true);
  }

  async function loadMore(cursor: string): Promise<void> {
    setIsBusy(true);
    const answer = await auditTrail(app.api, { ...filter, cursor });
    setIsBusy(false);
    setProblem(answer.ok ? null : answer.error);
    if (!answer.ok) return;
    const before = later?.items ?? [];
    setMore({ key, items: [...before, ...answer.value.items], nextCursor: answer.value.nextCursor });
  }

  return (
    <Page title={words.auditTrail.title} lead={words.auditTrail.lead} isWide>
      <form class="trail-filter" onSubmit={(event) => event.preventDefault()}>
        <label class="phrase">
          <span>{words.auditTrail.filterAct}</span>
          <select value={draft.act ?? ''} onChange={(event) => set('act', event.currentTarget.value)}>
            <option value="">{words.auditTrail.anyAct}</option>
            {Object.entries(words.auditTrail.acts).map(([act, word]) => (
              <option key={act} value={act}>
                {word}
              </option>
            ))}
          </select>
        </label>
        {(['from', 'until'] as const).map((field) => (
          <label key={field} class="phrase">
            <span>{words.auditTrail[field]}</span>
            <input
              type="date"
              value={draft[field] ?? ''}
              onChange={(event) => set(field, event.currentTarget.value)}
            />
          </label>
        ))}
        {Object.keys(draft).length === 0 ? null : (
          <Button kind="quiet" icon="cross" onClick={() => route('/audit-trail', true)}>
            {words.auditTrail.reset}
          </Button>
        )}
      </form>
      {first.problem === undefined ? null : (
        <ProblemNotice problem={first.problem} onRetry={() => void first.reload()} />
      )}
      {items === undefined ? (
        first.problem === undefined ? (
          <Skeleton rows={8} kind="row" />
        ) : null
      ) : items.length === 0 ? (
        <EmptyState icon="history" title={words.auditTrail.emptyTitle} text={words.auditTrail.emptyText} />
      ) : (
        <div class="list trail">
          {items.map((entry) => (
            <TrailRow key={entry.id} entry={entry} />
          ))}
        </div>
      )}
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {nextCursor === null || items === undefined ? null : (
        <Button isBusy={isBusy} onClick={() => void loadMore(nextCursor)}>
          {words.common.more}
        </Button>
      )}
    </Page>
  );
}

function TrailRow({ entry }: { readonly entry: AuditEntry }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const subject = app.doorName(entry.subject);
  return (
    <details class="trail-row">
      <summary>
        <span class="trail-time">{app.time.value.dense(Date.parse(entry.at))}</span>
        <span class="strong">{wordOf(words.auditTrail.acts, entry.act)}</span>
        <span>{entry.byName ?? words.auditTrail.byClock}</span>
        <span class={subject === entry.subject ? 'soft mono small' : 'soft'}>{subject}</span>
        <Icon name="chevronDown" />
      </summary>
      <div class="trail-facts">
        <p class="soft small">{app.time.value.full(Date.parse(entry.at))}</p>
        {'before' in entry.facts || 'after' in entry.facts ? (
          <ChangeTable before={entry.facts['before']} after={entry.facts['after']} />
        ) : (
          <FactTable facts={entry.facts} />
        )}
      </div>
    </details>
  );
}

function ChangeTable(props: { readonly before: unknown; readonly after: unknown }): JSX.Element {
  const words = useWords();
  const nothing = <span class="soft">{words.auditTrail.nothing}</span>;
  return (
    <div class="table-scroll" tabIndex={0} role="group" aria-label={words.auditTrail.facts}>
      <table class="plain-table change-table">
        <thead>
          <tr>
            <th scope="col">{words.auditTrail.facts}</th>
            <th scope="col">{words.auditTrail.before}</th>
            <th scope="col">{words.auditTrail.after}</th>
          </tr>
        </thead>
        <tbody>
          {changeLines(props.before, props.after).map(({ path, before, after }) => (
            <tr key={path}>
              <th scope="row" class="mono">
                {path}
              </th>
              <td class={before === null ? '' : 'was'}>{before ?? nothing}</td>
              <td class={after === null ? '' : 'is'}>{after ?? nothing}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function FactTable({ facts }: { readonly facts: AuditEntry['facts'] }): JSX.Element {
  const words = useWords();
  const lines = [...leavesOf(facts)];
  if (lines.length === 0) return <p class="soft">{words.auditTrail.nothing}</p>;
  return (
    <dl class="facts">
      {lines.map(([path, value]) => (
        <div key={path}>
          <dt class="mono">{path}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
