import { COMMAND_LIFE_MS, type CommandAct, type CommandState } from '#contract/command';
import type { Action } from './permissions.ts';

interface CommandRow {
  /** Who may order it. */
  readonly action: Action;
  /**
   * True where it waits for a gateway that is late. What opens a door or silences an alarm does not: whoever
   * ordered it looked at the door of that moment.
   */
  readonly isLasting: boolean;
}

const ROWS: Readonly<Record<CommandAct, CommandRow>> = {
  release: { action: 'commands.release', isLasting: false },
  'lockdown-start': { action: 'commands.lockdown', isLasting: true },
  'lockdown-end': { action: 'commands.lockdown', isLasting: true },
  'hold-open-start': { action: 'commands.hold-open', isLasting: false },
  'hold-open-end': { action: 'commands.hold-open', isLasting: true },
  'presence-reset': { action: 'commands.attend', isLasting: true },
  'alarm-acknowledge': { action: 'commands.attend', isLasting: false },
};

/** Names what somebody has to be allowed to order this. @see rule SD20 */
export const commandAction = (act: CommandAct): Action => ROWS[act].action;

/** What tells how far an order is. */
export interface CommandFacts {
  readonly act: CommandAct;
  readonly state: CommandState;
  readonly orderedAt: number;
}

const isTooLate = (command: CommandFacts, now: number): boolean =>
  !ROWS[command.act].isLasting && now - command.orderedAt >= COMMAND_LIFE_MS;

/** Tells how far an order is now: one that was not fetched in its time has lapsed. @see rule SD21 */
export const commandStateAt = (command: CommandFacts, now: number): CommandState =>
  command.state === 'waiting' && isTooLate(command, now) ? 'lapsed' : command.state;

/**
 * Tells whether an order is to be handed to its gateway now. One that was sent is sent again until the journal
 * says that it was obeyed, because an answer can be lost; its id makes the gateway obey it once.
 * @see rules SD21, SD22
 */
export const isDeliverable = (command: CommandFacts, now: number): boolean =>
  (command.state === 'waiting' || command.state === 'sent') && !isTooLate(command, now);
