import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ROLE_CHOICES } from '../role-choices.ts';
import type { Credential, GatewaySummary, RoleName } from '#contract/api';
import type { ApiProblem, EnrolmentToken, Page as ListPage } from '../api-client.ts';
import { useApp, useWords } from '../app-state.ts';
import { Button } from '../parts/button.tsx';
import { Chip, type Tone } from '../parts/chip.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Field } from '../parts/field.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { Sheet } from '../parts/sheet.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { useLoad, type Load } from '../use-load.ts';

/** A list that is still coming, failed, empty, or there. */
function ListOf<T>(props: {
  readonly load: Load<ListPage<T>>;
  readonly icon: IconName;
  readonly empty: string;
  readonly emptyHint: string;
  readonly row: (item: T) => ComponentChildren;
}): JSX.Element {
  const { load } = props;
  return (
    <>
      {load.problem === undefined ? null : (
        <ProblemNotice problem={load.problem} onRetry={() => void load.reload()} />
      )}
      {load.data === undefined ? (
        load.problem === undefined ? (
          <Skeleton rows={5} kind="row" />
        ) : null
      ) : load.data.items.length === 0 ? (
        <EmptyState icon={props.icon} title={props.empty} text={props.emptyHint} />
      ) : (
        <div class="list">{load.data.items.map(props.row)}</div>
      )}
    </>
  );
}

/** People of the site. */
export function PeoplePage(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const people = useLoad('people', () => app.api.people());
  const [isAdding, setIsAdding] = useState(false);
  const [added, setAdded] = useState<string | null>(null);
  return (
    <Page
      title={words.admin.peopleTitle}
      primary={
        <Button kind="primary" icon="plus" onClick={() => setIsAdding(true)}>
          {words.admin.addPerson}
        </Button>
      }
    >
      {added === null ? null : <Notice tone="granted" title={words.admin.personAdded(added)} isAnswer />}
      <ListOf
        load={people}
        icon="people"
        empty={words.admin.peopleEmpty}
        emptyHint={words.admin.addPerson}
        row={(person) => (
          <div key={person.id} class="row">
            <span class="row-icon">
              <Icon name="person" />
            </span>
            <span class="row-main">
              <span class="strong">{person.name}</span>
              <span class="soft small">
                {person.organisation}
                {person.username === null ? '' : ` · ${person.username}`}
              </span>
            </span>
            <span class="row-end soft small">
              {person.isActive
                ? person.roles.map((role) => words.roles[role]).join(', ') || words.admin.noRoles
                : words.admin.inactive}
            </span>
          </div>
        )}
      />
      {isAdding ? (
        <PersonSheet
          onClose={() => setIsAdding(false)}
          onAdded={(name) => {
            setIsAdding(false);
            setAdded(name);
            void people.reload();
          }}
        />
      ) : null}
    </Page>
  );
}

function PersonSheet(props: {
  readonly onClose: () => void;
  readonly onAdded: (name: string) => void;
}): JSX.Element {
  const app = useApp();
  const words = useWords();
  const [name, setName] = useState('');
  const [organisation, setOrganisation] = useState('');
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [roles, setRoles] = useState<readonly RoleName[]>([]);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);

  async function save(): Promise<void> {
    setIsBusy(true);
    const answer = await app.api.addPerson({
      name: name.trim(),
      organisation: organisation.trim(),
      roles,
      ...(username === '' ? {} : { username }),
      ...(password === '' ? {} : { password }),
    });
    setIsBusy(false);
    if (answer.ok) props.onAdded(answer.value.name);
    else setProblem(answer.error);
  }

  const faultOf = (field: string): string | undefined =>
    problem?.pointers.includes(`/${field}`) === true ? words.problems['invalid-input'].title : undefined;
  return (
    <Sheet title={words.admin.addPerson} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Field label={words.admin.name} fault={faultOf('name')}>
          {(links) => (
            <input
              {...links}
              type="text"
              autocomplete="off"
              required
              maxLength={120}
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label={words.admin.organisation} fault={faultOf('organisation')}>
          {(links) => (
            <input
              {...links}
              type="text"
              autocomplete="off"
              required
              maxLength={120}
              value={organisation}
              onInput={(event) => setOrganisation(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label={words.admin.username} hint={words.admin.usernameHint} fault={faultOf('username')}>
          {(links) => (
            <input
              {...links}
              type="text"
              autocomplete="off"
              autocapitalize="none"
              spellcheck={false}
              pattern="[a-z0-9][a-z0-9._\-]{1,62}"
              value={username}
              onInput={(event) => setUsername(event.currentTarget.value)}
            />
          )}
        </Field>
        {username === '' ? null : (
          <Field label={words.admin.password} hint={words.admin.passwordHint} fault={faultOf('password')}>
            {(links) => (
              <input
                {...links}
                type="password"
                autocomplete="new-password"
                required
                minLength={10}
                maxLength={256}
                value={password}
                onInput={(event) => setPassword(event.currentTarget.value)}
              />
            )}
          </Field>
        )}
        <fieldset class="choices">
          <legend>{words.admin.rolesLabel}</legend>
          {ROLE_CHOICES.map((role) => (
            <label key={role} class="choice">
              <input
                type="checkbox"
                checked={roles.includes(role)}
                onChange={(event) =>
                  setRoles(
                    event.currentTarget.checked ? [...roles, role] : roles.filter((each) => each !== role),
                  )
                }
              />
              <span>{words.roles[role]}</span>
            </label>
          ))}
        </fieldset>
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <div class="sheet-actions">
          <Button onClick={props.onClose}>{words.common.cancel}</Button>
          <Button kind="primary" type="submit" isBusy={isBusy}>
            {words.admin.save}
          </Button>
        </div>
      </form>
    </Sheet>
  );
}

const CARD_LOOKS: Readonly<Record<Credential['state'], { readonly tone: Tone; readonly icon: IconName }>> = {
  active: { tone: 'granted', icon: 'check' },
  suspended: { tone: 'refused', icon: 'ban' },
};

/** Cards and their holders. */
export function CardsPage(): JSX.Element {
  const app = useApp();
  const words = useWords();
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
              <span class="strong">{card.personName}</span>
              <span class="soft small">
                {words.admin.cardEnding(card.lastFour)} · {words.admin.enrolledAt}{' '}
                {app.time.value.date(Date.parse(card.enrolledAt))}
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
        <CardSheet
          onClose={() => setIsAdding(false)}
          onAdded={(name) => {
            setIsAdding(false);
            setAdded(name);
            void cards.reload();
          }}
        />
      ) : null}
    </Page>
  );
}

/** Ten digits alone are an EM4100 card; of any other the medium is written before the number. */
function cardTextOf(typed: string): string {
  const [medium, number] = typed.includes(':') ? typed.split(':', 2) : ['em', typed];
  return `${(medium ?? '').toLowerCase()}:${(number ?? '').toUpperCase()}`;
}

function CardSheet(props: {
  readonly onClose: () => void;
  readonly onAdded: (name: string) => void;
}): JSX.Element {
  const app = useApp();
  const words = useWords();
  const people = useLoad('people', () => app.api.people());
  const [personId, setPersonId] = useState('');
  const [digits, setDigits] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);

  async function save(): Promise<void> {
    setIsBusy(true);
    const answer = await app.api.addCredential(personId, cardTextOf(digits));
    setIsBusy(false);
    if (answer.ok) props.onAdded(answer.value.personName);
    else setProblem(answer.error);
  }

  return (
    <Sheet title={words.admin.addCard} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Field label={words.admin.cardOf}>
          {(links) => (
            <select
              {...links}
              required
              value={personId}
              onChange={(event) => setPersonId(event.currentTarget.value)}
            >
              <option value="" />
              {(people.data?.items ?? []).map((person) => (
                <option key={person.id} value={person.id}>
                  {person.name}, {person.organisation}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={words.admin.cardNumber} hint={words.admin.cardHint}>
          {(links) => (
            <input
              {...links}
              type="text"
              class="mono"
              autocomplete="off"
              autocapitalize="characters"
              spellcheck={false}
              required
              pattern="[0-9A-Fa-f]{10}|[A-Za-z]{2}[0-9]{0,2}:[0-9A-Fa-f]+"
              maxLength={32}
              value={digits}
              onInput={(event) => setDigits(event.currentTarget.value)}
            />
          )}
        </Field>
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <div class="sheet-actions">
          <Button onClick={props.onClose}>{words.common.cancel}</Button>
          <Button kind="primary" type="submit" isBusy={isBusy}>
            {words.admin.save}
          </Button>
        </div>
      </form>
    </Sheet>
  );
}

const GATEWAY_LOOKS: Readonly<
  Record<GatewaySummary['state'], { readonly tone: Tone; readonly icon: IconName }>
> = {
  waiting: { tone: 'waiting', icon: 'hourglass' },
  enrolled: { tone: 'granted', icon: 'check' },
  revoked: { tone: 'refused', icon: 'ban' },
};

/** Gateways and how they fare. */
export function GatewaysPage(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const time = app.time.value;
  const nowMs = app.nowMs.value;
  const gateways = useLoad('gateways', () => app.api.gateways());
  const [isAdding, setIsAdding] = useState(false);
  const [token, setToken] = useState<EnrolmentToken | null>(null);
  return (
    <Page
      title={words.admin.gatewaysTitle}
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
        row={(gateway) => (
          <div key={gateway.id} class="row">
            <span class="row-icon">
              <Icon name="gateway" />
            </span>
            <span class="row-main">
              <span class="strong mono">{gateway.id}</span>
              <span class="soft small">
                {gateway.doors.map((door) => app.doorName(door)).join(', ')} · {words.admin.seenAt}{' '}
                {gateway.seenAt === null ? words.door.never : time.ago(Date.parse(gateway.seenAt), nowMs)} ·{' '}
                {words.admin.policyVersion} {gateway.policyVersion ?? '–'} · {words.admin.journalSize}{' '}
                {gateway.journalSize.toLocaleString(words.language.intl)}
              </span>
            </span>
            <Chip {...GATEWAY_LOOKS[gateway.state]}>{words.admin.gatewayStates[gateway.state]}</Chip>
          </div>
        )}
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
  const [isCopied, setIsCopied] = useState(false);
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
        <Button
          icon="check"
          onClick={() => {
            // Refused outside of a secure connection; the text can be selected there.
            navigator.clipboard?.writeText(command).then(
              () => setIsCopied(true),
              () => setIsCopied(false),
            );
          }}
        >
          {isCopied ? words.common.copied : words.common.copy}
        </Button>
        <Button kind="primary" onClick={props.onClose}>
          {words.common.close}
        </Button>
      </div>
    </Sheet>
  );
}
