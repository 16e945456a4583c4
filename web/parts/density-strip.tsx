import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Density } from '#contract/api-figures';
import { useApp, useWords } from '../app-state.ts';
import { wallTimeOf } from '../zone-time.ts';

const WIDTH = 1000;
const HEIGHT = 44;

/** How the events of the list lie over the period; a stretch is chosen by drawing over it. */
export function DensityStrip(props: {
  readonly density: Density | null;
  /** Called with the first and last day of what was drawn over, days of the site. */
  readonly onPick: (from: string, until: string) => void;
}): JSX.Element {
  const app = useApp();
  const words = useWords();
  const time = app.time.value;
  const box = useRef<SVGSVGElement>(null);
  const [drag, setDrag] = useState<{ readonly from: number; readonly to: number } | null>(null);
  const { density } = props;
  if (density?.from === null || density?.until === null || density === null) {
    return <div class="strip" aria-hidden="true" />;
  }
  const fromMs = Date.parse(density.from);
  const spanMs = Date.parse(density.until) - fromMs;
  const most = Math.max(1, ...density.stretches.map(({ all }) => all));
  const width = (density.stretchMs / spanMs) * WIDTH;
  // A square root keeps a single alarm visible beside a busy day.
  const height = (count: number): number => (count === 0 ? 0 : Math.max(2, Math.sqrt(count / most) * HEIGHT));
  const shareAt = (event: PointerEvent): number => {
    const bounds = box.current?.getBoundingClientRect();
    if (bounds === undefined || bounds.width === 0) return 0;
    return Math.min(1, Math.max(0, (event.clientX - bounds.left) / bounds.width));
  };
  const dayAt = (share: number): string => wallTimeOf(fromMs + share * (spanMs - 1), time.timeZone).date;

  function finish(event: PointerEvent): void {
    if (drag === null) return;
    const [from, to] = [drag.from, shareAt(event)].sort((a, b) => a - b);
    setDrag(null);
    if (from !== undefined && to !== undefined && to - from > 0.005) props.onPick(dayAt(from), dayAt(to));
  }

  const total = (of: (stretch: Density['stretches'][number]) => number): number =>
    density.stretches.reduce((sum, stretch) => sum + of(stretch), 0);
  return (
    <figure class="strip">
      <svg
        ref={box}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={words.auditor.density(
          density.total,
          total(({ denied }) => denied),
          total(({ alarms }) => alarms),
        )}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          const at = shareAt(event);
          setDrag({ from: at, to: at });
        }}
        onPointerMove={(event) => {
          if (drag !== null) setDrag({ from: drag.from, to: shareAt(event) });
        }}
        onPointerUp={finish}
        onPointerCancel={() => setDrag(null)}
      >
        {density.stretches.map(({ at, all, denied, alarms }) => {
          const x = ((Date.parse(at) - fromMs) / spanMs) * WIDTH;
          const bar = (count: number, kind: string): JSX.Element => (
            <rect
              class={`strip-${kind}`}
              x={x}
              y={HEIGHT - height(count)}
              width={Math.max(1, width - Math.min(1, width / 4))}
              height={height(count)}
            />
          );
          return (
            <g key={at}>
              {bar(all, 'all')}
              {denied === 0 ? null : bar(denied, 'denied')}
              {alarms === 0 ? null : bar(alarms, 'alarm')}
            </g>
          );
        })}
        {drag === null ? null : (
          <rect
            class="strip-drag"
            x={Math.min(drag.from, drag.to) * WIDTH}
            y={0}
            width={Math.abs(drag.to - drag.from) * WIDTH}
            height={HEIGHT}
          />
        )}
      </svg>
      <figcaption class="strip-scale small soft">
        <span>{time.date(fromMs)}</span>
        <span class="strip-key">
          <span class="key key-all">{words.auditor.densityAll}</span>
          <span class="key key-denied">{words.auditor.densityDenied}</span>
          <span class="key key-alarm">{words.auditor.densityAlarms}</span>
        </span>
        <span>{time.date(fromMs + spanMs - 1)}</span>
      </figcaption>
    </figure>
  );
}
