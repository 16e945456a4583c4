import type { DriverWorld } from '../driver-world.ts';
import type { PolledCardReader, PolledEffect, PolledInput } from '../protocol/card/card-reader.ts';
import { openAskedDevice } from '../transport/asked-device.ts';
import type { PortAddress } from '../transport/byte-link.ts';
import { createCardIntake } from './card-intake.ts';
import type { DoorReader } from './door-reader.ts';
import { createReaderStatus } from './reader-status.ts';

/**
 * Opens a card reader that answers when asked: online is one that answers.
 * @see RULES.md FB94-FB96
 */
export function openPolledReader<State>(
  reader: string,
  kind: PolledCardReader<State>,
  address: PortAddress,
  world: DriverWorld,
): DoorReader {
  const intake = createCardIntake(reader, world);
  const device = openAskedDevice<State, PolledInput, PolledEffect>(kind, address, world, {
    perform: (effect) => intake.take(effect),
    tellLink: createReaderStatus(reader, world.clock, world.emit),
  });
  return {
    signal: () => undefined,
    close: async () => {
      await device.close();
      intake.stop();
    },
  };
}
