import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { AccessEvent, EventDetail } from '#contract/api';
import { ACCESS_OUTCOMES, DENY_REASONS, EVENT_TYPE_NAMES, type DenyReason } from '#contract/event';
import { useApp, useMe, useWords } from '../app-state.ts';
import { apiFilterOf, eventsAddress, filterOf, type FilterDraft, type FilterField } from '../event-filter.ts';
import { Button } from '../parts/button.tsx';
import { Chip } from '../parts/chip.tsx';
import { DensityStrip } from '../parts/density-strip.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { eventLook } from '../parts/event-look.ts';
import { Facts } from '../parts/facts.tsx';
import { Field } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { Sheet } from '../parts/sheet.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { checkRecordProof } from '../record-proof.ts';
import type { PageProps } from '../page-props.ts';
import { loadSavedFilters, saveFilters, withSaved, type SavedFilter } from '../saved-filters.ts';
import { EVENT_PAGE, useEventWindow, type EventWindow } from '../use-event-window.ts';
import { useLoad } from '../use-load.ts';
import { useStream } from '../use-stream.ts';
import { useWindowRows } from '../use-window-rows.ts';
import { pagesOf } from '../window-rows.ts';
import type { Words } from '../words/id.ts';
import { wordOf } from '../words/words.ts';

const SEVERITIES = ['normal', 'notice', 'warning', 'alarm'] as const;
const TYPING_MS = 300;

/** What a reason or an outcome means; the code itself where this app does not know it yet. */
function reasonWord(words: Words, reason: string): string {
  if (Object.hasOwn(words.denials, reason)) return words.denials[reason as DenyReason].name;
  return wordOf(words.outcomes, reason);
}

/** Rows that paper takes; for more there is the download. */
const MOST_PRINTED = 1000;

/** The book of events: found by a sentence, read by the row, proven one by one. */
export function EventsPage({ query }: PageProps): JSX.Element {
  const app = useApp();
  const words = useWords();
  const { route } = useLocation();
  const time = app.time.value;
  const filter = filterOf(query);
  const openId = query['event'];
  const key = JSON.stringify(filter);
  const list = useEventWindow(app.api, key, apiFilterOf(filter, time.timeZone));
  const [fresh, setFresh] = useState(0);
  useStream(
    (message) => {
      if (message.kind === 'event') setFresh((count) => count + 1);
    },
    () => setFresh((count) => count + 1),
  );
  const { total } = list;

  function show(next: FilterDraft): void {
    setFresh(0);
    route(eventsAddress(next), true);
  }

  async function refresh(): Promise<void> {
    setFresh(0);
    await list.reload();
  }

  return (
    <Page
      title={words.auditor.eventsTitle}
      isWide
      aside={
        <>
          <span class="soft" role="status">
            {total === null
              ? words.common.loading
              : words.auditor.showing(new Intl.NumberFormat(words.language.intl).format(total))}
          </span>
          <Button kind="quiet" icon="print" onClick={() => window.print()}>
            {words.auditor.print}
          </Button>
        </>
      }
    >
      <FilterBar filter={filter} onChange={show} />
      <DensityStrip density={list.density} onPick={(from, until) => show({ ...filter, from, until })} />
      <p class="print-only small">{words.auditor.printedAt(time.full(app.nowMs.value))}</p>
      {fresh === 0 ? null : (
        <button type="button" class="fresh-bar" onClick={() => void refresh()}>
          {words.auditor.newEvents(fresh)}
        </button>
      )}
      {list.problem === undefined ? null : (
        <ProblemNotice problem={list.problem} onRetry={() => void list.reload()} />
      )}
      <div class={`log${openId === undefined ? '' : ' has-open'}`}>
        <div class="log-list">
          {total === null ? (
            list.problem === undefined ? (
              <Skeleton rows={12} kind="row" />
            ) : null
          ) : total === 0 ? (
            <EmptyState icon="list" title={words.auditor.emptyTitle} text={words.auditor.emptyText}>
              <Button onClick={() => show({})}>{words.auditor.reset}</Button>
            </EmptyState>
          ) : (
            <EventTable list={list} total={total} filter={filter} openId={openId} />
          )}
        </div>
        {openId === undefined ? null : (
          <aside class="log-detail" aria-label={words.auditor.detailTitle}>
            <EventStory key={openId} id={openId} closeHref={eventsAddress(filter)} />
          </aside>
        )}
      </div>
    </Page>
  );
}

/** Draws the rows that are in view; the others are room of the same height. */
function EventTable(props: {
  readonly list: EventWindow;
  readonly total: number;
  readonly filter: FilterDraft;
  readonly openId: string | undefined;
}): JSX.Element {
  const words = useWords();
  const { list, total } = props;
  const body = useRef<HTMLTableSectionElement>(null);
  const [isPrinting, setIsPrinting] = useState(false);
  const inView = useWindowRows(body, total, 'tr.log-row:not(.is-coming)', window.innerWidth >= 900 ? 23 : 64);
  const drawn = isPrinting
    ? { first: 0, count: Math.min(total, MOST_PRINTED), aboveHeight: 0, belowHeight: 0 }
    : inView;
  const pages = pagesOf(drawn, EVENT_PAGE);
  const wanted = pages.join();
  useEffect(() => {
    list.want(wanted === '' ? [] : wanted.split(',').map(Number));
  }, [wanted, list.want]);
  useEffect(() => {
    const before = (): void => setIsPrinting(true);
    const after = (): void => setIsPrinting(false);
    window.addEventListener('beforeprint', before);
    window.addEventListener('afterprint', after);
    return () => {
      window.removeEventListener('beforeprint', before);
      window.removeEventListener('afterprint', after);
    };
  }, []);
  const room = (name: string, height: number): JSX.Element | null =>
    height === 0 ? null : (
      <tr key={name} class="log-room" aria-hidden="true" style={`height: ${height}px`}>
        <td />
      </tr>
    );
  return (
    <>
      <table class="log-table" aria-rowcount={total + 1}>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col">{words.auditor.columnTime}</th>
            <th scope="col">{words.auditor.columnEvent}</th>
            <th scope="col">{words.auditor.columnReason}</th>
            <th scope="col">{words.auditor.columnWho}</th>
            <th scope="col" class="col-request">
              {words.auditor.columnRequest}
            </th>
            <th scope="col" class="col-door">
              {words.auditor.columnDoor}
            </th>
            <th scope="col" class="col-way">
              {words.auditor.columnDirection}
            </th>
            <th scope="col" class="col-record">
              {words.auditor.columnRecord}
            </th>
          </tr>
        </thead>
        <tbody ref={body}>
          {room('above', drawn.aboveHeight)}
          {Array.from({ length: drawn.count }, (_, index) => {
            const row = drawn.first + index;
            return (
              <EventRow
                key={row}
                row={row}
                event={list.rowAt(row)}
                filter={props.filter}
                openId={props.openId}
              />
            );
          })}
          {room('below', drawn.belowHeight)}
        </tbody>
      </table>
      {isPrinting && total > MOST_PRINTED ? (
        <p class="print-only small">{words.auditor.printedOnly(MOST_PRINTED)}</p>
      ) : null}
    </>
  );
}

function EventRow(props: {
  readonly row: number;
  readonly event: AccessEvent | undefined;
  readonly filter: FilterDraft;
  readonly openId: string | undefined;
}): JSX.Element {
  const app = useApp();
  const words = useWords();
  const { route } = useLocation();
  const { event } = props;
  if (event === undefined) {
    return (
      <tr class="log-row is-coming" aria-rowindex={props.row + 2}>
        <td class="cell-event">
          <span class="visually-hidden">{words.common.loading}</span>
        </td>
      </tr>
    );
  }
  const look = eventLook(event.type, event.severity);
  const href = eventsAddress(props.filter, event.id);
  const name = wordOf(words.events, event.type);
  const when = app.time.value.dense(Date.parse(event.at));
  return (
    <tr
      class={`log-row tone-${look.tone}`}
      aria-rowindex={props.row + 2}
      aria-selected={event.id === props.openId}
      onClick={(click) => {
        // The link of the row does it for keyboards; the rest of the row is for the mouse.
        if (!(click.target instanceof Element && click.target.closest('a') !== null)) route(href, true);
      }}
    >
      <td class="cell-time">{when}</td>
      <td class="cell-event">
        <Icon name={look.icon} label={words.severities[event.severity]} />
        <a href={href} aria-label={words.auditor.openDetail(name, when)}>
          {name}
        </a>
      </td>
      <td class="cell-reason">{event.reason === null ? '' : reasonWord(words, event.reason)}</td>
      <td class="cell-who">{event.personName ?? ''}</td>
      <td class="col-request mono">{event.requestNumber ?? ''}</td>
      <td class="col-door">{event.doorId === null ? '' : app.doorName(event.doorId)}</td>
      <td class="col-way">{event.direction === null ? '' : words.directions[event.direction]}</td>
      <td class="col-record mono">
        {event.gateway}/{event.epoch}/{event.seq}
      </td>
    </tr>
  );
}

/** The filter as a sentence: Events at [all doors] from [1 Mar] to [31 Mar] ... */
function FilterBar(props: {
  readonly filter: FilterDraft;
  readonly onChange: (filter: FilterDraft) => void;
}): JSX.Element {
  const app = useApp();
  const words = useWords();
  const { filter } = props;
  const [search, setSearch] = useState(filter.q ?? '');
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  // On a phone the list comes first; a desk has room for both.
  const [isOpenFirst] = useState(() => window.innerWidth >= 900);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => () => clearTimeout(timer.current), []);
  const set = (field: FilterField, value: string): void => props.onChange({ ...filter, [field]: value });

  function type(text: string): void {
    setSearch(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(
      () => latest.current.onChange({ ...latest.current.filter, q: text.trim() }),
      TYPING_MS,
    );
  }

  const pick = (
    field: FilterField,
    label: string,
    any: string,
    options: readonly (readonly [value: string, word: string])[],
  ): JSX.Element => (
    <select
      aria-label={label}
      class={filter[field] === undefined ? '' : 'is-set'}
      value={filter[field] ?? ''}
      onChange={(event) => set(field, event.currentTarget.value)}
    >
      <option value="">{any}</option>
      {options.map(([value, word]) => (
        <option key={value} value={value}>
          {word}
        </option>
      ))}
    </select>
  );
  const day = (field: 'from' | 'until', label: string): JSX.Element => (
    <input
      type="date"
      aria-label={label}
      class={filter[field] === undefined ? '' : 'is-set'}
      value={filter[field] ?? ''}
      onChange={(event) => set(field, event.currentTarget.value)}
    />
  );
  const phrase = (word: string, control: ComponentChildren): JSX.Element => (
    <span class="phrase">
      <span>{word}</span> {control}
    </span>
  );
  const count = Object.keys(filter).length;
  const hasFilter = count > 0;
  return (
    <details class="sentence-box" open={isOpenFirst}>
      <summary>
        <Icon name="chevronDown" />
        {words.auditor.filter}
        {count === 0 ? null : <span class="count">{count}</span>}
      </summary>
      <search class="sentence">
        {phrase(
          words.auditor.eventsIn,
          pick(
            'door',
            words.auditor.columnDoor,
            words.auditor.anyDoor,
            (app.places.value?.doors ?? []).map((door) => [door.id, door.name]),
          ),
        )}
        {phrase(words.auditor.from, day('from', words.auditor.from))}
        {phrase(words.auditor.until, day('until', words.auditor.until))}
        {phrase(
          words.auditor.ofKind,
          pick(
            'type',
            words.auditor.columnEvent,
            words.auditor.anyType,
            EVENT_TYPE_NAMES.map((name) => [name, words.events[name]]),
          ),
        )}
        {phrase(
          words.auditor.because,
          pick('reason', words.auditor.columnReason, words.auditor.anyReason, [
            ...DENY_REASONS.map((reason) => [reason, words.denials[reason].name] as const),
            ...ACCESS_OUTCOMES.map((outcome) => [outcome, words.outcomes[outcome]] as const),
          ]),
        )}
        {phrase(
          words.auditor.atLevel,
          pick(
            'severity',
            words.auditor.atLevel,
            words.auditor.anySeverity,
            SEVERITIES.map((severity) => [severity, words.severities[severity]]),
          ),
        )}
        {phrase(
          words.auditor.about,
          <input
            type="search"
            aria-label={words.auditor.searchHint}
            placeholder={words.auditor.searchHint}
            class={filter.q === undefined ? '' : 'is-set'}
            value={search}
            onInput={(event) => type(event.currentTarget.value)}
          />,
        )}
        <SavedFilters filter={filter} onChange={props.onChange} />
        {hasFilter ? (
          <Button
            kind="quiet"
            icon="cross"
            onClick={() => {
              setSearch('');
              props.onChange({});
            }}
          >
            {words.auditor.reset}
          </Button>
        ) : null}
      </search>
    </details>
  );
}

/** Filters that were given a name, on this device. */
function SavedFilters(props: {
  readonly filter: FilterDraft;
  readonly onChange: (filter: FilterDraft) => void;
}): JSX.Element | null {
  const words = useWords();
  const { id } = useMe();
  const [kept, setKept] = useState(() => loadSavedFilters(localStorage, id));
  const [isNaming, setIsNaming] = useState(false);
  const [name, setName] = useState('');
  const key = JSON.stringify(props.filter);
  const chosen = kept.find(({ filter }) => JSON.stringify(filter) === key);
  const hasFilter = Object.keys(props.filter).length > 0;
  if (kept.length === 0 && !hasFilter) return null;

  function keep(next: readonly SavedFilter[]): void {
    setKept(next);
    saveFilters(localStorage, id, next);
  }

  return (
    <>
      {kept.length === 0 ? null : (
        <select
          aria-label={words.auditor.savedFilters}
          class={chosen === undefined ? '' : 'is-set'}
          value={chosen?.name ?? ''}
          onChange={(event) => {
            const next = kept.find((each) => each.name === event.currentTarget.value);
            if (next !== undefined) props.onChange(next.filter);
          }}
        >
          <option value="">{words.auditor.savedFilters}</option>
          {kept.map((each) => (
            <option key={each.name} value={each.name}>
              {each.name}
            </option>
          ))}
        </select>
      )}
      {chosen === undefined && hasFilter ? (
        <Button kind="quiet" icon="check" onClick={() => setIsNaming(true)}>
          {words.auditor.saveFilter}
        </Button>
      ) : null}
      {chosen === undefined ? null : (
        <Button kind="quiet" onClick={() => keep(kept.filter((each) => each !== chosen))}>
          {words.auditor.forgetFilter}
        </Button>
      )}
      {isNaming ? (
        <Sheet title={words.auditor.saveFilter} onClose={() => setIsNaming(false)}>
          <form
            class="stack"
            onSubmit={(event) => {
              event.preventDefault();
              if (name.trim() === '') return;
              keep(withSaved(kept, { name: name.trim(), filter: props.filter }));
              setIsNaming(false);
              setName('');
            }}
          >
            <Field label={words.auditor.filterName} hint={words.auditor.filterNameHint}>
              {(field) => (
                <input
                  {...field}
                  maxLength={60}
                  value={name}
                  onInput={(event) => setName(event.currentTarget.value)}
                />
              )}
            </Field>
            <Button kind="primary" type="submit">
              {words.auditor.saveFilter}
            </Button>
          </form>
        </Sheet>
      ) : null}
    </>
  );
}

/** One record: what happened, what was checked, and whether the record is what was signed. */
function EventStory({ id, closeHref }: { readonly id: string; readonly closeHref: string }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const me = useMe();
  const time = app.time.value;
  const nowMs = app.nowMs.value;
  const held = useLoad(`event ${id}`, () => app.api.event(id));
  const heading = useRef<HTMLHeadingElement>(null);
  const detail = held.data;
  const isShown = detail !== undefined;
  useEffect(() => {
    if (isShown) heading.current?.focus({ preventScroll: window.innerWidth >= 1100 });
  }, [isShown]);
  if (detail === undefined) {
    return held.problem === undefined ? (
      <Skeleton rows={3} />
    ) : (
      <ProblemNotice problem={held.problem} onRetry={() => void held.reload()} />
    );
  }
  const look = eventLook(detail.type, detail.severity);
  const atMs = Date.parse(detail.at);
  const requestHref = me.roles.includes('supervisor')
    ? `/decide/${detail.requestId}`
    : `/requests/${detail.requestId}`;
  return (
    <article class="story">
      <header class="story-head">
        <h2 ref={heading} tabIndex={-1}>
          {wordOf(words.events, detail.type)}
        </h2>
        <a class="icon-btn" href={closeHref} aria-label={words.common.close}>
          <Icon name="cross" />
        </a>
      </header>
      <p class="story-chips">
        <Chip {...look}>{words.severities[detail.severity]}</Chip>
        {detail.reason === null ? null : (
          <Chip tone={look.tone} icon="info">
            {reasonWord(words, detail.reason)}
          </Chip>
        )}
      </p>
      <Facts
        rows={[
          [
            words.auditor.happened,
            <>
              {time.full(atMs)} <span class="soft">({time.ago(atMs, nowMs)})</span>
            </>,
          ],
          [words.auditor.received, <>{time.full(Date.parse(detail.receivedAt))}</>],
          [
            words.auditor.clockTrust,
            `${detail.clockTrust}: ${words.auditor.clockTrusts[detail.clockTrust] ?? words.common.unknown}`,
          ],
          detail.personName === null ? null : [words.auditor.person, detail.personName],
          detail.requestId === null
            ? null
            : [
                words.auditor.requestLabel,
                <a href={requestHref}>{detail.requestNumber ?? detail.requestId}</a>,
              ],
          detail.doorId === null
            ? null
            : [
                words.auditor.columnDoor,
                `${app.doorName(detail.doorId)}${detail.direction === null ? '' : `, ${words.directions[detail.direction].toLowerCase()}`}`,
              ],
          [words.auditor.gateway, <span class="mono">{detail.gateway}</span>],
          [words.auditor.record, words.auditor.recordNo(detail.seq, detail.epoch)],
        ]}
      />
      <CheckedRules detail={detail} />
      <ProofBox detail={detail} onRetry={() => void held.reload()} />
    </article>
  );
}

function CheckedRules({ detail }: { readonly detail: EventDetail }): JSX.Element {
  const words = useWords();
  const wasDenied = detail.type === 'access.denied';
  return (
    <section class="story-part">
      <h3>{words.auditor.checked}</h3>
      {detail.checked.length === 0 ? (
        <p class="soft small">{words.auditor.checkedNone}</p>
      ) : (
        <ol class="checked">
          {detail.checked.map((rule, index) => {
            const failed = wasDenied && index === detail.checked.length - 1;
            return (
              <li key={rule} class={failed ? 'tone-refused' : 'tone-granted'}>
                <Icon name={failed ? 'cross' : 'check'} label={failed ? words.common.no : words.common.yes} />
                <span>{failed ? reasonWord(words, rule) : wordOf(words.passed, rule)}</span>
                {failed ? <span class="strong">{words.auditor.checkedFailed}</span> : null}
              </li>
            );
          })}
        </ol>
      )}
    </section>
  );
}

function ProofBox(props: { readonly detail: EventDetail; readonly onRetry: () => void }): JSX.Element {
  const words = useWords();
  const { detail } = props;
  const proof = useMemo(() => checkRecordProof(detail), [detail]);
  return (
    <section class="story-part" aria-label={words.auditor.proof}>
      <h3>{words.auditor.proof}</h3>
      {proof.kind === 'included' ? (
        <Notice tone="granted" icon="shield" title={words.auditor.proofYes} isAnswer>
          <p>{words.auditor.proofYesText(detail.seq, proof.size)}</p>
          <p class="soft small">
            {words.auditor.proofSignature} <a href="/evidence">{words.auditor.evidenceTitle}</a>
          </p>
        </Notice>
      ) : proof.kind === 'mismatch' ? (
        <Notice tone="refused" icon="shieldCross" title={words.auditor.proofNo} isAnswer>
          <p>{words.auditor.proofNoText}</p>
        </Notice>
      ) : (
        <Notice
          tone="waiting"
          title={words.auditor.proofPending}
          action={<Button onClick={props.onRetry}>{words.common.retry}</Button>}
        >
          <p>{words.auditor.proofPendingText}</p>
        </Notice>
      )}
      <details class="raw">
        <summary>
          <Icon name="chevronDown" />
          {words.auditor.rawRecord}
        </summary>
        <pre tabIndex={0} aria-label={words.auditor.rawRecord}>
          {detail.record}
        </pre>
        <Facts
          rows={[
            [words.auditor.leafHash, <span class="mono hash">{detail.leafHash}</span>],
            proof.kind === 'included'
              ? [words.auditor.rootHash, <span class="mono hash">{proof.root}</span>]
              : null,
            detail.proof === null
              ? null
              : [words.auditor.proofHashes, <span class="mono">{detail.proof.hashes.length}</span>],
          ]}
        />
      </details>
    </section>
  );
}
