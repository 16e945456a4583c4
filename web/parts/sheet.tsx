import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { useWords } from '../app-state.ts';
import { Icon } from './icon.tsx';

/** A sheet over the page: rises from the bottom on a phone, stands in the middle of a desk. Escape closes it. */
export function Sheet(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}): JSX.Element {
  const words = useWords();
  const titleId = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opened = dialog.current;
    opened?.showModal();
    // Closed also where the page takes it away, so that the focus returns to what opened it.
    return () => opened?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-labelledby={titleId}
      onClose={props.onClose}
      onClick={(event) => {
        // A press on the dimmed page around it; its own content is inside of the inner box.
        if (event.target === dialog.current) dialog.current?.close();
      }}
    >
      <div class="sheet-box">
        <header class="sheet-head">
          <h2 id={titleId}>{props.title}</h2>
          <button
            type="button"
            class="icon-btn"
            aria-label={words.common.close}
            onClick={() => dialog.current?.close()}
          >
            <Icon name="cross" />
          </button>
        </header>
        {props.children}
      </div>
    </dialog>
  );
}
