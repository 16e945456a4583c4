import type { ComponentChildren, JSX } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { API_PATH, type ApiProblem } from '../api-client.ts';
import { useApp, useWords } from '../app-state.ts';
import { Button } from '../parts/button.tsx';
import { Chip } from '../parts/chip.tsx';
import { DoorDrawing } from '../parts/door-drawing.tsx';
import { CONTACT_LOOKS, EventLine, LOCK_LOOKS } from '../parts/door-facts.tsx';
import { Icon } from '../parts/icon.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { decodeSimulatorView, type SimulatorView } from '../simulator-state.ts';
import { useDoorWatch } from '../use-door-watch.ts';
import { useLoad } from '../use-load.ts';

/** `em:6F007B3972` is how the product names a card; the simulated reader sends its ten digits. */
const digitsOf = (card: string): string => card.slice(card.indexOf(':') + 1);

interface Simulator {
  readonly view: SimulatorView | null;
  readonly problem: ApiProblem | null;
  readonly command: (name: string, body?: Readonly<Record<string, unknown>>) => Promise<unknown>;
}

/** Follows the simulated door over its own event stream and sends it commands. */
function useSimulator(): Simulator {
  const app = useApp();
  const [view, setView] = useState<SimulatorView | null>(null);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const read = useCallback(async (): Promise<void> => {
    const state = await app.api.doorState();
    if (state.ok) setView(decodeSimulatorView(state.value));
    setProblem(state.ok ? null : state.error);
  }, [app]);
  useEffect(() => {
    void read();
    const source = new EventSource(`${API_PATH}/demo/door/events`);
    const take = (event: MessageEvent<string>): void => {
      setView(decodeSimulatorView(JSON.parse(event.data)));
      setProblem(null);
    };
    source.addEventListener('state', take);
    return () => source.close();
  }, [read]);
  const command = useCallback(
    async (name: string, body: Readonly<Record<string, unknown>> = {}): Promise<unknown> => {
      const answer = await app.api.doorControl(name, body);
      setProblem(answer.ok ? null : answer.error);
      if (answer.ok) await read();
      return answer.ok ? answer.value : null;
    },
    [app, read],
  );
  return { view, problem, command };
}

/** The same drawing as a control: what is pressed here reaches the door as bytes, never as a shortcut. */
export function VirtualDoorPage(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const door = app.places.value?.doors[0];
  const watch = useDoorWatch(door);
  const { view, problem, command } = useSimulator();
  const demo = useLoad('demo', () => app.api.demo());
  const [hint, setHint] = useState<string | null>(null);

  const present = (reader: 'entry' | 'exit', card: string): void => {
    setHint(null);
    void command('card', { reader, card: digitsOf(card) });
  };

  async function push(): Promise<void> {
    const before = view?.leaf;
    const answer = (await command('push')) as { readonly hasMoved?: unknown } | null;
    const isStuck = answer !== null && answer.hasMoved === false && before !== 'open';
    setHint(isStuck ? words.door.pushRefused : null);
  }

  const lock = view?.lock ?? 'unknown';
  const leaf = view?.leaf ?? 'unknown';
  const cards = demo.data?.cards ?? [];
  return (
    <Page title={words.door.virtualTitle} lead={words.door.virtualLead} isWide>
      {problem === null ? null : problem.code === 'unavailable' || problem.code === 'not-found' ? (
        <Notice tone="refused" title={words.door.simulatorGone} isAnswer>
          <p>{words.door.simulatorGoneText}</p>
        </Notice>
      ) : (
        <ProblemNotice problem={problem} />
      )}
      <div class="door-layout">
        <div class="door-stage">
          <DoorDrawing
            lock={lock}
            contact={leaf}
            alarm={door?.state.alarm ?? 'none'}
            light={view?.light ?? 'off'}
            inside={watch.initials}
            controls={{
              onKey: (key) => void command('key', { key }),
              onLeaf: () => void push(),
              onCard: (card) => present('entry', card),
            }}
          />
          <p class="door-hint" role="status">
            {hint}
          </p>
        </div>
        <div class="door-side">
          <section class="block">
            <h2>{words.door.cards}</h2>
            <p class="soft small">{words.door.cardsHint}</p>
            <ul class="card-tray">
              {cards.map(({ card, label }) => (
                <li
                  key={card}
                  draggable
                  onDragStart={(event) => event.dataTransfer?.setData('text/plain', card)}
                >
                  <span class="access-card">
                    <Icon name="card" />
                    <span>
                      <span class="strong">{label}</span>
                      <span class="mono small">{digitsOf(card)}</span>
                    </span>
                  </span>
                  <span class="card-acts">
                    <Button
                      icon="enter"
                      label={words.door.presentLabel(label, words.door.presentEntry)}
                      onClick={() => present('entry', card)}
                    >
                      {words.door.presentEntry}
                    </Button>
                    <Button
                      icon="exit"
                      label={words.door.presentLabel(label, words.door.presentExit)}
                      onClick={() => present('exit', card)}
                    >
                      {words.door.presentExit}
                    </Button>
                  </span>
                </li>
              ))}
            </ul>
          </section>
          <section class="block">
            <h2>{words.door.leaf}</h2>
            <div class="door-acts">
              <Button icon="hand" onClick={() => void push()}>
                {words.door.push}
              </Button>
              <Button
                isPressed={view?.isHeld === true}
                onClick={() => void command('hold', { isHeld: view?.isHeld !== true })}
              >
                {view?.isHeld === true ? words.door.release : words.door.hold}
              </Button>
              <Button onClick={() => void command('close')}>{words.door.closeLeaf}</Button>
              <Button kind="danger" onClick={() => void command('force')}>
                {words.door.force}
              </Button>
            </div>
          </section>
          <section class="block">
            <h2>{words.door.insideSide}</h2>
            <Button icon="exit" onClick={() => void command('exit-button')}>
              {words.door.exitButton}
            </Button>
          </section>
        </div>
        <section class="door-compare">
          <table class="plain-table">
            <thead>
              <tr>
                <th scope="col">{words.door.aspect}</th>
                <th scope="col">{words.door.whatDoorDoes}</th>
                <th scope="col">{words.door.whatServerKnows}</th>
              </tr>
            </thead>
            <tbody>
              <CompareRow
                name={words.door.relay}
                real={<Chip {...LOCK_LOOKS[lock]}>{words.door.locks[lock]}</Chip>}
                known={
                  door === undefined ? null : (
                    <Chip {...LOCK_LOOKS[door.state.lock]}>{words.door.locks[door.state.lock]}</Chip>
                  )
                }
              />
              <CompareRow
                name={words.door.contact}
                real={<Chip {...CONTACT_LOOKS[leaf]}>{words.door.contacts[leaf]}</Chip>}
                known={
                  door === undefined ? null : (
                    <Chip {...CONTACT_LOOKS[door.state.contact]}>
                      {words.door.contacts[door.state.contact]}
                    </Chip>
                  )
                }
              />
              <CompareRow
                name={words.door.light}
                real={words.door.readerLights[view?.light ?? 'off']}
                known={null}
              />
              <CompareRow name={words.door.pulses} real={String(view?.pulses ?? 0)} known={null} />
              <CompareRow
                name={words.door.alarm}
                real={null}
                known={door === undefined ? null : words.door.alarmNames[door.state.alarm]}
              />
              <CompareRow
                name={words.door.occupancy}
                real={null}
                known={door === undefined ? null : words.door.people(door.state.occupancy)}
              />
            </tbody>
          </table>
        </section>
        <section class="block door-events">
          <h2>{words.door.lastEvents}</h2>
          <EventLine events={watch.events} />
        </section>
      </div>
    </Page>
  );
}

function CompareRow(props: {
  readonly name: string;
  readonly real: ComponentChildren;
  readonly known: ComponentChildren;
}): JSX.Element {
  return (
    <tr>
      <th scope="row">{props.name}</th>
      <td>{props.real ?? <span class="soft">–</span>}</td>
      <td>{props.known ?? <span class="soft">–</span>}</td>
    </tr>
  );
}
