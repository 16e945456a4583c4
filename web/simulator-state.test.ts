import { describe, expect, it } from 'vitest';
import { decodeSimulatorView } from './simulator-state.ts';

describe('state of the simulated door', () => {
  it('W18: is read as it says', () => {
    expect(
      decodeSimulatorView({
        lock: 'released',
        leaf: 'open',
        isHeld: true,
        reader: { signal: 'granted' },
        pulses: 3,
      }),
    ).toEqual({ lock: 'released', leaf: 'open', isHeld: true, light: 'granted', pulses: 3 });
  });

  it('W18: what it does not say is unknown', () => {
    for (const state of [null, 'x', {}, { lock: 'maybe', leaf: 1, reader: null }]) {
      expect(decodeSimulatorView(state)).toMatchObject({ lock: 'unknown', leaf: 'unknown', pulses: 0 });
    }
  });
});
