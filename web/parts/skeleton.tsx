import type { JSX } from 'preact';
import { useWords } from '../app-state.ts';

/** Stands where content will be, in its size, so that nothing jumps when it comes. */
export function Skeleton({
  rows = 3,
  kind = 'card',
}: {
  readonly rows?: number;
  readonly kind?: 'card' | 'row' | 'right';
}): JSX.Element {
  const words = useWords();
  return (
    <div class="skeleton" role="status">
      <span class="visually-hidden">{words.common.loading}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} class={`skeleton-${kind}`} />
      ))}
    </div>
  );
}
