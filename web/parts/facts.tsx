import type { ComponentChildren, JSX } from 'preact';

/** A list of names and what they stand for; empty ones are left out. */
export function Facts(props: {
  readonly rows: readonly (readonly [name: string, value: ComponentChildren] | null)[];
}): JSX.Element {
  return (
    <dl class="facts">
      {props.rows.map((row) =>
        row === null ? null : (
          <div key={row[0]}>
            <dt>{row[0]}</dt>
            <dd>{row[1]}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
