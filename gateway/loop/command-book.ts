import type { CommandClaims } from '#contract/command';
import type { JournalRecord } from '#contract/record';
import type { Obedience } from '../uplink/command-desk.ts';
import type { DoorLoop } from './door-loop.ts';

/**
 * Creates what leads each order to its door, and none of them twice: the records of orders are the memory, over
 * every restart.
 * @see rule DM39
 */
export function createCommandBook(
  orders: readonly JournalRecord[],
  doors: ReadonlyMap<string, Pick<DoorLoop, 'obey'>>,
): (command: CommandClaims) => Obedience {
  const known = new Set(
    orders.flatMap(({ ty, x }) => {
      const id = x['id'];
      return ty === 'operator.command' && typeof id === 'string' ? [id] : [];
    }),
  );
  return (command) => {
    if (known.has(command.id)) return 'repeated';
    const door = doors.get(command.door);
    if (door === undefined) return 'no-such-door';
    const outcome = door.obey(command);
    // What could not be recorded was not done, and may be tried again.
    if (outcome !== 'not-recorded') known.add(command.id);
    return outcome;
  };
}
