import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Credential } from '#contract/api';
import type { ApiProblem, EnrolmentToken } from '../api-client.ts';
import { useApp, useWords } from '../app-state.ts';
import { Button } from '../parts/button.tsx';
import { CardEnrolSheet } from '../parts/card-enrol-sheet.tsx';
import { Chip, type Tone } from '../parts/chip.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Field } from '../parts/field.tsx';
import { GatewayHealth } from '../parts/gateway-health.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { ListOf } from '../parts/list-of.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { Sheet } from '../parts/sheet.tsx';
import { useDeskWords } from '../use-desk-words.ts';
import { useLoad } from '../use-load.ts';

const CARD_LOOKS: Readonly<Record<Credential['state'], { readonly tone: Tone; readonly icon: IconName }>> = {
  active: { tone: 'granted', icon: 'check' },
  suspended: { tone: 'refused', icon: 'ban' },
  lost: { tone: 'refused', icon: 'ban' },
};

/** Cards and their holders. */
export function CardsPage(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const desk = useDeskWords();
  const cards = useLoad('cards', () => app.api.credentials());
  const [isAdding, setIsAdding] = useState(false);
  const [added, setAdded] = useState<string | null>(null);
  const [problem, setProblem] = useState<ApiProblem | null>(null);

  async function setState(card: Credential): Promise<void> {
    const answer = await app.api.setCredentialState(
      card.id,
      card.state === 'active' ? 'suspended' : 'active',
    );
    setProblem(answer.ok ? null : answer.error);
    await cards.reload();
  }

  return (
    <Page
      title={words.admin.cardsTitle}
      primary={
        <Button kind="primary" icon="plus" onClick={() => setIsAdding(true)}>
          {words.admin.addCard}
        </Button>
      }
    >
      {added === null ? null : <Notice tone="granted" title={words.admin.cardAdded(added)} isAnswer />}
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <ListOf
        load={cards}
        icon="card"
        empty={words.admin.cardsEmpty}
        emptyHint={words.admin.addCard}
        row={(card) => (
          <div key={card.id} class="row">
            <span class="row-icon">
              <Icon name="card" />
            </span>
            <span class="row-main">
              <a class="strong" href={`/people/${card.personId}`}>
                {card.personName}
              </a>
              <span class="soft small">
                {card.lastFour === '' ? desk.cards.byReader : words.admin.cardEnding(card.lastFour)} ·{' '}
                {words.admin.enrolledAt} {app.time.value.date(Date.parse(card.enrolledAt))}
              </span>
            </span>
            <Chip {...CARD_LOOKS[card.state]}>{words.admin.cardState[card.state]}</Chip>
            <Button
              label={`${card.state === 'active' ? words.admin.suspend : words.admin.resume}: ${card.personName} ${card.lastFour}`}
              onClick={() => void setState(card)}
            >
              {card.state === 'active' ? words.admin.suspend : words.admin.resume}
            </Button>
          </div>
        )}
      />
      {isAdding ? (
        <CardEnrolSheet
          onClose={() => setIsAdding(false)}
          onDone={(card) => {
            setIsAdding(false);
            setAdded(card.personName);
            void cards.reload();
          }}
        />
      ) : null}
    </Page>
  );
}

/** Gateways and how they fare. */
export function GatewaysPage(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const gateways = useLoad('gateways', () => app.api.gateways());
  const [isAdding, setIsAdding] = useState(false);
  const [token, setToken] = useState<EnrolmentToken | null>(null);
  return (
    <Page
      title={words.admin.gatewaysTitle}
      lead={words.gatewayHealth.lead}
      primary={
        <Button kind="primary" icon="plus" onClick={() => setIsAdding(true)}>
          {words.admin.addGateway}
        </Button>
      }
    >
      <ListOf
        load={gateways}
        icon="gateway"
        empty={words.admin.gatewaysEmpty}
        emptyHint={words.admin.addGateway}
        row={(gateway) => <GatewayHealth key={gateway.id} gateway={gateway} />}
        isCards
      />
      {isAdding ? (
        <GatewaySheet
          onClose={() => setIsAdding(false)}
          onAdded={(made) => {
            setIsAdding(false);
            setToken(made);
            void gateways.reload();
          }}
        />
      ) : null}
      {token === null ? null : <TokenSheet token={token} onClose={() => setToken(null)} />}
    </Page>
  );
}

function GatewaySheet(props: {
  readonly onClose: () => void;
  readonly onAdded: (token: EnrolmentToken) => void;
}): JSX.Element {
  const app = useApp();
  const words = useWords();
  const doors = app.places.value?.doors ?? [];
  const [id, setId] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);

  async function save(): Promise<void> {
    setIsBusy(true);
    const answer = await app.api.addGateway(id, chosen);
    setIsBusy(false);
    if (answer.ok) props.onAdded(answer.value);
    else setProblem(answer.error);
  }

  return (
    <Sheet title={words.admin.addGateway} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Field label={words.admin.gatewayId} hint={words.admin.gatewayIdHint}>
          {(links) => (
            <input
              {...links}
              type="text"
              class="mono"
              autocomplete="off"
              autocapitalize="none"
              spellcheck={false}
              required
              pattern="[a-z0-9]([a-z0-9\-]{0,62}[a-z0-9])?"
              value={id}
              onInput={(event) => setId(event.currentTarget.value)}
            />
          )}
        </Field>
        <fieldset class="choices">
          <legend>{words.admin.gatewayDoors}</legend>
          {doors.map((door) => (
            <label key={door.id} class="choice">
              <input
                type="checkbox"
                checked={chosen.includes(door.id)}
                onChange={(event) =>
                  setChosen(
                    event.currentTarget.checked
                      ? [...chosen, door.id]
                      : chosen.filter((each) => each !== door.id),
                  )
                }
              />
              <span>{door.name}</span>
            </label>
          ))}
        </fieldset>
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <div class="sheet-actions">
          <Button onClick={props.onClose}>{words.common.cancel}</Button>
          <Button kind="primary" type="submit" isBusy={isBusy} isDisabled={chosen.length === 0}>
            {words.admin.save}
          </Button>
        </div>
      </form>
    </Sheet>
  );
}

/** The one time that a token is seen. */
function TokenSheet(props: { readonly token: EnrolmentToken; readonly onClose: () => void }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const { token } = props;
  const command = `palang enrol --server ${location.origin} --token ${token.token} --config ${token.gatewayId}.yaml`;
  return (
    <Sheet title={words.admin.tokenTitle} onClose={props.onClose}>
      <p>{words.admin.tokenText}</p>
      <pre class="token" tabIndex={0} aria-label={words.admin.tokenTitle}>
        {command}
      </pre>
      <p class="soft small">{words.admin.tokenExpires(app.time.value.full(Date.parse(token.expiresAt)))}</p>
      <div class="sheet-actions">
        <CopyButton text={command} />
        <Button kind="primary" onClick={props.onClose}>
          {words.common.close}
        </Button>
      </div>
    </Sheet>
  );
}
