/** What the light of a reader shows. */
export const READER_LIGHTS = ['idle', 'granted', 'denied', 'wait', 'alarm', 'off'] as const;
export type ReaderLight = (typeof READER_LIGHTS)[number];

/** What the simulated door says of its own hardware, beside what the server was told. */
export interface SimulatorView {
  readonly lock: 'secured' | 'released' | 'unknown';
  readonly leaf: 'open' | 'closed' | 'unknown';
  readonly isHeld: boolean;
  readonly light: ReaderLight;
  /** Pulses of the lock relay since the door was started. */
  readonly pulses: number;
}

const lightOf = (value: unknown): ReaderLight => READER_LIGHTS.find((light) => light === value) ?? 'idle';

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

/** Decodes the state of the simulated door; what it does not say is unknown, never secured. */
export function decodeSimulatorView(value: unknown): SimulatorView {
  const state = fieldsOf(value);
  const reader = fieldsOf(state['reader']);
  return {
    lock: state['lock'] === 'secured' || state['lock'] === 'released' ? state['lock'] : 'unknown',
    leaf: state['leaf'] === 'open' || state['leaf'] === 'closed' ? state['leaf'] : 'unknown',
    isHeld: state['isHeld'] === true,
    light: lightOf(reader['signal']),
    pulses: typeof state['pulses'] === 'number' ? state['pulses'] : 0,
  };
}
