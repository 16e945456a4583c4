import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useWords } from '../app-state.ts';
import { Icon } from './icon.tsx';

/**
 * A page: its title, what it is about, and its one primary action, which stands at the thumb on a phone and at
 * the eye on a desk.
 */
export function Page(props: {
  readonly title: string;
  /** Where one came from. */
  readonly back?: { readonly href: string; readonly label: string } | undefined;
  readonly lead?: ComponentChildren;
  /** What belongs beside the title: a count, a tool. */
  readonly aside?: ComponentChildren;
  readonly primary?: ComponentChildren;
  readonly isWide?: boolean;
  readonly children: ComponentChildren;
}): JSX.Element {
  const words = useWords();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${props.title} · ${words.brand}`;
  }, [props.title, words]);
  useEffect(() => {
    // A new page is announced by its heading; the first page of a visit keeps the focus where the browser put it.
    if (document.activeElement !== null && document.activeElement !== document.body) {
      heading.current?.focus({ preventScroll: true });
    }
    window.scrollTo(0, 0);
  }, []);
  return (
    <main
      id="content"
      class={`page${props.isWide === true ? ' page-wide' : ''}${props.primary === undefined ? '' : ' has-primary'}`}
    >
      <div class="page-head">
        {props.back === undefined ? null : (
          <a class="back" href={props.back.href}>
            <Icon name="arrowLeft" />
            {props.back.label}
          </a>
        )}
        <h1 ref={heading} tabIndex={-1}>
          {props.title}
        </h1>
        {props.aside === undefined ? null : <div class="page-aside">{props.aside}</div>}
        {props.lead === undefined ? null : <div class="lead">{props.lead}</div>}
      </div>
      {props.children}
      {props.primary === undefined ? null : <div class="page-primary">{props.primary}</div>}
    </main>
  );
}
