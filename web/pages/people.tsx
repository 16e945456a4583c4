import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { Person, RoleName } from '#contract/api';
import { searchPeople } from '../api-people.ts';
import { useApp, useMe, useWords } from '../app-state.ts';
import { ActSheet } from '../parts/act-sheet.tsx';
import { Button, ButtonLink } from '../parts/button.tsx';
import { NewPasswordField, RolesField } from '../parts/desk-fields.tsx';
import { Icon } from '../parts/icon.tsx';
import { TextField } from '../parts/inputs.tsx';
import { ListOf } from '../parts/list-of.tsx';
import { MoreButton } from '../parts/more-button.tsx';
import { Page } from '../parts/page.tsx';
import { PrivacyTabs } from '../parts/privacy-tabs.tsx';
import type { PageProps } from '../page-props.ts';
import { useDeskWords } from '../use-desk-words.ts';
import { usePages } from '../use-pages.ts';

/** People of the site: who they are, found by a part of their name. */
export function PeoplePage({ query }: PageProps): JSX.Element {
  const words = useWords();
  const desk = useDeskWords();
  const me = useMe();
  const { route } = useLocation();
  const [isAdding, setIsAdding] = useState(false);
  const mayWrite = me.roles.includes('administrator');
  return (
    <Page
      title={words.admin.peopleTitle}
      lead={desk.people.lead}
      primary={
        mayWrite ? (
          <Button kind="primary" icon="plus" onClick={() => setIsAdding(true)}>
            {words.admin.addPerson}
          </Button>
        ) : undefined
      }
    >
      <PeopleList q={query['q'] ?? ''} path="/people" />
      {mayWrite ? (
        <div class="check-actions">
          <ButtonLink icon="upload" href="/people/import">
            {desk.people.importLink}
          </ButtonLink>
        </div>
      ) : null}
      {isAdding ? (
        <PersonSheet onClose={() => setIsAdding(false)} onAdded={({ id }) => route(`/people/${id}`)} />
      ) : null}
    </Page>
  );
}

/** People as the data-protection officer finds them: to hold, to restrict, to see who looked. */
export function PrivacyPeoplePage({ query }: PageProps): JSX.Element {
  const desk = useDeskWords();
  return (
    <Page title={desk.privacy.title} lead={desk.privacy.lead}>
      <PrivacyTabs current="/privacy/people" />
      <PeopleList q={query['q'] ?? ''} path="/privacy/people" />
    </Page>
  );
}

function PeopleList(props: { readonly q: string; readonly path: string }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const desk = useDeskWords();
  const { route } = useLocation();
  const { q, path } = props;
  const [text, setText] = useState(q);
  const people = usePages(`people ${q}`, (cursor) =>
    searchPeople(app.api, { ...(q === '' ? {} : { q }), ...(cursor === undefined ? {} : { cursor }) }),
  );
  const find = (wanted: string): void => {
    setText(wanted);
    route(wanted === '' ? path : `${path}?q=${encodeURIComponent(wanted)}`, true);
  };
  return (
    <>
      <form
        class="search-form"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          find(text.trim());
        }}
      >
        <TextField label={desk.people.search} value={text} onValue={setText} maxLength={100} />
        <Button type="submit">{desk.people.searchGo}</Button>
        {q === '' ? null : (
          <Button kind="quiet" icon="cross" onClick={() => find('')}>
            {desk.people.searchClear}
          </Button>
        )}
      </form>
      <ListOf
        load={people}
        icon="people"
        empty={q === '' ? words.admin.peopleEmpty : desk.people.noneTitle}
        emptyHint={q === '' ? words.admin.addPerson : desk.people.noneText}
        row={(person) => <PersonRow key={person.id} person={person} />}
      />
      <MoreButton pages={people} />
      <p class="soft small">{desk.people.recorded}</p>
    </>
  );
}

function PersonRow({ person }: { readonly person: Person }): JSX.Element {
  const words = useWords();
  const end: ComponentChildren = person.isActive
    ? person.roles.map((role) => words.roles[role]).join(', ') || words.admin.noRoles
    : words.admin.inactive;
  return (
    <a class="row" href={`/people/${person.id}`}>
      <span class="row-icon">
        <Icon name="person" />
      </span>
      <span class="row-main">
        <span class="strong">{person.name}</span>
        <span class="soft small">
          {person.organisation}
          {person.username === null ? '' : ` · ${person.username}`}
        </span>
        <span class="soft small only-phone">{end}</span>
      </span>
      <span class="row-end soft small only-desk">{end}</span>
      <Icon name="chevronRight" />
    </a>
  );
}

function PersonSheet(props: {
  readonly onClose: () => void;
  readonly onAdded: (person: Person) => void;
}): JSX.Element {
  const app = useApp();
  const words = useWords();
  const [name, setName] = useState('');
  const [organisation, setOrganisation] = useState('');
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [roles, setRoles] = useState<readonly RoleName[]>([]);
  return (
    <ActSheet
      title={words.admin.addPerson}
      confirm={words.admin.save}
      act={() =>
        app.api.addPerson({
          name: name.trim(),
          organisation: organisation.trim(),
          roles,
          ...(username === '' ? {} : { username }),
          ...(password === '' ? {} : { password }),
        })
      }
      onDone={props.onAdded}
      onClose={props.onClose}
    >
      {(faultOf) => (
        <>
          <TextField
            label={words.admin.name}
            fault={faultOf('/name')}
            value={name}
            onValue={setName}
            maxLength={120}
            isRequired
          />
          <TextField
            label={words.admin.organisation}
            fault={faultOf('/organisation')}
            value={organisation}
            onValue={setOrganisation}
            maxLength={120}
            isRequired
          />
          <TextField
            label={words.admin.username}
            hint={words.admin.usernameHint}
            fault={faultOf('/username')}
            value={username}
            onValue={setUsername}
            pattern="[a-z0-9][a-z0-9._\-]{1,62}"
            isMono
          />
          {username === '' ? null : (
            <NewPasswordField
              label={words.admin.password}
              hint={words.admin.passwordHint}
              fault={faultOf('/password')}
              value={password}
              onValue={setPassword}
            />
          )}
          <RolesField label={words.admin.rolesLabel} chosen={roles} onChosen={setRoles} />
        </>
      )}
    </ActSheet>
  );
}
