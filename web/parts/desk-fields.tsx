import type { JSX } from 'preact';
import type { RoleName } from '#contract/api';
import { useWords } from '../app-state.ts';
import { ROLE_CHOICES } from '../role-choices.ts';
import { useDeskWords } from '../use-desk-words.ts';
import { ManyField, TextField } from './inputs.tsx';

interface Entered {
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly fault: string | undefined;
}

/** Why somebody does what they do; it stands in the records. */
export function ReasonField(props: Entered): JSX.Element {
  const desk = useDeskWords();
  return (
    <TextField
      {...props}
      label={desk.common.reason}
      hint={desk.common.reasonHint}
      maxLength={300}
      rows={2}
      isRequired
    />
  );
}

/** A password that is being chosen. */
export function NewPasswordField(
  props: Entered & { readonly label: string; readonly hint?: string },
): JSX.Element {
  return <TextField {...props} type="password" autocomplete="new-password" maxLength={256} isRequired />;
}

/** Some of the roles. */
export function RolesField(props: {
  readonly label: string;
  readonly chosen: readonly RoleName[];
  readonly onChosen: (chosen: readonly RoleName[]) => void;
}): JSX.Element {
  const words = useWords();
  return <ManyField {...props} options={ROLE_CHOICES.map((role) => [role, words.roles[role]] as const)} />;
}
