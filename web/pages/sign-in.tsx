import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { Demo } from '#contract/api';
import type { ApiProblem } from '../api-client.ts';
import { useApp, useWords } from '../app-state.ts';
import { Button } from '../parts/button.tsx';
import { Field } from '../parts/field.tsx';
import { Icon, Mark, type IconName } from '../parts/icon.tsx';
import { LanguageSwitch } from '../parts/language-switch.tsx';
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

/** The way in. In the demonstration one tap is enough. */
export function SignInPage({ hasEnded }: { readonly hasEnded: boolean }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const { path, route } = useLocation();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [accounts, setAccounts] = useState<readonly DemoAccount[]>([]);

  useEffect(() => {
    // Answers `not-found` wherever this is no demonstration, and that is the whole answer.
    void app.api.demo().then((demo) => setAccounts(demo.ok ? demo.value.accounts : []));
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
    if (!hasEnded && path !== '/') route('/', true);
    app.enter(me.value);
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
