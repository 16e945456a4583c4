import type { Clock } from '#contract/clock';
import type { HardwareEvent } from '../hardware.ts';

/** Tells a reader's state when it, or the reason for it, changed. Nothing is told before the first attempt. */
export function createReaderStatus(
  reader: string,
  clock: Clock,
  emit: (event: HardwareEvent) => void,
): (state: 'online' | 'offline', reason: string) => void {
  let last = '';
  return (state, reason) => {
    const now = `${state} ${reason}`;
    if (now === last) return;
    last = now;
    emit({ type: 'reader', reader, state, reason, atMs: clock.monoMs() });
  };
}
