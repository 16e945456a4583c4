import type { HardwareEvent } from '../../firmware-bridge/bridge.ts';
import type { WiredContactConfig } from '../config.ts';
import type { ContactReading } from './step-sensor.ts';

/** A door contact on a reader's input. */
export interface WiredContact {
  /** What the event tells of the contact; null for nothing new. */
  take(event: HardwareEvent): ContactReading | null;
}

/**
 * Makes the contact of such an input. With its reader away, or its wires cut, it is unknown, and the next level is a
 * state that was found.
 * @see rule GS20
 */
export function createWiredContact({ reader, input, closedWhen }: WiredContactConfig): WiredContact {
  let isKnown = false;
  const lose = (why: 'unavailable' | 'unreadable'): ContactReading | null => {
    const wasKnown = isKnown;
    isKnown = false;
    return wasKnown ? { contact: 'unknown', why } : null;
  };
  return {
    take: (event) => {
      if (event.type === 'reader' && event.reader === reader && event.state === 'offline') {
        return lose('unavailable');
      }
      if (event.type !== 'input' || event.reader !== reader || event.input !== input) return null;
      if (event.isFaulty === true) return lose('unreadable');
      const isInitial = event.isInitial || !isKnown;
      isKnown = true;
      return { contact: event.isActive === (closedWhen === 'active') ? 'closed' : 'open', isInitial };
    },
  };
}
