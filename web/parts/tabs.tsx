import type { JSX } from 'preact';

/** Pages that belong together, one beside the other. */
export function Tabs(props: {
  readonly label: string;
  readonly current: string;
  readonly tabs: readonly (readonly [href: string, word: string])[];
}): JSX.Element {
  return (
    <nav class="segments tabs" aria-label={props.label}>
      {props.tabs.map(([href, word]) => (
        <a key={href} href={href} aria-current={href === props.current ? 'page' : undefined}>
          {word}
        </a>
      ))}
    </nav>
  );
}
