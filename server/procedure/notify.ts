import type { NoticeKind } from '#contract/api-visit';
import { newRowId } from '../auth/tokens.ts';
import type { Database } from '../store/database.ts';
import { insertNotices } from '../store/notifications.ts';
import type { Site } from './site.ts';

/** Something that people have to hear of. */
export interface Happening {
  readonly kind: NoticeKind;
  /** Id of what it is about. */
  readonly subject: string;
  /** Whom it concerns; each is told once. */
  readonly to: readonly (string | null)[];
  /** Who did it, and therefore knows. */
  readonly byId: string | null;
  /** True for what only the people named may hear of. */
  readonly isRestricted?: boolean;
}

/**
 * Tells people of something, in the transaction in which it happens: on the list in the app, and by mail
 * to each, and once to the webhook. What leaves the server names the kind and an id, and nobody.
 * @see rule SD60
 */
export async function notify(
  trx: Database,
  site: Pick<Site, 'clock' | 'random'>,
  { kind, subject, to, byId, isRestricted = false }: Happening,
): Promise<void> {
  const now = site.clock.epochMs();
  const people = [...new Set(to)].filter((id) => id !== null && id !== byId) as string[];
  const notices = people.map((personId) => ({
    id: newRowId(site.random, 'nt'),
    person_id: personId,
    kind,
    subject,
    at: now,
    read_at: null,
  }));
  const payload = (id: string): string =>
    JSON.stringify({ id, kind, subject, at: new Date(now).toISOString() });
  const waiting = { state: 'waiting' as const, tries: 0, at: now, next_try_at: now };
  const hook = newRowId(site.random, 'ob');
  await insertNotices(trx, notices, [
    ...notices.map((notice) => ({
      id: newRowId(site.random, 'ob'),
      channel: 'e-mail' as const,
      person_id: notice.person_id,
      payload: payload(notice.id),
      ...waiting,
    })),
    ...(isRestricted
      ? []
      : [{ id: hook, channel: 'webhook' as const, person_id: null, payload: payload(hook), ...waiting }]),
  ]);
}
