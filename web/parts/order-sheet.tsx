import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Door } from '#contract/api';
import type { Command, NewCommand } from '#contract/api-door';
import type { CommandAct, CommandState } from '#contract/command';
import type { ApiProblem } from '../api-client.ts';
import { orderCommand } from '../api-door.ts';
import { useApp, useWords } from '../app-state.ts';
import { HOLD_MINUTES, ORDER_LIFE_MS, reasonsFor, type CommandReason } from '../order-acts.ts';
import { useElapsed } from '../use-elapsed.ts';
import { useLoad } from '../use-load.ts';
import { isOrderOpen, useOrder } from '../use-order.ts';
import { wordOf } from '../words/words.ts';
import { Button } from './button.tsx';
import { Chip, type Tone } from './chip.tsx';
import { Field } from './field.tsx';
import { Icon, type IconName } from './icon.tsx';
import { Notice, ProblemNotice } from './notice.tsx';
import { Sheet } from './sheet.tsx';

/** How each state of an order looks. */
export const ORDER_LOOKS: Readonly<Record<CommandState, { readonly tone: Tone; readonly icon: IconName }>> = {
  waiting: { tone: 'waiting', icon: 'hourglass' },
  sent: { tone: 'info', icon: 'arrowRight' },
  done: { tone: 'granted', icon: 'checkCircle' },
  refused: { tone: 'refused', icon: 'crossCircle' },
  lapsed: { tone: 'neutral', icon: 'clock' },
};

const DANGEROUS: readonly CommandAct[] = ['release', 'lockdown-start', 'hold-open-start'];
const MINUTE_MS = 60_000;
const MOST_EXCEPTIONS = 32;

/** One order at a door: what it will do and until when, why it is given, and then what becomes of it. */
export function OrderSheet(props: {
  readonly door: Door;
  readonly act: CommandAct;
  readonly onClose: () => void;
}): JSX.Element {
  const words = useWords();
  const { door, act, onClose } = props;
  const [ordered, setOrdered] = useState<Command | null>(null);
  return (
    <Sheet title={`${words.orders.names[act]}: ${door.name}`} onClose={onClose}>
      {ordered === null ? (
        <OrderForm door={door} act={act} onOrdered={setOrdered} onClose={onClose} />
      ) : (
        <OrderProgress first={ordered} onClose={onClose} />
      )}
    </Sheet>
  );
}

function OrderForm(props: {
  readonly door: Door;
  readonly act: CommandAct;
  readonly onOrdered: (command: Command) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const app = useApp();
  const words = useWords();
  const { door, act } = props;
  const time = app.time.value;
  const nowMs = app.nowMs.value;
  const [why, setWhy] = useState<CommandReason | null>(null);
  const [note, setNote] = useState('');
  const [minutes, setMinutes] = useState<number>(HOLD_MINUTES[1]);
  const [allow, setAllow] = useState<readonly string[]>([]);
  const [personId, setPersonId] = useState<string | null>(null);
  const [isAsked, setIsAsked] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const isNoteMissing = why === 'other' && note.trim() === '';

  async function order(reason: CommandReason): Promise<void> {
    const wish: NewCommand = {
      act,
      why: reason,
      ...(note.trim() === '' ? {} : { note: note.trim() }),
      ...(act === 'hold-open-start' ? { forMs: minutes * MINUTE_MS } : {}),
      ...(act === 'lockdown-start' && allow.length > 0 ? { allow: [...allow] } : {}),
      ...(act === 'presence-reset' && personId !== null ? { personId } : {}),
    };
    setIsBusy(true);
    setProblem(null);
    const answer = await orderCommand(app.api, door.id, wish);
    setIsBusy(false);
    if (answer.ok) props.onOrdered(answer.value);
    else setProblem(answer.error);
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setIsAsked(true);
        if (why !== null && !isNoteMissing && !isBusy) void order(why);
      }}
    >
      <ul class="means">
        {words.orders.means[act].map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {door.state.lockdown !== null && (act === 'release' || act === 'hold-open-start') ? (
        <Notice tone="waiting" icon="ban" title={words.orders.duringLockdown} />
      ) : null}
      {act === 'hold-open-start' ? (
        <fieldset class="choices">
          <legend>{words.orders.howLong}</legend>
          <div class="segments segments-wide">
            {HOLD_MINUTES.map((each) => (
              <button
                key={each}
                type="button"
                aria-pressed={minutes === each}
                onClick={() => setMinutes(each)}
              >
                {words.orders.holdMinutes(each)}
              </button>
            ))}
          </div>
          <p class="field-hint">
            {words.orders.until(time.inSentence(time.dayAndClock(nowMs + minutes * MINUTE_MS, nowMs)))}
          </p>
        </fieldset>
      ) : null}
      {act === 'lockdown-start' ? <Exceptions allow={allow} onAllow={setAllow} /> : null}
      {act === 'presence-reset' ? (
        <WhoseReset door={door} personId={personId} onPerson={setPersonId} />
      ) : null}
      <fieldset class="choices" aria-describedby="order-why">
        <legend>{words.orders.why}</legend>
        {reasonsFor(act).map((reason) => (
          <label key={reason} class="choice">
            <input type="radio" name="why" checked={why === reason} onChange={() => setWhy(reason)} />
            <span>{words.orders.reasons[reason]}</span>
          </label>
        ))}
        {isAsked && why === null ? (
          <p id="order-why" class="field-fault" role="alert">
            {words.orders.whyNeeded}
          </p>
        ) : null}
      </fieldset>
      <Field
        label={why === 'other' ? words.orders.note : `${words.orders.note} (${words.common.optional})`}
        hint={words.orders.noteHint}
        fault={isAsked && isNoteMissing ? words.orders.noteNeeded : undefined}
      >
        {(links) => (
          <textarea
            {...links}
            rows={2}
            maxLength={300}
            value={note}
            onInput={(event) => setNote(event.currentTarget.value)}
          />
        )}
      </Field>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <p class="soft small">{words.orders.stepUpHint}</p>
      <div class="sheet-actions">
        <Button onClick={props.onClose}>{words.common.cancel}</Button>
        <Button kind={DANGEROUS.includes(act) ? 'danger' : 'primary'} type="submit" isBusy={isBusy}>
          {words.orders.names[act]}
        </Button>
      </div>
    </form>
  );
}

/** Who may still come in during a lockdown. */
function Exceptions(props: {
  readonly allow: readonly string[];
  readonly onAllow: (allow: readonly string[]) => void;
}): JSX.Element {
  const app = useApp();
  const words = useWords();
  const { allow, onAllow } = props;
  const people = useLoad('people', () => app.api.people());
  return (
    <details class="fold exceptions">
      <summary>
        <Icon name="people" />
        <span class="row-main">
          <span class="strong">{words.orders.exceptions(allow.length)}</span>
          <span class="small soft">{words.orders.exceptionsHint}</span>
        </span>
        <Icon name="chevronDown" />
      </summary>
      <fieldset class="choices fold-text">
        <legend class="visually-hidden">{words.orders.exceptions(allow.length)}</legend>
        {people.problem === undefined ? null : <ProblemNotice problem={people.problem} />}
        {(people.data?.items ?? [])
          .filter(({ isActive }) => isActive)
          .map(({ id, name, organisation }) => (
            <label key={id} class="choice">
              <input
                type="checkbox"
                checked={allow.includes(id)}
                disabled={!allow.includes(id) && allow.length >= MOST_EXCEPTIONS}
                onChange={(event) =>
                  onAllow(event.currentTarget.checked ? [...allow, id] : allow.filter((each) => each !== id))
                }
              />
              <span>
                {name}
                <span class="soft small">, {organisation}</span>
              </span>
            </label>
          ))}
      </fieldset>
    </details>
  );
}

/** Whose presence is reset: of one who is recorded inside, or of everybody. */
function WhoseReset(props: {
  readonly door: Door;
  readonly personId: string | null;
  readonly onPerson: (personId: string | null) => void;
}): JSX.Element {
  const app = useApp();
  const words = useWords();
  const occupancy = useLoad(`occupancy ${props.door.id}`, () => app.api.occupancy());
  const inside = occupancy.data?.rooms.find(({ roomId }) => roomId === props.door.roomId)?.inside ?? [];
  const choices = [
    { id: null, name: words.orders.everybody },
    ...inside.flatMap(({ personId, personName }) =>
      personId === null ? [] : [{ id: personId, name: personName ?? words.supervisor.insideUnknownName }],
    ),
  ];
  return (
    <fieldset class="choices">
      <legend>{words.orders.ofWhom}</legend>
      {choices.map(({ id, name }) => (
        <label key={id ?? 'everybody'} class="choice">
          <input
            type="radio"
            name="whose"
            checked={props.personId === id}
            onChange={() => props.onPerson(id)}
          />
          <span>{name}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** What becomes of an order, live. */
function OrderProgress(props: { readonly first: Command; readonly onClose: () => void }): JSX.Element {
  const words = useWords();
  const order = useOrder(props.first);
  const { state } = order;
  // Only what opens a door or silences an alarm lapses; the others wait for a gateway that is late.
  const isShortLived =
    order.act === 'release' || order.act === 'hold-open-start' || order.act === 'alarm-acknowledge';
  const isCounting = state === 'waiting' && isShortLived;
  const elapsedMs = useElapsed(isCounting);
  const leftMs = Math.max(0, ORDER_LIFE_MS - elapsedMs);
  return (
    <>
      <div class={`order-state tone-${ORDER_LOOKS[state].tone}`} role="status">
        <Icon name={ORDER_LOOKS[state].icon} />
        <p>
          <strong>{words.orders.states[state]}</strong>
          <br />
          {words.orders.stateTexts[state]}
          {order.refusal === null ? '' : ` ${wordOf(words.orders.refusals, order.refusal)}`}
        </p>
      </div>
      {isCounting ? (
        <div class="order-life">
          <progress aria-label={words.orders.states.waiting} max={ORDER_LIFE_MS} value={leftMs} />
          <p class="soft small">{words.orders.secondsLeft(Math.ceil(leftMs / 1000))}</p>
        </div>
      ) : null}
      <div class="sheet-actions">
        <Button kind={isOrderOpen(order) ? 'secondary' : 'primary'} onClick={props.onClose}>
          {words.common.close}
        </Button>
      </div>
    </>
  );
}

/** The state of an order in a word. */
export function OrderChip({ state }: { readonly state: CommandState }): JSX.Element {
  const words = useWords();
  return <Chip {...ORDER_LOOKS[state]}>{words.orders.states[state]}</Chip>;
}
