import type { InputHTMLAttributes, JSX, TargetedInputEvent } from 'preact';
import { Field } from './field.tsx';

interface Labelled {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly fault?: string | undefined;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly isRequired?: boolean;
}

/** One line of text under its label; `rows` makes it several. */
export function TextField(
  props: Labelled & {
    readonly type?: 'text' | 'date' | 'time' | 'email' | 'month' | 'password' | 'number';
    readonly maxLength?: number;
    readonly pattern?: string;
    readonly isMono?: boolean;
    readonly rows?: number;
    readonly min?: number;
    readonly max?: number;
    readonly autocomplete?: 'off' | 'current-password' | 'new-password';
    readonly language?: string;
  },
): JSX.Element {
  const { label, hint, fault, value, onValue, rows } = props;
  const isCode = props.isMono === true;
  return (
    <Field label={label} hint={hint} fault={fault}>
      {(links) => {
        const shared = {
          ...links,
          required: props.isRequired === true,
          maxLength: props.maxLength,
          lang: props.language,
          class: isCode ? 'mono' : undefined,
        };
        // Preact types each kind of input on its own; here the kind comes from outside.
        const line = {
          ...shared,
          type: props.type ?? 'text',
          pattern: props.pattern,
          min: props.min,
          max: props.max,
          autocomplete: props.autocomplete ?? 'off',
          ...(isCode ? { autocapitalize: 'none', spellcheck: false } : {}),
          value,
          onInput: (event: TargetedInputEvent<HTMLInputElement>) => onValue(event.currentTarget.value),
        } as InputHTMLAttributes<HTMLInputElement>;
        return rows === undefined ? (
          <input {...line} />
        ) : (
          <textarea
            {...shared}
            rows={rows}
            value={value}
            onInput={(event) => onValue(event.currentTarget.value)}
          />
        );
      }}
    </Field>
  );
}

/** One of a few, under its label; an empty choice stands first where none is needed or none is made yet. */
export function SelectField(
  props: Labelled & {
    readonly options: readonly (readonly [value: string, word: string])[];
    /** What the empty choice says. */
    readonly none?: string;
  },
): JSX.Element {
  const { label, hint, fault, value, onValue, options, none } = props;
  return (
    <Field label={label} hint={hint} fault={fault}>
      {(links) => (
        <select
          {...links}
          required={props.isRequired === true}
          value={value}
          onChange={(event) => onValue(event.currentTarget.value)}
        >
          {none === undefined ? null : <option value="">{none}</option>}
          {options.map(([each, word]) => (
            <option key={each} value={each}>
              {word}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** One thing that is so or not. */
export function CheckField(props: {
  readonly label: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
  readonly hint?: string;
  readonly isRequired?: boolean;
}): JSX.Element {
  return (
    <label class="choice">
      <input
        type="checkbox"
        required={props.isRequired === true}
        checked={props.isOn}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <span>
        {props.label}
        {props.hint === undefined ? null : <span class="soft small choice-hint">{props.hint}</span>}
      </span>
    </label>
  );
}

/** Several of a few. */
export function ManyField<V extends string>(props: {
  readonly label: string;
  readonly options: readonly (readonly [value: V, word: string])[];
  readonly chosen: readonly V[];
  readonly onChosen: (chosen: readonly V[]) => void;
  readonly hint?: string;
}): JSX.Element {
  const { chosen, onChosen } = props;
  return (
    <fieldset class="choices">
      <legend>{props.label}</legend>
      {props.hint === undefined ? null : <p class="field-hint">{props.hint}</p>}
      {props.options.map(([value, word]) => (
        <CheckField
          key={value}
          label={word}
          isOn={chosen.includes(value)}
          onChange={(isOn) => onChosen(isOn ? [...chosen, value] : chosen.filter((each) => each !== value))}
        />
      ))}
    </fieldset>
  );
}
