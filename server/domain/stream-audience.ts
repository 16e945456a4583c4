import type { RoleName } from '#contract/api';
import { mayDo } from './permissions.ts';

/** Whom a live message is about: `everybody`, one person, or an event about nobody in particular. */
export type Audience =
  | { readonly kind: 'everybody' }
  | { readonly kind: 'event'; readonly personId: string | null }
  /** An alert that the person whom it is about must not be seen to have given. */
  | { readonly kind: 'silent-alert'; readonly personId: string | null }
  | { readonly kind: 'request'; readonly requesterId: string }
  | { readonly kind: 'command' };

/** Tells whether somebody may see a live message: one's own always, those of others by role. @see rule SD11 */
export function maySee(
  person: { readonly id: string; readonly roles: readonly RoleName[] },
  audience: Audience,
): boolean {
  switch (audience.kind) {
    case 'everybody':
      return mayDo(person.roles, 'places.read');
    case 'event':
      if (mayDo(person.roles, 'events.read.all')) return true;
      return (
        mayDo(person.roles, 'events.read') && (audience.personId === null || audience.personId === person.id)
      );
    case 'silent-alert':
      return mayDo(person.roles, 'events.read.all') && audience.personId !== person.id;
    case 'request':
      return audience.requesterId === person.id || mayDo(person.roles, 'requests.read.all');
    case 'command':
      return mayDo(person.roles, 'commands.read');
  }
}
