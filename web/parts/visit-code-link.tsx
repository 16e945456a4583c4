import type { JSX } from 'preact';
import type { AccessRequest } from '#contract/api';
import { siteRules } from '../api-door.ts';
import { useApp, useWords } from '../app-state.ts';
import { useLoad } from '../use-load.ts';
import { ButtonLink } from './button.tsx';

/** The way from one's own right to its code; keeps its height, since what follows must not move. */
export function VisitCodeLink({ request }: { readonly request: AccessRequest }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const rules = useLoad('rules', () => siteRules(app.api));
  const isTaken = rules.data?.doors[request.doorId]?.codes === true;
  return (
    <div class="code-link">
      {isTaken ? (
        <ButtonLink icon="qr" kind="primary" href={`/requests/${request.id}/code`}>
          {words.visitCode.show}
        </ButtonLink>
      ) : rules.data === undefined ? null : (
        <p class="soft small">{words.visitCode.notHere}</p>
      )}
    </div>
  );
}
