import type { JSX } from 'preact';
import { useApp, useWords } from '../app-state.ts';
import { Icon } from './icon.tsx';

/** Says when what is shown may have been overtaken; absent while the connection lives. */
export function ConnectionBar(): JSX.Element | null {
  const words = useWords();
  const app = useApp();
  const stream = app.stream.value;
  if (stream === null || stream.state.value !== 'stale') return null;
  const untilMs = stream.liveUntilMs.value;
  const when = untilMs === null ? words.common.unknown : app.time.value.ago(untilMs, app.nowMs.value);
  return (
    <div class="connection-bar" role="status">
      <Icon name="offline" />
      <span>
        <strong>{words.connection.stale}.</strong> {words.connection.staleSince(when)}
      </span>
    </div>
  );
}
