import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Session } from '#contract/api-account';
import type { PasskeySummary } from '#contract/api-passkey';
import { err } from '#contract/result';
import type { ApiResult } from '../api-client.ts';
import {
  accountEvents,
  addPasskey,
  beginSso,
  changePassword,
  confirmSsoLink,
  endOwnSessions,
  endSsoLink,
  newPasskeyOptions,
  ownPasskeys,
  ownSessions,
  removePasskey,
  signInWays,
  ssoLinks,
  type SsoLink,
} from '../api-sign-in.ts';
import { useApp, useWords } from '../app-state.ts';
import { deviceNameOf } from '../device-name.ts';
import { createPasskey, hasPasskeys } from '../passkeys.ts';
import { ActSheet } from '../parts/act-sheet.tsx';
import { Button } from '../parts/button.tsx';
import { Chip } from '../parts/chip.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { NewPasswordField } from '../parts/desk-fields.tsx';
import { Icon } from '../parts/icon.tsx';
import { TextField } from '../parts/inputs.tsx';
import { Loaded } from '../parts/list-of.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { Sheet } from '../parts/sheet.tsx';
import type { PageProps } from '../page-props.ts';
import { useAct } from '../use-act.ts';
import { useDeskWords } from '../use-desk-words.ts';
import { useLoad } from '../use-load.ts';
import { wordOf } from '../words/words.ts';

/** How one signs in, and where one is signed in. */
export function SecurityPage({ query }: PageProps): JSX.Element {
  const desk = useDeskWords();
  const sso = query['sso'];
  return (
    <Page
      title={desk.security.title}
      lead={desk.security.lead}
      back={{ href: '/account', label: desk.security.back }}
    >
      {sso === 'failed' || sso === 'unavailable' ? (
        <Notice tone="refused" title={desk.security.linkFailed} isAnswer />
      ) : null}
      {sso === 'unlinked' ? <LinkQuestion /> : null}
      <PasskeyBlock />
      <PasswordBlock />
      <SessionBlock />
      <EventBlock />
      <SsoBlock />
    </Page>
  );
}

function PasskeyBlock(): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const passkeys = useLoad('passkeys', () => ownPasskeys(app.api));
  const [isAdding, setIsAdding] = useState(false);
  const [leaving, setLeaving] = useState<PasskeySummary | null>(null);
  const [entry, setEntry] = useState<PasskeySummary | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const canAdd = hasPasskeys();
  const done = (text: string): void => {
    setIsAdding(false);
    setLeaving(null);
    setSaid(text);
    void passkeys.reload();
  };
  return (
    <section class="block">
      <div class="block-head">
        <h2>{desk.security.passkeys}</h2>
        <Button icon="plus" isDisabled={!canAdd} onClick={() => setIsAdding(true)}>
          {desk.security.addPasskey}
        </Button>
      </div>
      <p class="soft">{canAdd ? desk.security.passkeysText : desk.security.passkeyUnsupported}</p>
      {said === null ? null : <Notice tone="granted" title={said} isAnswer />}
      <Loaded load={passkeys} rows={1}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="soft">{desk.security.noPasskeys}</p>
          ) : (
            <div class="list">
              {items.map((passkey) => (
                <PasskeyRow
                  key={passkey.id}
                  passkey={passkey}
                  onEntry={() => setEntry(passkey)}
                  onRemove={() => setLeaving(passkey)}
                />
              ))}
            </div>
          )
        }
      </Loaded>
      {isAdding ? (
        <PasskeySheet onDone={() => done(desk.security.passkeyAdded)} onClose={() => setIsAdding(false)} />
      ) : null}
      {leaving === null ? null : (
        <ActSheet
          title={`${desk.security.removePasskey}: ${leaving.name}`}
          means={desk.security.removePasskeyMeans}
          confirm={desk.security.removePasskey}
          isDanger
          act={() => removePasskey(app.api, leaving.id)}
          onDone={() => done(desk.security.passkeyRemoved)}
          onClose={() => setLeaving(null)}
        />
      )}
      {entry === null ? null : (
        <Sheet title={desk.security.rosterEntry} onClose={() => setEntry(null)}>
          <p>{desk.security.rosterText}</p>
          <pre class="token" tabIndex={0} aria-label={desk.security.rosterEntry}>
            {JSON.stringify(entry.rosterEntry, null, 1)}
          </pre>
          <div class="sheet-actions">
            <CopyButton text={JSON.stringify(entry.rosterEntry)} />
          </div>
        </Sheet>
      )}
    </section>
  );
}

function PasskeyRow(props: {
  readonly passkey: PasskeySummary;
  readonly onEntry: () => void;
  readonly onRemove: () => void;
}): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const { passkey } = props;
  const day = (at: string): string => app.time.value.date(Date.parse(at));
  return (
    <div class="row">
      <span class="row-icon">
        <Icon name="key" />
      </span>
      <span class="row-main">
        <span class="strong">{passkey.name}</span>
        <span class="soft small">
          {desk.security.created(day(passkey.createdAt))},{' '}
          {passkey.usedAt === null ? desk.security.neverUsed : desk.security.used(day(passkey.usedAt))}
        </span>
      </span>
      <Chip
        tone={passkey.isApprover ? 'granted' : 'neutral'}
        icon={passkey.isApprover ? 'checkCircle' : 'info'}
      >
        {passkey.isApprover ? desk.security.isApprover : desk.security.notApprover}
      </Chip>
      <span class="row-acts">
        {passkey.isApprover ? null : (
          <Button label={`${desk.security.rosterEntry}: ${passkey.name}`} onClick={props.onEntry}>
            {desk.security.rosterEntry}
          </Button>
        )}
        <Button
          kind="quiet"
          label={`${desk.security.removePasskey}: ${passkey.name}`}
          onClick={props.onRemove}
        >
          {desk.security.removePasskey}
        </Button>
      </span>
    </div>
  );
}

function PasskeySheet(props: { readonly onDone: () => void; readonly onClose: () => void }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const desk = useDeskWords();
  const [name, setName] = useState('');
  const [trouble, setTrouble] = useState<string | null>(null);
  const { isBusy, problem, run } = useAct();

  async function add(): Promise<void> {
    setTrouble(null);
    const asked = await run(() => newPasskeyOptions(app.api));
    if (asked === null) return;
    const made = await createPasskey(asked.value.options);
    if (!made.ok) {
      const isCancelled = made.error === 'passkey-cancelled';
      return setTrouble(isCancelled ? desk.security.passkeyCancelled : desk.security.passkeyUnsupported);
    }
    const added = await run(() => addPasskey(app.api, name.trim(), made.value));
    if (added !== null) props.onDone();
  }

  return (
    <Sheet title={desk.security.addPasskey} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <ul class="means">
          {desk.security.addPasskeyMeans.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        <TextField
          label={desk.security.passkeyName}
          hint={desk.security.passkeyNameExample}
          value={name}
          onValue={setName}
          maxLength={80}
          isRequired
        />
        {trouble === null ? null : <Notice tone="waiting" title={trouble} isAnswer />}
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <div class="sheet-actions">
          <Button onClick={props.onClose}>{words.common.cancel}</Button>
          <Button kind="primary" type="submit" isBusy={isBusy} isDisabled={name.trim() === ''}>
            {desk.security.addPasskey}
          </Button>
        </div>
      </form>
    </Sheet>
  );
}

function PasswordBlock(): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const [isOpen, setIsOpen] = useState(false);
  const [isDone, setIsDone] = useState(false);
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  return (
    <section class="block">
      <h2>{desk.security.password}</h2>
      {isDone ? <Notice tone="granted" title={desk.security.passwordChanged} isAnswer /> : null}
      <Button icon="lock" onClick={() => setIsOpen(true)}>
        {desk.security.changePassword}
      </Button>
      {isOpen ? (
        <ActSheet
          title={desk.security.changePassword}
          means={desk.security.passwordMeans}
          confirm={desk.security.changePassword}
          act={() => changePassword(app.api, { current, password })}
          onDone={() => {
            setIsOpen(false);
            setIsDone(true);
            setCurrent('');
            setPassword('');
          }}
          onClose={() => setIsOpen(false)}
        >
          {(faultOf) => (
            <>
              <TextField
                label={desk.security.currentPassword}
                fault={faultOf('/current')}
                type="password"
                autocomplete="current-password"
                value={current}
                onValue={setCurrent}
                maxLength={256}
                isRequired
              />
              <NewPasswordField
                label={desk.security.newPassword}
                hint={desk.security.newPasswordHint}
                fault={faultOf('/password')}
                value={password}
                onValue={setPassword}
              />
            </>
          )}
        </ActSheet>
      ) : null}
    </section>
  );
}

function SessionBlock(): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const sessions = useLoad('sessions', () => ownSessions(app.api));
  const [isDone, setIsDone] = useState(false);
  const { isBusy, problem, run } = useAct();

  async function end(id?: string): Promise<void> {
    const done = await run(() => endOwnSessions(app.api, id));
    if (done === null) return;
    setIsDone(true);
    await sessions.reload();
  }

  return (
    <section class="block">
      <h2>{desk.security.sessions}</h2>
      <p class="soft">{desk.security.sessionsText}</p>
      {isDone ? <Notice tone="granted" title={desk.security.ended} isAnswer /> : null}
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <Loaded load={sessions} rows={1}>
        {({ items }) => (
          <>
            <div class="list">
              {items.map((session) => (
                <SessionRow key={session.id} session={session} onEnd={() => void end(session.id)} />
              ))}
            </div>
            {items.length > 1 ? (
              <Button icon="exit" isBusy={isBusy} onClick={() => void end()}>
                {desk.security.endOthers}
              </Button>
            ) : null}
          </>
        )}
      </Loaded>
    </section>
  );
}

function SessionRow(props: { readonly session: Session; readonly onEnd: () => void }): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const { session } = props;
  const device = session.device === null ? desk.security.unknownDevice : deviceNameOf(session.device);
  return (
    <div class="row">
      <span class="row-main">
        <span class="strong">{device}</span>
        <span class="soft small">
          {desk.security.by(desk.security.methods[session.method])},{' '}
          {desk.security.seen(app.time.value.ago(Date.parse(session.seenAt), app.nowMs.value))}
        </span>
      </span>
      {session.isThis ? (
        <Chip tone="info" icon="check">
          {desk.security.thisSession}
        </Chip>
      ) : (
        <Button label={desk.security.endSessionOf(device)} onClick={props.onEnd}>
          {desk.security.endSession}
        </Button>
      )}
    </div>
  );
}

/** Who came back from the other issuer says whether that account is theirs. */
function LinkQuestion(): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const { isBusy, problem, run } = useAct();
  const [isLinked, setIsLinked] = useState(false);

  async function confirm(): Promise<void> {
    const done = await run(() => confirmSsoLink(app.api));
    if (done !== null) setIsLinked(true);
  }

  if (isLinked) return <Notice tone="granted" title={desk.security.linked} isAnswer />;
  return (
    <>
      <Notice
        tone="waiting"
        title={desk.security.confirmLinkTitle}
        action={
          <Button kind="primary" isBusy={isBusy} onClick={() => void confirm()}>
            {desk.security.confirmLink}
          </Button>
        }
      >
        <p>{desk.security.confirmLinkText}</p>
      </Notice>
      {problem === null ? null : <ProblemNotice problem={problem} />}
    </>
  );
}

function SsoBlock(): JSX.Element | null {
  const app = useApp();
  const desk = useDeskWords();
  const load = async (): Promise<
    ApiResult<{ readonly isOffered: boolean; readonly items: readonly SsoLink[] }>
  > => {
    const [ways, links] = await Promise.all([signInWays(app.api), ssoLinks(app.api)]);
    if (!ways.ok) return err(ways.error);
    if (!links.ok) return err(links.error);
    return { ok: true, value: { isOffered: ways.value.isSsoOffered, items: links.value.items } };
  };
  const links = useLoad('sso', load);
  const { isBusy, problem, run } = useAct();
  const [leaving, setLeaving] = useState<SsoLink | null>(null);
  const [said, setSaid] = useState<string | null>(null);

  async function begin(): Promise<void> {
    const begun = await run(() => beginSso(app.api));
    if (begun !== null) location.assign(begun.value.url);
  }

  // Nothing stands here until it is known whether there is anything to tell.
  if (links.data === undefined || (!links.data.isOffered && links.data.items.length === 0)) return null;
  return (
    <section class="block">
      <h2>{desk.security.sso}</h2>
      <p class="soft">{desk.security.ssoText}</p>
      {said === null ? null : <Notice tone="granted" title={said} isAnswer />}
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <Loaded load={links} rows={1}>
        {({ items, isOffered }) =>
          items.length === 0 ? (
            <div class="check-actions">
              <p class="soft">{desk.security.noSso}</p>
              {isOffered ? (
                <Button icon="shield" isBusy={isBusy} onClick={() => void begin()}>
                  {desk.security.startLink}
                </Button>
              ) : null}
            </div>
          ) : (
            <div class="list">
              {items.map((link) => (
                <div key={`${link.issuer} ${link.subject}`} class="row">
                  <span class="row-main">
                    <span class="mono">{link.subject}</span>
                    <span class="soft small">{link.issuer}</span>
                  </span>
                  <Button label={`${desk.security.unlink}: ${link.subject}`} onClick={() => setLeaving(link)}>
                    {desk.security.unlink}
                  </Button>
                </div>
              ))}
            </div>
          )
        }
      </Loaded>
      {leaving === null ? null : (
        <ActSheet
          title={`${desk.security.unlink}: ${leaving.subject}`}
          means={desk.security.unlinkMeans}
          confirm={desk.security.unlink}
          isDanger
          act={() => endSsoLink(app.api, { issuer: leaving.issuer, subject: leaving.subject })}
          onDone={() => {
            setLeaving(null);
            setSaid(desk.security.unlinked);
            void links.reload();
          }}
          onClose={() => setLeaving(null)}
        />
      )}
    </section>
  );
}

function EventBlock(): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const events = useLoad('account events', () => accountEvents(app.api));
  return (
    <section class="block">
      <h2>{desk.security.events}</h2>
      <Loaded load={events} rows={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="soft">{desk.security.noEvents}</p>
          ) : (
            <div class="list">
              {items.map((entry) => (
                <div key={entry.id} class="row">
                  <span class="row-main">
                    <span class="strong">{wordOf(desk.security.acts, entry.act)}</span>
                    <span class="soft small">
                      {app.time.value.full(Date.parse(entry.at))},{' '}
                      {entry.byName === null ? desk.common.bySystem : desk.common.by(entry.byName)}
                    </span>
                  </span>
                </div>
              ))}
            </div>
          )
        }
      </Loaded>
    </section>
  );
}
