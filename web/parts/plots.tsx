import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';
import { useWords } from '../app-state.ts';
import { csvOf } from '../csv.ts';
import { Button } from './button.tsx';

/** The numbers of a plot as a table: what a screen reader reads, a printer prints and a spreadsheet opens. */
export interface PlotTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${name}.csv`;
  link.click();
  URL.revokeObjectURL(url);
}

/** A plot with its title, what it says in one sentence, its table and its download. */
export function Plot(props: {
  readonly title: string;
  /** The plot in a sentence: also its text alternative. */
  readonly says: string;
  /** Name of the file, without its ending. */
  readonly file: string;
  readonly table: PlotTable;
  readonly isEmpty: boolean;
  readonly children: ComponentChildren;
}): JSX.Element {
  const words = useWords();
  const { table } = props;
  const titleId = useId();
  return (
    <section class="card plot" aria-labelledby={titleId}>
      <header class="plot-head">
        <h2 id={titleId}>{props.title}</h2>
        <p class="soft">{props.isEmpty ? words.figures.nothing : props.says}</p>
      </header>
      {props.isEmpty ? null : (
        <>
          <div class="plot-picture" role="img" aria-label={props.says}>
            {props.children}
          </div>
          <details class="plot-table">
            <summary>{words.figures.asTable}</summary>
            <div class="table-scroll" tabIndex={0} role="region" aria-label={props.title}>
              <table class="plain-table">
                <thead>
                  <tr>
                    {table.head.map((name) => (
                      <th key={name} scope="col">
                        {name}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {table.rows.map((row) => (
                    <tr key={row.join('\u0000')}>
                      {row.map((cell, column) => (
                        <td key={table.head[column]} class={typeof cell === 'number' ? 'is-number' : ''}>
                          {cell}
                        </td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <Button
              kind="quiet"
              icon="download"
              onClick={() => download(props.file, csvOf([table.head, ...table.rows]))}
            >
              {words.figures.download}
            </Button>
          </details>
        </>
      )}
    </section>
  );
}

const HEIGHT = 160;

/** One column of a bar plot, its parts stacked from the bottom. */
export interface Column {
  readonly name: string;
  readonly parts: readonly { readonly tone: string; readonly value: number; readonly name: string }[];
}

/** Columns over a line of days; the scale begins at nought and ends at a round number. */
export function Columns(props: {
  readonly columns: readonly Column[];
  /** Names of the first, the middle and the last column. */
  readonly scale: readonly string[];
}): JSX.Element {
  const { columns } = props;
  const sums = columns.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0));
  const top = roundTop(Math.max(1, ...sums));
  const width = 1000 / Math.max(1, columns.length);
  return (
    <div class="columns">
      <div class="columns-scale small soft" aria-hidden="true">
        <span>{top}</span>
        <span>{Number.isInteger(top / 2) ? top / 2 : ''}</span>
        <span>0</span>
      </div>
      <svg viewBox={`0 0 1000 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {[0, 0.5].map((share) => (
          <line key={share} class="plot-line" x1={0} x2={1000} y1={share * HEIGHT} y2={share * HEIGHT} />
        ))}
        {columns.map(({ name, parts }, index) => {
          let below = 0;
          return (
            <g key={name}>
              {parts.map(({ tone, value, name: part }) => {
                const height = (value / top) * HEIGHT;
                below += height;
                return (
                  <rect
                    key={part}
                    class={`fill-${tone}`}
                    x={index * width + width * 0.1}
                    y={HEIGHT - below}
                    width={width * 0.8}
                    height={height}
                  >
                    <title>{`${name}: ${part} ${value}`}</title>
                  </rect>
                );
              })}
            </g>
          );
        })}
      </svg>
      <div class="columns-names small soft" aria-hidden="true">
        {props.scale.map((name) => (
          <span key={name}>{name}</span>
        ))}
      </div>
    </div>
  );
}

/** The next of 1, 2, 5, 10, 20, 50, ... that is not below. */
export function roundTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

/** Bars beside their names: for few things of very different size. */
export function Bars(props: {
  readonly bars: readonly {
    readonly name: string;
    readonly value: number;
    readonly tone: string;
    readonly href?: string;
  }[];
}): JSX.Element {
  const most = Math.max(1, ...props.bars.map(({ value }) => value));
  return (
    <div class="bars-plot">
      {props.bars.map(({ name, value, tone }) => (
        <div key={name} class="bar-row" aria-hidden="true">
          <span class="bar-name">{name}</span>
          <span class="bar-track">
            <span class={`bar-fill back-${tone}`} style={`width: ${(value / most) * 100}%`} />
          </span>
          <span class="bar-value">{value}</span>
        </div>
      ))}
    </div>
  );
}

/** Hours by weekday: the darker, the more. */
export function HeatMap(props: {
  readonly rows: readonly { readonly name: string; readonly values: readonly number[] }[];
}): JSX.Element {
  const most = Math.max(1, ...props.rows.flatMap(({ values }) => values));
  return (
    <div class="heat" aria-hidden="true">
      {props.rows.map(({ name, values }) => (
        <div key={name} class="heat-row">
          <span class="heat-name small soft">{name}</span>
          {values.map((value, hour) => (
            <span
              // The hour is what a cell is.
              key={`${name} ${hour}`}
              class="heat-cell"
              style={`--share: ${value === 0 ? 0 : 0.15 + 0.85 * (value / most)}`}
              title={`${name} ${String(hour).padStart(2, '0')}.00: ${value}`}
            />
          ))}
        </div>
      ))}
      <div class="heat-row heat-hours small soft">
        <span class="heat-name" />
        {[0, 6, 12, 18].map((hour) => (
          <span key={hour} class="heat-hour">
            {String(hour).padStart(2, '0')}
          </span>
        ))}
      </div>
    </div>
  );
}

/** A number that stays until it changes: who is inside. */
export function StepLine(props: {
  readonly points: readonly { readonly at: number; readonly value: number }[];
  readonly from: number;
  readonly until: number;
  readonly scale: readonly string[];
}): JSX.Element {
  const top = roundTop(Math.max(1, ...props.points.map(({ value }) => value)));
  const span = Math.max(1, props.until - props.from);
  const x = (at: number): number => ((at - props.from) / span) * 1000;
  const y = (value: number): number => HEIGHT - (value / top) * HEIGHT;
  const hour = 3_600_000;
  const path = props.points
    .map(
      ({ at, value }) => `M${x(at)} ${HEIGHT}V${y(value)}H${x(Math.min(at + hour, props.until))}V${HEIGHT}`,
    )
    .join('');
  return (
    <div class="columns">
      <div class="columns-scale small soft" aria-hidden="true">
        <span>{top}</span>
        <span>{Number.isInteger(top / 2) ? top / 2 : ''}</span>
        <span>0</span>
      </div>
      <svg viewBox={`0 0 1000 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {[0, 0.5].map((share) => (
          <line key={share} class="plot-line" x1={0} x2={1000} y1={share * HEIGHT} y2={share * HEIGHT} />
        ))}
        <path class="fill-info" d={path} />
      </svg>
      <div class="columns-names small soft" aria-hidden="true">
        {props.scale.map((name) => (
          <span key={name}>{name}</span>
        ))}
      </div>
    </div>
  );
}
