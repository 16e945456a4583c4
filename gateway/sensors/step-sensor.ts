import { asMonoMs, type MonoMs } from '#contract/clock';
import type { ContactStatement } from './contact-maps.ts';

/** What is known of one contact sensor. */
export interface SensorState {
  readonly contact: 'closed' | 'open' | 'unknown';
  /** The next word is a state that was found, not a change that was seen. */
  readonly isBlind: boolean;
  /** When silence makes the contact unknown; null while nothing is to be expected. */
  readonly silentAtMs: MonoMs | null;
}

export type SensorInput = { readonly atMs: MonoMs } & (
  | { readonly type: 'message'; readonly statement: ContactStatement; readonly isRetained: boolean }
  | { readonly type: 'broker-lost' }
  | { readonly type: 'tick' }
);

/** What the door is told. */
export type ContactReading =
  | { readonly contact: 'closed' | 'open'; readonly isInitial: boolean }
  | { readonly contact: 'unknown'; readonly why: 'unavailable' | 'unreadable' | 'broker-lost' | 'silent' };

export interface SensorStep {
  readonly state: SensorState;
  readonly reading: ContactReading | null;
}

/** A sensor that has said nothing yet. */
export const BLIND_SENSOR: SensorState = { contact: 'unknown', isBlind: true, silentAtMs: null };

type Why = Extract<ContactReading, { readonly contact: 'unknown' }>['why'];

const goBlind = (state: SensorState, why: Why): SensorStep => ({
  state: BLIND_SENSOR,
  reading: state.contact === 'unknown' ? null : { contact: 'unknown', why },
});

/**
 * Takes one message, loss or tick into what is known of a sensor. A retained message and the first one after any
 * blindness are states; repeats are no news.
 * @see rules GS5 to GS8
 */
export function stepSensor(state: SensorState, input: SensorInput, maxSilenceMs: number): SensorStep {
  switch (input.type) {
    case 'broker-lost':
      return goBlind(state, 'broker-lost');
    case 'tick':
      return state.silentAtMs !== null && input.atMs >= state.silentAtMs
        ? goBlind(state, 'silent')
        : { state, reading: null };
    case 'message': {
      const { statement, isRetained, atMs } = input;
      switch (statement.kind) {
        case 'none':
          return { state, reading: null };
        case 'unreadable':
          return goBlind(state, 'unreadable');
        case 'availability':
          return statement.isAvailable ? { state, reading: null } : goBlind(state, 'unavailable');
        case 'contact': {
          const { contact } = statement;
          const silentAtMs = asMonoMs(atMs + maxSilenceMs);
          const next: SensorState = { contact, isBlind: false, silentAtMs };
          if (contact === state.contact) return { state: next, reading: null };
          return { state: next, reading: { contact, isInitial: isRetained || state.isBlind } };
        }
      }
    }
  }
}
