import type { LinkState } from './link-state.ts';

/**
 * What can happen to a link. `answered`: the right reply. `declined`: the device is well but does not do it.
 * `restarted`: the device lost count or state, or the panel gave a command up. `distrusted`: a reply that must not
 * count, or a device that refuses the session. `silenced`: nobody answered for as long as is allowed. `unplugged`:
 * the port is gone.
 */
export type LinkInput =
  'due' | 'answered' | 'declined' | 'restarted' | 'distrusted' | 'silenced' | 'unplugged';

/** `start`: challenging when there is a key, identifying when there is none. */
export type LinkMove = LinkState | 'start' | 'stay';

/**
 * Where each input leads. Before the link is online, whatever goes wrong leads to `offline` and its pauses, so that
 * no device can make the panel run in circles; nothing ever leads from a keyed link to an unkeyed one.
 * @see RULES.md OS40
 */
export const LINK_MOVES: Readonly<Record<LinkState, Readonly<Record<LinkInput, LinkMove>>>> = {
  offline: {
    due: 'start',
    answered: 'stay',
    declined: 'stay',
    restarted: 'stay',
    distrusted: 'stay',
    silenced: 'stay',
    unplugged: 'offline',
  },
  challenging: {
    due: 'stay',
    answered: 'scrypting',
    declined: 'offline',
    restarted: 'offline',
    distrusted: 'offline',
    silenced: 'offline',
    unplugged: 'offline',
  },
  scrypting: {
    due: 'stay',
    answered: 'identifying',
    declined: 'offline',
    restarted: 'offline',
    distrusted: 'offline',
    silenced: 'offline',
    unplugged: 'offline',
  },
  identifying: {
    due: 'stay',
    answered: 'reading-capabilities',
    declined: 'reading-capabilities',
    restarted: 'offline',
    distrusted: 'offline',
    silenced: 'offline',
    unplugged: 'offline',
  },
  'reading-capabilities': {
    due: 'stay',
    answered: 'online',
    declined: 'online',
    restarted: 'offline',
    distrusted: 'offline',
    silenced: 'offline',
    unplugged: 'offline',
  },
  online: {
    due: 'stay',
    answered: 'stay',
    declined: 'stay',
    restarted: 'start',
    distrusted: 'start',
    silenced: 'offline',
    unplugged: 'offline',
  },
};
