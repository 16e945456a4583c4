import type { ComponentChildren, JSX } from 'preact';
import { Icon, type IconName } from './icon.tsx';

export type ButtonKind = 'primary' | 'secondary' | 'danger' | 'quiet';

interface Look {
  readonly kind?: ButtonKind;
  readonly icon?: IconName;
  readonly children: ComponentChildren;
}

export interface ButtonProps extends Look {
  readonly onClick?: (event: MouseEvent) => void;
  readonly type?: 'button' | 'submit';
  readonly isBusy?: boolean;
  readonly isDisabled?: boolean;
  readonly isPressed?: boolean;
  readonly label?: string;
  readonly describedBy?: string;
}

/** A button; while busy it keeps its size and its focus, and takes no second press. */
export function Button(props: ButtonProps): JSX.Element {
  const { kind = 'secondary', icon, children, onClick, type = 'button', isBusy = false } = props;
  return (
    <button
      type={type}
      class={`btn btn-${kind}`}
      disabled={props.isDisabled === true}
      aria-busy={isBusy ? 'true' : undefined}
      aria-pressed={props.isPressed}
      aria-label={props.label}
      aria-describedby={props.describedBy}
      onClick={(event) => {
        if (isBusy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {icon === undefined ? null : <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

/** A link that looks like a button: it goes somewhere and changes nothing. */
export function ButtonLink(
  props: Look & { readonly href: string; readonly downloadName?: string },
): JSX.Element {
  const { kind = 'secondary', icon, children, href } = props;
  return (
    <a
      class={`btn btn-${kind}`}
      href={href}
      {...(props.downloadName === undefined ? {} : { download: props.downloadName })}
    >
      {icon === undefined ? null : <Icon name={icon} />}
      <span>{children}</span>
    </a>
  );
}
