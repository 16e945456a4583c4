import type { JSX } from 'preact';

/** One set on a 24 grid, drawn with a 1.75 stroke in the colour of the text. */
const SHAPES = {
  home: 'M4 11.5 12 5l8 6.5M6 10v9h4.5v-5h3v5H18v-9',
  inbox: 'M4 13.5 6.5 6h11L20 13.5V19H4zM4 13.5h5l1 2h4l1-2h5',
  people:
    'M9 11.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM3.5 19c.4-3 2.6-4.5 5.5-4.5s5.1 1.5 5.5 4.5M15.5 5.8a3 3 0 0 1 0 5.4M17 14.7c2 .5 3.2 2 3.5 4.3',
  person: 'M12 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM5 19.5c.6-3.5 3.3-5 7-5s6.4 1.5 7 5',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  checkCircle: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM8 12.3l2.8 2.8L16 9.7',
  cross: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  crossCircle: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM9 9l6 6M15 9l-6 6',
  clock: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 7.5V12l3 2',
  undo: 'M8 5 4.5 8.5 8 12M4.5 8.5H14a5 5 0 0 1 0 10H9',
  ban: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM6.2 6.2l11.6 11.6',
  draft: 'M5 19l.8-3.7L16 5.1l2.9 2.9L8.7 18.2zM14 7.1l2.9 2.9',
  hourglass: 'M7 4h10M7 20h10M8 4c0 4.5 4 5.5 4 8s-4 3.5-4 8M16 4c0 4.5-4 5.5-4 8s4 3.5 4 8',
  alarm: 'M12 4.5 3.5 19h17zM12 10v4M12 16.6v.1',
  info: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 11v5M12 8v.1',
  plus: 'M12 5v14M5 12h14',
  arrowLeft: 'M19 12H5M11 6l-6 6 6 6',
  arrowRight: 'M5 12h14M13 6l6 6-6 6',
  chevronRight: 'm9.5 6 6 6-6 6',
  chevronDown: 'm6 9.5 6 6 6-6',
  calendar: 'M4.5 6h15v13.5h-15zM4.5 10h15M8.5 3.5V8M15.5 3.5V8M8.5 14h.1M12 14h.1M15.5 14h.1',
  qr: 'M4.5 4.5h6v6h-6zM13.5 4.5h6v6h-6zM4.5 13.5h6v6h-6zM13.5 13.5h2.5v2.5M19.5 13.5v6h-3M13.5 19.5h.1',
  history: 'M5 12a7.5 7.5 0 1 0 2.2-5.3L4.5 9.4M4.5 4.5v5h5M12 8v4.5l3 1.8',
  chart: 'M4.5 4.5v15h15M8.5 16v-4M12.5 16V7.5M16.5 16v-6',
  list: 'M9 6.5h11M9 12h11M9 17.5h11M4.5 6.5h.1M4.5 12h.1M4.5 17.5h.1',
  shield: 'M12 3.5 5 6v5.5c0 4.5 3 7.5 7 9 4-1.5 7-4.5 7-9V6zM9 12l2.2 2.2L15 10.5',
  shieldCross: 'M12 3.5 5 6v5.5c0 4.5 3 7.5 7 9 4-1.5 7-4.5 7-9V6zM9.8 9.8l4.4 4.4M14.2 9.8l-4.4 4.4',
  door: 'M6 20V4.5h12V20M4 20h16M14.5 12v1',
  doorOpen: 'M13 20V5.5L6 4v16M4 20h16M13 6h5v14M10.5 12v1',
  lock: 'M6.5 11h11v8.5h-11zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 14.5v2',
  lockOpen: 'M6.5 11h11v8.5h-11zM8.5 11V8a3.5 3.5 0 0 1 6.8-1.2M12 14.5v2',
  reader:
    'M7.5 3.5h9v17h-9zM10 7h4M10.5 11.5h.1M13.5 11.5h.1M10.5 14.5h.1M13.5 14.5h.1M10.5 17.5h.1M13.5 17.5h.1',
  card: 'M3.5 6.5h17v11h-17zM3.5 10h17M7 14.5h4',
  key: 'M8.5 15.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12.5 11.5h8M17 11.5v3M20 11.5v2',
  sliders: 'M4 7.5h9M17 7.5h3M4 16.5h3M11 16.5h9M15 5.5v4M9 14.5v4',
  book: 'M5.5 5.5A2 2 0 0 1 7.5 3.5h11v14h-11a2 2 0 0 0-2 2zM5.5 19.5a2 2 0 0 0 2 1.5h11v-3.5M9 8h6',
  building: 'M5.5 20V4.5h13V20M3.5 20h17M9 8h.1M12 8h.1M15 8h.1M9 12h.1M12 12h.1M15 12h.1M10.5 20v-4h3v4',
  gateway: 'M4.5 13h15v6h-15zM8 16h.1M11 16h.1M8.5 9.5a5 5 0 0 1 7 0M6 7a8.5 8.5 0 0 1 12 0M12 13v-1',
  download: 'M12 4.5v10M7.5 10.5 12 15l4.5-4.5M5 19.5h14',
  upload: 'M12 15V5M7.5 9 12 4.5 16.5 9M5 19.5h14',
  print: 'M7.5 9V4.5h9V9M7.5 16H4.5V9h15v7h-3M7.5 13.5h9v6h-9z',
  offline:
    'M4 4.5l16 16M8.7 12.5a5 5 0 0 1 2-1.2M5.5 9.5a10 10 0 0 1 3-2M12 8c2.5 0 4.8 1 6.5 2.5M12 17.5h.1',
  exit: 'M10 4.5H5v15h5M10 12h10M16.5 8.5 20 12l-3.5 3.5',
  enter: 'M14 4.5h5v15h-5M4 12h10M10.5 8.5 14 12l-3.5 3.5',
  network: 'M9.5 4.5h5v4h-5zM4 15.5h5v4H4zM15 15.5h5v4h-5zM12 8.5V12M6.5 15.5V12h11v3.5',
  application: 'M4 5.5h16v13H4zM4 9h16M7 7.3h.1M9.5 7.3h.1',
  facility: 'M12 4v16M5 8l14 8M19 8 5 16M12 4l-2 2M12 4l2 2M12 20l-2-2M12 20l2-2',
  other: 'M6 12h.1M12 12h.1M18 12h.1',
  moon: 'M19 14.5A7.5 7.5 0 0 1 9.5 5 7.5 7.5 0 1 0 19 14.5Z',
  refresh: 'M19 8.5A8 8 0 0 0 5 9M5 5v4h4M5 15.5A8 8 0 0 0 19 15M19 19v-4h-4',
  play: 'M7.5 5.5v13l11-6.5z',
  hand: 'M8 12V6.5a1.3 1.3 0 0 1 2.6 0V11V5.3a1.3 1.3 0 0 1 2.6 0V11 6.5a1.3 1.3 0 0 1 2.6 0V14c0 3.5-1.8 6-5 6-2.6 0-4-1.3-5.3-3.7L4.3 13c-.5-1 .9-2 1.8-1.1z',
} as const;

export type IconName = keyof typeof SHAPES;

/** An icon; without a label it is decoration beside a word that says the same. */
export function Icon({ name, label }: { readonly name: IconName; readonly label?: string }): JSX.Element {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      focusable="false"
      {...(label === undefined ? { 'aria-hidden': 'true' } : { role: 'img', 'aria-label': label })}
    >
      <path d={SHAPES[name]} />
    </svg>
  );
}

/** The mark of the app: a barrier across a doorway. */
export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path class="mark-door" d="M8 28V5.5A1.5 1.5 0 0 1 9.5 4h13A1.5 1.5 0 0 1 24 5.5V28" />
      <path class="mark-bar" d="M3 17h26" />
      <path class="mark-stripe" d="M10 17h3M16.5 17h3M23 17h3" />
      <path class="mark-ground" d="M3 28h26" />
    </svg>
  );
}
