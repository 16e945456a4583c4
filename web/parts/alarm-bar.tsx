import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Door, RoleName } from '#contract/api';
import { useApp, useMe, useWords } from '../app-state.ts';
import { isOffered } from '../order-acts.ts';
import { Icon, type IconName } from './icon.tsx';
import { LazyPart } from './lazy-part.tsx';

const loadOrderSheet = async () => (await import('./order-sheet.tsx')).OrderSheet;

const ALARM_READERS: readonly RoleName[] = ['supervisor', 'officer', 'auditor', 'administrator'];

interface Bar {
  readonly key: string;
  readonly door: Door;
  readonly icon: IconName;
  readonly title: string;
  readonly text: string;
  /** Something to act on or to obey; the others are known and under way. */
  readonly isLoud: boolean;
  readonly mayAcknowledge?: boolean;
}

/**
 * What everybody must know of a door, on every page: fire and lockdown for all, alarms and a door held open for
 * those who must act. Each stays until the door itself ends it.
 * @see rules W22, W31
 */
export function AlarmBar(): JSX.Element | null {
  const words = useWords();
  const me = useMe();
  const app = useApp();
  const [acknowledging, setAcknowledging] = useState<Door | null>(null);
  const time = app.time.value;
  const nowMs = app.nowMs.value;
  const seesAlarms = me.roles.some((role) => ALARM_READERS.includes(role));
  const since = (at: string | null): string =>
    at === null
      ? ''
      : words.bars.since(
          time.inSentence(time.dayAndClock(Date.parse(at), nowMs)),
          time.ago(Date.parse(at), nowMs),
        );

  const bars = (app.places.value?.doors ?? []).flatMap((door): Bar[] => {
    const { alarm, alarmSince, isAcknowledged, fire, lockdown, holdOpenUntil } = door.state;
    const untilMs = holdOpenUntil === null ? 0 : Date.parse(holdOpenUntil);
    const found: (Bar | null)[] = [
      fire === null
        ? null
        : {
            key: 'fire',
            door,
            icon: 'alarm',
            title: words.bars.fire,
            text: `${since(fire.since)} ${words.bars.fireText}`,
            isLoud: true,
          },
      lockdown === null
        ? null
        : {
            key: 'lockdown',
            door,
            icon: 'ban',
            title: words.bars.lockdown,
            text: `${since(lockdown.since)} ${words.bars.lockdownText}`,
            isLoud: true,
          },
      alarm === 'none' || !seesAlarms
        ? null
        : {
            key: 'alarm',
            door,
            icon: 'alarm',
            title: words.alarms[alarm],
            text: `${since(alarmSince)} ${isAcknowledged ? `${words.bars.acknowledged}. ` : ''}${words.alarms.until}`,
            isLoud: !isAcknowledged,
            mayAcknowledge: !isAcknowledged && isOffered(me.roles, 'alarm-acknowledge'),
          },
      untilMs <= nowMs || !seesAlarms
        ? null
        : {
            key: 'held',
            door,
            icon: 'doorOpen',
            title: words.bars.held,
            text: words.bars.heldText(time.clockInZone(untilMs), time.duration(untilMs - nowMs)),
            isLoud: false,
          },
    ];
    return found.filter((bar) => bar !== null);
  });

  const row = ({ key, door, icon, title, text, mayAcknowledge }: Bar): ComponentChildren => (
    <p key={`${door.id} ${key}`}>
      <Icon name={icon} />
      <span>
        <strong>
          {title}: {door.name}.
        </strong>{' '}
        {text}
      </span>
      {mayAcknowledge === true ? (
        <button type="button" class="bar-act" onClick={() => setAcknowledging(door)}>
          {words.bars.acknowledge}
        </button>
      ) : null}
      <a href={`/door?door=${encodeURIComponent(door.id)}`}>{words.alarms.see}</a>
    </p>
  );
  const loud = bars.filter(({ isLoud }) => isLoud);
  const quiet = bars.filter(({ isLoud }) => !isLoud);
  return (
    <>
      {loud.length === 0 ? null : (
        <div class="alarm-bar" role="alert">
          {loud.map(row)}
        </div>
      )}
      {quiet.length === 0 ? null : (
        <div class="alarm-bar bar-quiet" role="status">
          {quiet.map(row)}
        </div>
      )}
      {acknowledging === null ? null : (
        <LazyPart
          load={loadOrderSheet}
          given={{
            door: acknowledging,
            act: 'alarm-acknowledge' as const,
            onClose: () => setAcknowledging(null),
          }}
        />
      )}
    </>
  );
}
