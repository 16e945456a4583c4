import type { ComponentChildren, JSX } from 'preact';
import type { Load } from '../use-load.ts';
import { EmptyState } from './empty-state.tsx';
import type { IconName } from './icon.tsx';
import { ProblemNotice } from './notice.tsx';
import { Skeleton } from './skeleton.tsx';

/** What a list needs to know of what is loaded. */
type Shown<T> = Pick<Load<T>, 'data' | 'problem' | 'reload'>;

/** Something that is still coming, failed, or there. */
export function Loaded<T>(props: {
  readonly load: Shown<T>;
  readonly rows?: number;
  readonly kind?: 'card' | 'row';
  readonly children: (data: T) => ComponentChildren;
}): JSX.Element {
  const { load } = props;
  return (
    <>
      {load.problem === undefined ? null : (
        <ProblemNotice problem={load.problem} onRetry={() => void load.reload()} />
      )}
      {load.data === undefined ? (
        load.problem === undefined ? (
          <Skeleton rows={props.rows ?? 3} kind={props.kind ?? 'row'} />
        ) : null
      ) : (
        props.children(load.data)
      )}
    </>
  );
}

/** A list that is still coming, failed, empty, or there. */
export function ListOf<T>(props: {
  readonly load: Shown<{ readonly items: readonly T[] }>;
  readonly icon: IconName;
  readonly empty: string;
  readonly emptyHint: string;
  readonly row: (item: T) => ComponentChildren;
  /** Each item stands on its own. */
  readonly isCards?: boolean;
}): JSX.Element {
  return (
    <Loaded load={props.load} rows={5}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState icon={props.icon} title={props.empty} text={props.emptyHint} />
        ) : (
          <div class={props.isCards === true ? 'stack' : 'list'}>{items.map(props.row)}</div>
        )
      }
    </Loaded>
  );
}
