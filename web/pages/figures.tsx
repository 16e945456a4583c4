import type { JSX } from 'preact';
import { useLocation } from 'preact-iso/router';
import type { Figures } from '#contract/api-figures';
import { useApp, useWords } from '../app-state.ts';
import { periodOf } from '../event-filter.ts';
import { Button } from '../parts/button.tsx';
import { ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { Bars, Columns, HeatMap, Plot, StepLine, type Column } from '../parts/plots.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import type { PageProps } from '../page-props.ts';
import { useLoad } from '../use-load.ts';
import { wordOf } from '../words/words.ts';
import { addDays, wallTimeOf } from '../zone-time.ts';

const DEFAULT_DAYS = 30;
const TONES = ['granted', 'info', 'waiting', 'refused', 'neutral'] as const;

/** Every day from the first to the last, both included. */
function daysBetween(first: string, last: string): string[] {
  const days: string[] = [];
  for (let day = first; day <= last && days.length < 3700; day = addDays(day, 1)) days.push(day);
  return days;
}

/** Figures that one looks at rather than reads; each with its table and its download. */
export function FiguresPage({ query }: PageProps): JSX.Element {
  const app = useApp();
  const words = useWords();
  const { route } = useLocation();
  const time = app.time.value;
  const today = wallTimeOf(app.nowMs.value, time.timeZone).date;
  const from = query['from'] ?? addDays(today, 1 - DEFAULT_DAYS);
  const until = query['until'] ?? today;
  const key = `${from} ${until}`;
  const held = useLoad(`figures ${key}`, () => app.api.figures(periodOf({ from, until }, time.timeZone)));
  const figures = held.data;
  const show = (next: { readonly from?: string; readonly until?: string }): void =>
    route(`/figures?${new URLSearchParams({ from, until, ...next })}`, true);

  return (
    <Page
      title={words.figures.title}
      isWide
      aside={
        <Button kind="quiet" icon="print" onClick={() => window.print()}>
          {words.auditor.print}
        </Button>
      }
    >
      <search class="sentence plot-period">
        <label class="phrase">
          <span>{words.auditor.from}</span>
          <input type="date" value={from} onChange={(event) => show({ from: event.currentTarget.value })} />
        </label>
        <label class="phrase">
          <span>{words.auditor.until}</span>
          <input type="date" value={until} onChange={(event) => show({ until: event.currentTarget.value })} />
        </label>
      </search>
      {held.problem === undefined ? null : (
        <ProblemNotice problem={held.problem} onRetry={() => void held.reload()} />
      )}
      {figures === undefined ? (
        held.problem === undefined ? (
          <Skeleton rows={4} />
        ) : null
      ) : (
        <div class="plots">
          <VisitsPlot figures={figures} days={daysBetween(from, until)} />
          <HoursPlot figures={figures} />
          <DenialsPlot figures={figures} />
          <LeadTimePlot figures={figures} />
          <OccupancyPlot figures={figures} />
          <AlarmsPlot figures={figures} days={daysBetween(from, until)} />
        </div>
      )}
    </Page>
  );
}

interface PlotProps {
  readonly figures: Figures;
}

const sumOf = (items: readonly { readonly count: number }[]): number =>
  items.reduce((sum, { count }) => sum + count, 0);

/** Names for the ends and the middle of a line of days. */
function useScale(days: readonly string[]): readonly string[] {
  const time = useApp().time.value;
  const name = (day: string | undefined): string =>
    day === undefined ? '' : time.date(Date.parse(`${day}T12:00:00.000Z`));
  return days.length < 3
    ? days.map(name)
    : [name(days[0]), name(days[Math.floor(days.length / 2)]), name(days.at(-1))];
}

function VisitsPlot({ figures, days }: PlotProps & { readonly days: readonly string[] }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const scale = useScale(days);
  const nameOf = (purpose: string | null): string =>
    purpose === null ? words.figures.noPurpose : app.purposeName(purpose);
  const totals = new Map<string | null, number>();
  for (const { purpose, count } of figures.visits) totals.set(purpose, (totals.get(purpose) ?? 0) + count);
  const order = [...totals].sort((a, b) => b[1] - a[1]).map(([purpose]) => purpose);
  const toneOf = (purpose: string | null): string =>
    TONES[Math.min(order.indexOf(purpose), TONES.length - 1)] ?? 'neutral';
  const columns: Column[] = days.map((day) => ({
    name: day,
    parts: figures.visits
      .filter((each) => each.day === day)
      .map(({ purpose, count }) => ({ tone: toneOf(purpose), value: count, name: nameOf(purpose) })),
  }));
  return (
    <Plot
      title={words.figures.visits}
      says={words.figures.visitsSay(sumOf(figures.visits), nameOf(order[0] ?? null))}
      file="kunjungan"
      isEmpty={figures.visits.length === 0}
      table={{
        head: [words.figures.day, words.figures.purpose, words.figures.count],
        rows: figures.visits.map(({ day, purpose, count }) => [day, nameOf(purpose), count]),
      }}
    >
      <Columns columns={columns} scale={scale} />
      <p class="plot-key small" aria-hidden="true">
        {order.map((purpose) => (
          <span key={purpose ?? ''} class={`key key-${toneOf(purpose)}`}>
            {nameOf(purpose)}
          </span>
        ))}
      </p>
    </Plot>
  );
}

function HoursPlot({ figures }: PlotProps): JSX.Element {
  const words = useWords();
  const names = words.figures.weekdays;
  const rows = figures.hours.map((values, day) => ({ name: names[day] ?? '', values }));
  const cells = rows.flatMap(({ name, values }) => values.map((count, hour) => ({ name, hour, count })));
  const busiest = cells.toSorted((a, b) => b.count - a.count)[0];
  const hourName = (hour: number): string => `${String(hour).padStart(2, '0')}.00`;
  return (
    <Plot
      title={words.figures.hours}
      says={
        busiest === undefined
          ? ''
          : words.figures.hoursSay(busiest.name, hourName(busiest.hour), busiest.count)
      }
      file="jam-kunjungan"
      isEmpty={sumOf(cells) === 0}
      table={{
        head: [words.figures.weekday, words.figures.hour, words.figures.count],
        rows: cells
          .filter(({ count }) => count > 0)
          .map(({ name, hour, count }) => [name, hourName(hour), count]),
      }}
    >
      <HeatMap rows={rows} />
    </Plot>
  );
}

function DenialsPlot({ figures }: PlotProps): JSX.Element {
  const words = useWords();
  const bars = figures.denials.map(({ reason, count }) => ({
    name: words.denials[reason].name,
    value: count,
    tone: 'refused',
  }));
  return (
    <Plot
      title={words.figures.denials}
      says={words.figures.denialsSay(sumOf(figures.denials), bars[0]?.name ?? '')}
      file="penolakan"
      isEmpty={bars.length === 0}
      table={{
        head: [words.figures.reason, words.figures.count],
        rows: bars.map(({ name, value }) => [name, value]),
      }}
    >
      <Bars bars={bars} />
    </Plot>
  );
}

function LeadTimePlot({ figures }: PlotProps): JSX.Element {
  const app = useApp();
  const words = useWords();
  const time = app.time.value;
  const { decided, medianMinutes, p90Minutes, bands } = figures.leadTimes;
  const span = (minutes: number): string => time.duration(minutes * 60_000);
  const bars = bands.map(({ upToMinutes, count }, index) => ({
    name:
      upToMinutes === null
        ? words.figures.longerThan(span(bands[index - 1]?.upToMinutes ?? 0))
        : words.figures.upTo(span(upToMinutes)),
    value: count,
    tone: 'info',
  }));
  return (
    <Plot
      title={words.figures.leadTime}
      says={words.figures.leadTimeSay(decided, span(medianMinutes ?? 0), span(p90Minutes ?? 0))}
      file="waktu-persetujuan"
      isEmpty={decided === 0}
      table={{
        head: [words.figures.band, words.figures.count],
        rows: bars.map(({ name, value }) => [name, value]),
      }}
    >
      <Bars bars={bars} />
    </Plot>
  );
}

function OccupancyPlot({ figures }: PlotProps): JSX.Element {
  const app = useApp();
  const words = useWords();
  const time = app.time.value;
  const from = Date.parse(figures.from);
  const until = Date.parse(figures.until);
  const points = figures.occupancy.map(({ at, most }) => ({ at: Date.parse(at), value: most }));
  const peak = points.toSorted((a, b) => b.value - a.value)[0];
  return (
    <Plot
      title={words.figures.occupancy}
      says={peak === undefined ? '' : words.figures.occupancySay(peak.value, time.full(peak.at))}
      file="orang-di-dalam"
      isEmpty={points.length === 0}
      table={{
        head: [words.auditor.columnTime, words.figures.people],
        rows: points.map(({ at, value }) => [time.full(at), value]),
      }}
    >
      <StepLine
        points={points}
        from={from}
        until={until}
        scale={[time.date(from), time.date((from + until) / 2), time.date(until - 1)]}
      />
    </Plot>
  );
}

function AlarmsPlot({ figures, days }: PlotProps & { readonly days: readonly string[] }): JSX.Element {
  const words = useWords();
  const scale = useScale(days);
  const types = [...new Set(figures.alarms.map(({ type }) => type))];
  const toneOf = (type: string): string => (type === 'door.forced' ? 'refused' : 'waiting');
  const columns: Column[] = days.map((day) => ({
    name: day,
    parts: figures.alarms
      .filter((each) => each.day === day)
      .map(({ type, count }) => ({ tone: toneOf(type), value: count, name: wordOf(words.events, type) })),
  }));
  return (
    <Plot
      title={words.figures.alarms}
      says={words.figures.alarmsSay(sumOf(figures.alarms))}
      file="alarm-pintu"
      isEmpty={figures.alarms.length === 0}
      table={{
        head: [words.figures.day, words.auditor.columnEvent, words.figures.count],
        rows: figures.alarms.map(({ day, type, count }) => [day, wordOf(words.events, type), count]),
      }}
    >
      <Columns columns={columns} scale={scale} />
      <p class="plot-key small" aria-hidden="true">
        {types.map((type) => (
          <span key={type} class={`key key-${toneOf(type)}`}>
            {wordOf(words.events, type)}
          </span>
        ))}
      </p>
    </Plot>
  );
}
