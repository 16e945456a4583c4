import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

export interface FieldLinks {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': 'true' | undefined;
}

/** A label over an input, with what helps to fill it in and what is wrong with it. */
export function Field(props: {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly fault?: string | undefined;
  readonly children: (links: FieldLinks) => ComponentChildren;
}): JSX.Element {
  const id = useId();
  const hintId = `${id}-hint`;
  const hasNote = props.hint !== undefined || props.fault !== undefined;
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.children({
        id,
        'aria-describedby': hasNote ? hintId : undefined,
        'aria-invalid': props.fault === undefined ? undefined : 'true',
      })}
      {hasNote ? (
        <p id={hintId} class={props.fault === undefined ? 'field-hint' : 'field-fault'}>
          {props.fault ?? props.hint}
        </p>
      ) : null}
    </div>
  );
}
