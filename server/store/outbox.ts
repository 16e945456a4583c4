import type { Database } from './database.ts';
import type { OutboxTable } from './tables-visit.ts';

/** Ways by which something leaves the server. */
export type OutboxChannel = OutboxTable['channel'];

/** Something that has to leave the server. */
export type OutboxItem = Pick<OutboxTable, 'id' | 'person_id' | 'payload' | 'tries'>;

/** Lists what is due on a channel, the longest waiting first. */
export const dueOutbox = (
  db: Database,
  channel: OutboxChannel,
  now: number,
  limit: number,
): Promise<readonly OutboxItem[]> =>
  db
    .selectFrom('outbox')
    .select(['id', 'person_id', 'payload', 'tries'])
    .where('state', '=', 'waiting')
    .where('channel', '=', channel)
    .where('next_try_at', '<=', now)
    .orderBy('next_try_at')
    .orderBy('id')
    .limit(limit)
    .execute();

/** Notes how a try ended. */
export async function noteTry(
  db: Database,
  id: string,
  outcome: Pick<OutboxTable, 'state' | 'tries' | 'next_try_at'>,
): Promise<void> {
  await db.updateTable('outbox').set(outcome).where('id', '=', id).execute();
}

/** Takes out what no way leads to: a channel that is set up later must not send what is long past. */
export async function dropOutbox(
  db: Database,
  of: { readonly channel: OutboxChannel } | { readonly id: string },
): Promise<void> {
  const query = db.deleteFrom('outbox').where('state', '=', 'waiting');
  await ('channel' in of ? query.where('channel', '=', of.channel) : query.where('id', '=', of.id)).execute();
}

/** Forgets what was sent before this time. */
export async function forgetSent(db: Database, before: number): Promise<void> {
  await db.deleteFrom('outbox').where('state', '=', 'sent').where('at', '<', before).execute();
}

/** Counts what waits and what was given up, by channel. */
export async function countOutbox(
  db: Database,
): Promise<
  readonly { readonly channel: OutboxChannel; readonly state: 'waiting' | 'dead'; readonly count: number }[]
> {
  const rows = await db
    .selectFrom('outbox')
    .select(['channel', 'state', (e) => e.fn.countAll().as('count')])
    .where('state', 'in', ['waiting', 'dead'])
    .groupBy(['channel', 'state'])
    .execute();
  return rows.flatMap(({ channel, state, count }) =>
    state === 'sent' ? [] : [{ channel, state, count: Number(count) }],
  );
}

/** Finds where mail for somebody goes; null where nobody entered it, or they have left. */
export async function mailAddressOf(db: Database, personId: string): Promise<string | null> {
  const row = await db
    .selectFrom('person_profiles')
    .innerJoin('people', 'people.id', 'person_profiles.person_id')
    .select('email')
    .where('people.id', '=', personId)
    .where('people.is_active', '=', 1)
    .executeTakeFirst();
  return row?.email ?? null;
}
