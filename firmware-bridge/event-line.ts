import type { HardwareEvent } from './hardware.ts';

export interface EventLine {
  readonly emit: (event: HardwareEvent) => void;
  readonly onEvent: (listener: (event: HardwareEvent) => void) => () => void;
}

/** Makes what hands every event to every listener in the order of happening, also when a listener causes the next. */
export function createEventLine(): EventLine {
  const listeners = new Set<(event: HardwareEvent) => void>();
  const queue: HardwareEvent[] = [];
  let isHanding = false;
  return {
    onEvent: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    emit: (event) => {
      queue.push(event);
      if (isHanding) return;
      isHanding = true;
      try {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          for (const listener of listeners) listener(next);
        }
      } finally {
        isHanding = false;
      }
    },
  };
}
