import type { JSX } from 'preact';
import type { AccessRequest } from '#contract/api';
import { useApp } from '../app-state.ts';
import { StateChip } from './chip.tsx';
import { Icon } from './icon.tsx';

/** One request in a list: what, when, and where it stands. */
export function RequestRow(props: {
  readonly request: AccessRequest;
  readonly href: string;
  /** In lists over several people the name leads. */
  readonly showsName?: boolean;
}): JSX.Element {
  const app = useApp();
  const { request } = props;
  const purpose = app.purposeName(request.purpose);
  return (
    <a class="row request-row" href={props.href}>
      <span class="row-main">
        <span class="strong">{props.showsName === true ? request.requester.name : purpose}</span>
        <span class="soft small">
          {props.showsName === true ? `${purpose} · ` : ''}
          {app.time.value.window(
            Date.parse(request.validFrom),
            Date.parse(request.validUntil),
            app.nowMs.value,
          )}
        </span>
      </span>
      <StateChip state={request.state} />
      <Icon name="chevronRight" />
    </a>
  );
}
