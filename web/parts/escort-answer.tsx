import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AccessRequest } from '#contract/api';
import type { RequestDetail } from '#contract/api-visit';
import type { ApiProblem } from '../api-client.ts';
import { answerAsEscort } from '../api-visit.ts';
import { useApp, useMe } from '../app-state.ts';
import { useRequestWords } from '../use-request-words.ts';
import { Button } from './button.tsx';
import { Notice, ProblemNotice } from './notice.tsx';

/** What somebody who is asked to escort answers, and afterwards what they answered. */
export function EscortAnswer(props: {
  readonly request: AccessRequest;
  readonly onAnswered: () => void;
}): JSX.Element | null {
  const app = useApp();
  const me = useMe();
  const words = useRequestWords();
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const { request } = props;
  // One request comes with all its parts, which the first load does not need to know.
  const state = (request as RequestDetail).escorts.find(({ id }) => id === me.id)?.state;
  const isOpen = request.state === 'submitted' || request.state === 'verified';
  // Whoever files and escorts has said so by filing.
  if (state === undefined || request.requester.id === me.id) return null;

  async function answer(accepts: boolean): Promise<void> {
    setIsBusy(true);
    const answered = await answerAsEscort(app.api, request.id, accepts);
    setIsBusy(false);
    setProblem(answered.ok ? null : answered.error);
    props.onAnswered();
  }

  return (
    <>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {state !== 'asked' ? (
        <Notice tone={state === 'accepted' ? 'granted' : 'neutral'} title={words.answered[state]} isAnswer />
      ) : isOpen ? (
        <Notice
          tone="waiting"
          icon="people"
          title={words.askedTitle}
          action={
            <>
              <Button kind="primary" isBusy={isBusy} onClick={() => void answer(true)}>
                {words.accept}
              </Button>
              <Button isDisabled={isBusy} onClick={() => void answer(false)}>
                {words.decline}
              </Button>
            </>
          }
        >
          <p>{words.askedText}</p>
        </Notice>
      ) : null}
    </>
  );
}
