import type { Clock } from '#contract/clock';
import type { DiagnosticCode, HardwareEvent } from '../hardware.ts';
import { createAlarm } from '../transport/alarm.ts';

/** A noisy line must not flood the journal: each code of a reader is told at most this often, with its count. */
const intervalMs = 10_000;

export interface Diagnostics {
  count(code: DiagnosticCode): void;
  /** Forgets what is not told yet. */
  stop(): void;
}

/** Makes the counter of one reader's faults. The first is told at once, later ones together. */
export function createDiagnostics(
  reader: string,
  clock: Clock,
  emit: (event: HardwareEvent) => void,
): Diagnostics {
  const told = new Map<DiagnosticCode, { count: number; readonly stop: () => void }>();
  const tell = (code: DiagnosticCode, count: number): void => {
    const atMs = clock.monoMs();
    const alarm = createAlarm(clock, () => {
      const entry = told.get(code);
      told.delete(code);
      if (entry !== undefined && entry.count > 0) tell(code, entry.count);
    });
    told.set(code, { count: 0, stop: () => alarm.set(null) });
    alarm.set(atMs + intervalMs);
    emit({ type: 'diagnostic', reader, code, count, atMs });
  };
  return {
    count: (code) => {
      const entry = told.get(code);
      if (entry === undefined) tell(code, 1);
      else entry.count += 1;
    },
    stop: () => {
      for (const { stop } of told.values()) stop();
      told.clear();
    },
  };
}
