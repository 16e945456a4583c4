import type { JSX } from 'preact';
import { useApp, useMe, useWords } from '../app-state.ts';
import { Icon } from './icon.tsx';

/** Doors in alarm, on every page of those who must act; it stays until the door itself ends it. */
export function AlarmBar(): JSX.Element | null {
  const words = useWords();
  const me = useMe();
  const app = useApp();
  const time = app.time.value;
  const nowMs = app.nowMs.value;
  if (!me.roles.some((role) => role === 'supervisor' || role === 'auditor' || role === 'administrator')) {
    return null;
  }
  const alarmed = (app.places.value?.doors ?? []).filter((door) => door.state.alarm !== 'none');
  if (alarmed.length === 0) return null;
  return (
    <div class="alarm-bar" role="alert">
      {alarmed.map(({ id, name, state }) =>
        state.alarm === 'none' ? null : (
          <p key={id}>
            <Icon name="alarm" />
            <span>
              <strong>
                {words.alarms[state.alarm]}: {name}
              </strong>{' '}
              {state.at === null
                ? ''
                : `${time.inSentence(time.dayAndClock(Date.parse(state.at), nowMs))} (${time.ago(Date.parse(state.at), nowMs)}). `}
              {words.alarms.until}
            </span>
            <a href="/door">{words.alarms.see}</a>
          </p>
        ),
      )}
    </div>
  );
}
