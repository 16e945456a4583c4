import type { DriverWorld } from '../driver-world.ts';
import type { DiagnosticCode } from '../hardware.ts';
import type { CardReadEvent } from '../protocol/card/card-reader.ts';
import { nobodyPresent, seeCard } from '../protocol/presence/card-presence.ts';
import { createDiagnostics } from './diagnostics.ts';

/** Where the reads of one reader become presentations and counts. */
export interface CardIntake {
  take(event: CardReadEvent): void;
  count(code: DiagnosticCode): void;
  /** Forgets what is not told yet. */
  stop(): void;
}

/** Makes the intake of one reader. It outlives reconnects: a loose plug must not turn one card into many. */
export function createCardIntake(
  reader: string,
  { clock, emit }: Pick<DriverWorld, 'clock' | 'emit'>,
): CardIntake {
  const diagnostics = createDiagnostics(reader, clock, emit);
  let present = nobodyPresent;
  return {
    take: (event) => {
      if (event.type !== 'card') {
        return diagnostics.count(event.type === 'damaged' ? 'damaged-read' : 'noise');
      }
      const atMs = clock.monoMs();
      const seen = seeCard(present, event.card, atMs);
      present = seen.present;
      if (seen.isPresented) emit({ type: 'card', reader, card: event.card, atMs });
    },
    count: (code) => diagnostics.count(code),
    stop: () => diagnostics.stop(),
  };
}
