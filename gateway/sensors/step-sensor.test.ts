import { describe, expect, it } from 'vitest';
import { asMonoMs } from '#contract/clock';
import { BLIND_SENSOR, stepSensor, type ContactReading, type SensorInput } from './step-sensor.ts';

type Step = readonly [
  number,
  SensorInput extends infer I ? (I extends unknown ? Omit<I, 'atMs'> : never) : never,
];

const says = (contact: 'closed' | 'open', isRetained = false): Step[1] => ({
  type: 'message',
  statement: { kind: 'contact', contact },
  isRetained,
});
const message = (kind: 'none' | 'unreadable'): Step[1] => ({
  type: 'message',
  statement: { kind },
  isRetained: false,
});
const available = (isAvailable: boolean): Step[1] => ({
  type: 'message',
  statement: { kind: 'availability', isAvailable },
  isRetained: true,
});
const lost: Step[1] = { type: 'broker-lost' };
const tick: Step[1] = { type: 'tick' };

function run(...steps: readonly Step[]): readonly (ContactReading | null)[] {
  let state = BLIND_SENSOR;
  return steps.map(([atMs, input]) => {
    const step = stepSensor(state, { ...input, atMs: asMonoMs(atMs) } as SensorInput, 1000);
    state = step.state;
    return step.reading;
  });
}

const found = (contact: 'closed' | 'open'): ContactReading => ({ contact, isInitial: true });
const seen = (contact: 'closed' | 'open'): ContactReading => ({ contact, isInitial: false });
const unknown = (why: 'unavailable' | 'unreadable' | 'broker-lost' | 'silent'): ContactReading => ({
  contact: 'unknown',
  why,
});

describe('stepSensor', () => {
  it('GS5: the first word is found, the next is seen, and a retained one is found again', () => {
    expect(run([0, says('closed')], [1, says('open')], [2, says('closed', true)])).toEqual([
      found('closed'),
      seen('open'),
      found('closed'),
    ]);
  });

  it('GS5: after each kind of blindness the next word is found', () => {
    for (const blindness of [lost, message('unreadable'), available(false)]) {
      const readings = run([0, says('closed')], [1, blindness], [2, available(true)], [3, says('open')]);
      expect(readings.at(-1)).toEqual(found('open'));
    }
  });

  it('GS6: a report of the battery with the same contact is no news', () => {
    expect(run([0, says('closed')], [1, says('closed')], [2, says('closed', true)])).toEqual([
      found('closed'),
      null,
      null,
    ]);
  });

  it('GS7: blindness is told once, with its reason', () => {
    expect(run([0, says('open')], [1, lost], [2, lost], [3, available(false)])).toEqual([
      found('open'),
      unknown('broker-lost'),
      null,
      null,
    ]);
    expect(run([0, says('open')], [1, message('unreadable')])[1]).toEqual(unknown('unreadable'));
    expect(run([0, says('open')], [1, available(false)])[1]).toEqual(unknown('unavailable'));
    expect(run([0, lost])).toEqual([null]);
  });

  it('GS7, GS8: silence makes the contact unknown, and only its own word puts that off', () => {
    expect(run([0, says('open')], [999, tick], [1000, tick], [1001, tick])).toEqual([
      found('open'),
      null,
      unknown('silent'),
      null,
    ]);
    expect(run([0, says('open')], [900, says('open')], [1000, tick])[2]).toBeNull();
    expect(run([0, says('open')], [900, message('none')], [1000, tick])[2]).toEqual(unknown('silent'));
    expect(run([0, says('open')], [900, available(true)], [1000, tick])[2]).toEqual(unknown('silent'));
  });
});
