import { asMonoMs, type MonoMs } from '#contract/clock';
import type { ContactStatement } from './contact-maps.ts';

/** What is known of one contact sensor. */
export interface SensorState {
  readonly contact: 'closed' | 'open' | 'unknown';
  /** The next word is a state that was found, not a change that was seen. */
  readonly isBlind: boolean;
  /** When silence makes the contact unknown; null while nothing is to be expected. */
  readonly silentAtMs: MonoMs | null;
  /** Topics that said last that the sensor or its bridge is away. */
  readonly offline: readonly string[];
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
export const BLIND_SENSOR: SensorState = { contact: 'unknown', isBlind: true, silentAtMs: null, offline: [] };

type Why = Extract<ContactReading, { readonly contact: 'unknown' }>['why'];

const goBlind = (state: SensorState, why: Why): SensorStep => ({
  // A broker that is gone tells anew who is away.
  state: { ...BLIND_SENSOR, offline: why === 'broker-lost' ? [] : state.offline },
  reading: state.contact === 'unknown' ? null : { contact: 'unknown', why },
});

/**
 * Takes one message, loss or tick into what is known of a sensor. A retained message and the first one after any
 * blindness are states; repeats are no news.
 * @param maxSilenceMs null where the sensor speaks on change only and its last will tells when it is gone
 * @see rules GS5 to GS8, GS15
 */
export function stepSensor(state: SensorState, input: SensorInput, maxSilenceMs: number | null): SensorStep {
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
        case 'availability': {
          const others = state.offline.filter((topic) => topic !== statement.of);
          return statement.isAvailable
            ? { state: { ...state, offline: others }, reading: null }
            : goBlind({ ...state, offline: [...others, statement.of] }, 'unavailable');
        }
        case 'contact': {
          // The broker still repeats what a sensor said before it went away.
          if (isRetained && state.offline.length > 0) return { state, reading: null };
          const { contact } = statement;
          const silentAtMs = maxSilenceMs === null ? null : asMonoMs(atMs + maxSilenceMs);
          const next: SensorState = { ...state, contact, isBlind: false, silentAtMs };
          if (contact === state.contact) return { state: next, reading: null };
          return { state: next, reading: { contact, isInitial: isRetained || state.isBlind } };
        }
      }
    }
  }
}
