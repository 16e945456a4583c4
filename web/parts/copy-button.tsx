import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useWords } from '../app-state.ts';
import { Button } from './button.tsx';

/** Copies a text; where the browser refuses, outside of a secure connection, it can still be selected. */
export function CopyButton(props: { readonly text: string; readonly label?: string }): JSX.Element {
  const words = useWords();
  const [isCopied, setIsCopied] = useState(false);
  return (
    <Button
      icon="check"
      {...(props.label === undefined || isCopied ? {} : { label: props.label })}
      onClick={() => {
        navigator.clipboard?.writeText(props.text).then(
          () => setIsCopied(true),
          () => setIsCopied(false),
        );
      }}
    >
      {isCopied ? words.common.copied : words.common.copy}
    </Button>
  );
}
