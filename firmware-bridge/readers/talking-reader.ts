import type { DriverWorld } from '../driver-world.ts';
import type { CardReader } from '../protocol/card/card-reader.ts';
import type { LinkInput } from '../protocol/resync/scan-frames.ts';
import { createAlarm } from '../transport/alarm.ts';
import type { PortAddress } from '../transport/byte-link.ts';
import { superviseLink } from '../transport/supervised-link.ts';
import { createCardIntake } from './card-intake.ts';
import type { DoorReader } from './door-reader.ts';
import { createReaderStatus } from './reader-status.ts';

/** A timer is this late at most unless the process was held up, and then bytes may be waiting to be read. */
const punctualMs = 2;

/**
 * Opens a card reader that only ever speaks: its port being open is all that can be known of it.
 * @see RULES.md FB94-FB97
 */
export function openTalkingReader<Held>(
  reader: string,
  kind: CardReader<Held>,
  address: PortAddress,
  world: DriverWorld,
): DoorReader {
  const { clock, emit, openLink } = world;
  const tellStatus = createReaderStatus(reader, clock, emit);
  const intake = createCardIntake(reader, world);
  let held = kind.start;
  let silentAtMs: number | null = null;

  const take = (input: LinkInput): void => {
    const received = kind.receive(held, input);
    held = received.held;
    received.events.forEach((event) => intake.take(event));
  };
  const awaitSilence = (atMs: number | null): void => {
    silentAtMs = atMs;
    silence.set(atMs);
  };
  const silence = createAlarm(clock, () => {
    const nowMs = clock.monoMs();
    // Not silence but deafness: ending the frame now would cut it in two, and a card is sent once.
    if (nowMs > (silentAtMs ?? nowMs) + punctualMs) return awaitSilence(nowMs + kind.silenceMs);
    take({ idle: true });
  });

  const supervised = superviseLink(address, openLink, clock, {
    onUp: (link) => {
      held = kind.start;
      link.onBytes((bytes) => {
        take({ bytes });
        awaitSilence(clock.monoMs() + kind.silenceMs);
      });
      tellStatus('online', 'port-open');
    },
    onDown: (reason) => {
      awaitSilence(null);
      tellStatus('offline', reason);
    },
  });
  return {
    signal: () => undefined,
    close: async () => {
      await supervised.close();
      intake.stop();
    },
  };
}
