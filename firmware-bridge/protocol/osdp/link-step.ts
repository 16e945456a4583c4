import type { LinkDiagnostic, LinkEvent, RequestOutcome } from './link-event.ts';
import type { Link, LinkRequest } from './link-state.ts';

/** A link after something happened to it, and what that tells. */
export interface LinkStep {
  readonly link: Link;
  readonly events: readonly LinkEvent[];
}

/** Goes on from a step, keeping what it told. */
export const join = (step: LinkStep, next: (link: Link) => LinkStep): LinkStep => {
  const after = next(step.link);
  return { link: after.link, events: [...step.events, ...after.events] };
};

export const diagnosed = (diagnostic: LinkDiagnostic): LinkEvent => ({ type: 'diagnosed', diagnostic });

export const finished = (
  request: Pick<LinkRequest, 'id'> | undefined,
  outcome: RequestOutcome,
): readonly LinkEvent[] =>
  request === undefined ? [] : [{ type: 'request-finished', id: request.id, outcome }];
