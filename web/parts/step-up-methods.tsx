import type { ComponentType, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { StepUpMethod } from '#contract/api-door';
import type { ApiClient, ApiProblem } from '../api-client.ts';
import { stepUpByPassword } from '../api-door.ts';
import { ownPasskeys, passkeyStepUpOptions, stepUpByPasskey } from '../api-sign-in.ts';
import { useApp, useMe, useWords } from '../app-state.ts';
import { answerWithPasskey, hasPasskeys } from '../passkeys.ts';
import { Button } from './button.tsx';
import { Field } from './field.tsx';
import { Notice, ProblemNotice } from './notice.tsx';

/** One way to prove again who is at the screen. */
export interface StepUpWay {
  readonly method: StepUpMethod;
  readonly View: ComponentType<{ readonly onDone: () => void; readonly onCancel: () => void }>;
  /** Whether the one at the screen can use it; left out where everybody can. */
  readonly isUsable?: (api: ApiClient) => Promise<boolean>;
}

/** Every way, the strongest first; the sheet shows them in this order. */
export const stepUpMethods: readonly StepUpWay[] = [
  { method: 'passkey', View: PasskeyWay, isUsable: hasOwnPasskey },
  { method: 'password', View: PasswordWay },
];

async function hasOwnPasskey(api: ApiClient): Promise<boolean> {
  if (!hasPasskeys()) return false;
  const own = await ownPasskeys(api);
  return own.ok && own.value.items.length > 0;
}

function PasskeyWay(props: { readonly onDone: () => void }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const [isBusy, setIsBusy] = useState(false);
  const [isCancelled, setIsCancelled] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);

  async function confirm(): Promise<void> {
    setIsBusy(true);
    setIsCancelled(false);
    setProblem(null);
    const asked = await passkeyStepUpOptions(app.api);
    const made = asked.ok ? await answerWithPasskey(asked.value.options) : null;
    const answer = made?.ok === true ? await stepUpByPasskey(app.api, made.value) : null;
    setIsBusy(false);
    if (!asked.ok) return setProblem(asked.error);
    if (made?.ok === false) return setIsCancelled(true);
    if (answer?.ok === false) return setProblem(answer.error);
    props.onDone();
  }

  return (
    <div class="step-up-passkey">
      <Button kind="primary" icon="key" isBusy={isBusy} onClick={() => void confirm()}>
        {words.stepUp.passkey}
      </Button>
      {isCancelled ? <Notice tone="waiting" title={words.stepUp.passkeyCancelled} isAnswer /> : null}
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <p class="soft small">{words.stepUp.orPassword}</p>
    </div>
  );
}

function PasswordWay(props: { readonly onDone: () => void; readonly onCancel: () => void }): JSX.Element {
  const app = useApp();
  const me = useMe();
  const words = useWords();
  const [password, setPassword] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);

  async function confirm(): Promise<void> {
    setIsBusy(true);
    const answer = await stepUpByPassword(app.api, password);
    setIsBusy(false);
    if (answer.ok) return props.onDone();
    setProblem(answer.error);
    setPassword('');
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy) void confirm();
      }}
    >
      {/* A password manager offers what belongs to this account. */}
      <input type="hidden" autocomplete="username" value={me.username} />
      <Field label={words.stepUp.password}>
        {(links) => (
          <input
            {...links}
            type="password"
            autocomplete="current-password"
            required
            maxLength={256}
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        )}
      </Field>
      {problem === null ? null : problem.code === 'sign-in-failed' ? (
        <Notice tone="refused" title={words.stepUp.wrong} isAnswer>
          <p>{words.stepUp.wrongText}</p>
        </Notice>
      ) : (
        <ProblemNotice problem={problem} />
      )}
      <div class="sheet-actions">
        <Button onClick={props.onCancel}>{words.common.cancel}</Button>
        <Button kind="primary" type="submit" icon="check" isBusy={isBusy}>
          {words.stepUp.confirm}
        </Button>
      </div>
    </form>
  );
}
