import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { Demo, Me } from '#contract/api';
import type { ApiProblem } from '../api-client.ts';
import { beginSso, passkeySignInOptions, signInByPasskey, signInWays } from '../api-sign-in.ts';
import { useApp, useWords } from '../app-state.ts';
import { Button } from '../parts/button.tsx';
import { Field } from '../parts/field.tsx';
import { Icon, Mark, type IconName } from '../parts/icon.tsx';
import { LanguageSwitch } from '../parts/language-switch.tsx';
import { LazyPart } from '../parts/lazy-part.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';

type DemoAccount = Demo['accounts'][number];

const ROLE_ICONS: Readonly<Record<DemoAccount['role'], IconName>> = {
  technician: 'person',
  supervisor: 'checkCircle',
  officer: 'door',
  auditor: 'shield',
  administrator: 'gateway',
  'privacy-officer': 'lock',
};

const loadReset = async () => (await import('../parts/reset-sheet.tsx')).ResetSheet;

/** The way in. In the demonstration one tap is enough. */
export function SignInPage({ hasEnded }: { readonly hasEnded: boolean }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const { path, query, route } = useLocation();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [accounts, setAccounts] = useState<readonly DemoAccount[]>([]);
  const [isSsoOffered, setIsSsoOffered] = useState(false);
  const [isCancelled, setIsCancelled] = useState(false);
  const [isResetting, setIsResetting] = useState(false);
  const [isReset, setIsReset] = useState(false);
  const outcome = path === '/masuk' ? query['sso'] : undefined;
  const outcomeText = outcome === undefined ? undefined : words.signIn.ssoOutcomes[outcome];

  useEffect(() => {
    // Answers `not-found` wherever this is no demonstration, and that is the whole answer.
    void app.api.demo().then((demo) => setAccounts(demo.ok ? demo.value.accounts : []));
    void signInWays(app.api).then((ways) => setIsSsoOffered(ways.ok && ways.value.isSsoOffered));
  }, [app]);

  useEffect(() => {
    document.title = `${words.signIn.title} · ${words.brand}`;
  }, [words]);

  async function signIn(name: string, secret: string): Promise<void> {
    setIsBusy(true);
    setProblem(null);
    const answer = await app.api.signIn(name, secret);
    const me = answer.ok ? await app.api.me() : answer;
    setIsBusy(false);
    if (!me.ok) return setProblem(me.error);
    enter(me.value);
  }

  function enter(me: Me): void {
    // Who came back from the other issuer unknown confirms there that the account is theirs.
    if (outcome === 'unlinked') route('/account/security?sso=unlinked', true);
    else if (!hasEnded && path !== '/') route('/', true);
    app.enter(me);
  }

  async function signInWithPasskey(): Promise<void> {
    setIsBusy(true);
    setProblem(null);
    setIsCancelled(false);
    // The browser's own dialog and what belongs to it come only when they are asked for.
    const [asked, { answerWithPasskey }] = await Promise.all([
      passkeySignInOptions(app.api),
      import('../passkeys.ts'),
    ]);
    const made = asked.ok ? await answerWithPasskey(asked.value.options) : null;
    const me = made?.ok === true ? await signInByPasskey(app.api, made.value) : null;
    setIsBusy(false);
    if (!asked.ok) return setProblem(asked.error);
    if (made?.ok === false) return setIsCancelled(true);
    if (me?.ok === false) return setProblem(me.error);
    if (me?.ok === true) enter(me.value);
  }

  async function signInWithSso(): Promise<void> {
    setIsBusy(true);
    setProblem(null);
    const begun = await beginSso(app.api);
    if (begun.ok) return location.assign(begun.value.url);
    setIsBusy(false);
    setProblem(begun.error);
  }

  return (
    <div class="sign-in">
      <header class="sign-in-top">
        <LanguageSwitch />
      </header>
      <main class="sign-in-box" id="content">
        <div class="sign-in-brand">
          <Mark />
          <p class="sign-in-name">{words.brand}</p>
          <p class="soft">{words.signIn.lead}</p>
        </div>
        <div class="card">
          <h1 class="card-title">{words.signIn.title}</h1>
          {hasEnded ? <Notice tone="info" title={words.signIn.signedOut} /> : null}
          {outcomeText === undefined || hasEnded ? null : (
            <Notice tone={outcome === 'unlinked' ? 'info' : 'refused'} title={outcomeText} isAnswer />
          )}
          {isReset ? <Notice tone="granted" title={words.signIn.resetDone} isAnswer /> : null}
          {isCancelled ? <Notice tone="waiting" title={words.signIn.passkeyCancelled} isAnswer /> : null}
          {problem === null ? null : <ProblemNotice problem={problem} />}
          <form
            onSubmit={(event) => {
              event.preventDefault();
              void signIn(username, password);
            }}
          >
            <Field label={words.signIn.username}>
              {(links) => (
                <input
                  {...links}
                  type="text"
                  autocomplete="username"
                  autocapitalize="none"
                  spellcheck={false}
                  required
                  value={username}
                  onInput={(event) => setUsername(event.currentTarget.value)}
                />
              )}
            </Field>
            <Field label={words.signIn.password}>
              {(links) => (
                <input
                  {...links}
                  type="password"
                  autocomplete="current-password"
                  required
                  value={password}
                  onInput={(event) => setPassword(event.currentTarget.value)}
                />
              )}
            </Field>
            <Button kind="primary" type="submit" isBusy={isBusy}>
              {isBusy ? words.signIn.submitting : words.signIn.submit}
            </Button>
          </form>
          <div class="sign-in-ways">
            <p class="soft small">{words.signIn.or}</p>
            <Button icon="key" isDisabled={isBusy} onClick={() => void signInWithPasskey()}>
              {words.signIn.passkey}
            </Button>
            {isSsoOffered ? (
              <Button icon="shield" isDisabled={isBusy} onClick={() => void signInWithSso()}>
                {words.signIn.sso}
              </Button>
            ) : null}
            <Button kind="quiet" onClick={() => setIsResetting(true)}>
              {words.signIn.haveCode}
            </Button>
          </div>
          {isResetting ? (
            <LazyPart
              load={loadReset}
              given={{
                onDone: () => {
                  setIsResetting(false);
                  setIsReset(true);
                },
                onClose: () => setIsResetting(false),
              }}
            />
          ) : null}
        </div>
        {accounts.length === 0 ? null : (
          <section class="demo-accounts">
            <h2>{words.signIn.demoTitle}</h2>
            <p class="soft small">{words.signIn.demoLead}</p>
            <div class="list">
              {accounts.map((account) => (
                <button
                  key={account.username}
                  type="button"
                  class="row"
                  onClick={() => void signIn(account.username, account.password)}
                >
                  <span class="row-icon">
                    <Icon name={ROLE_ICONS[account.role]} />
                  </span>
                  <span class="row-main">
                    <span class="strong">{words.roles[account.role]}</span>
                    <span class="soft small">{account.name}</span>
                  </span>
                  <Icon name="chevronRight" />
                </button>
              ))}
            </div>
          </section>
        )}
      </main>
    </div>
  );
}
