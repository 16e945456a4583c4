import type { DriverWorld } from '../driver-world.ts';
import type { OsdpCardConfig, WiegandReaderConfig } from '../hardware.ts';
import type { WiegandCardProfile } from '../protocol/card/wiegand-format.ts';
import { readWiegand, type WiegandReaderProfile } from '../protocol/keypad/read-wiegand.ts';
import { createCardIntake } from './card-intake.ts';
import type { DoorReader } from './door-reader.ts';
import type { LineReader } from './line-reader.ts';
import { createReaderStatus } from './reader-status.ts';

/**
 * Opens a reader wired to a door controller: its frames come through the controller, and it is online with it.
 * @see RULES.md FB98-FB99
 */
export function openWiegandReader(
  reader: string,
  config: WiegandReaderConfig,
  controller: LineReader,
  world: DriverWorld,
): DoorReader {
  const profile = wiegandProfileOf(config);
  const intake = createCardIntake(reader, world);
  controller.attachReader(config.number, {
    tellStatus: createReaderStatus(reader, world.clock, world.emit),
    takeFrame: (frame) => {
      const event = readWiegand(profile, frame);
      if (event.type !== 'keys') return intake.take(event);
      const atMs = world.clock.monoMs();
      for (const key of event.keys) world.emit({ type: 'key', reader, key, atMs });
    },
  });
  return {
    signal: (signal) => controller.signal(signal),
    close: () => {
      intake.stop();
      return Promise.resolve();
    },
  };
}

/** What the reader is set to; a format that needs `bits` has them, or the configuration was refused. */
export const wiegandProfileOf = (config: WiegandReaderConfig): WiegandReaderProfile => ({
  card: cardProfileOf(config),
  keypad: config.keypad ?? 'none',
});

/** What the cards of a reader are set to be. */
export function cardProfileOf({ format, bits, parity }: OsdpCardConfig): WiegandCardProfile {
  if (format === 'raw') return { format, bitCount: bits ?? 0 };
  return format === 'wg34' ? { format, parity: parity ?? 'checked' } : { format };
}
