import { describe, expect, it } from 'vitest';
import { asMonoMs } from '#contract/clock';
import { UNKNOWN_DOOR, stepDoor, type DoorInput } from '../door/step-door.ts';
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
const available = (isAvailable: boolean, of = 'z/pintu/availability'): Step[1] => ({
  type: 'message',
  statement: { kind: 'availability', of, isAvailable },
  isRetained: true,
});
const lost: Step[1] = { type: 'broker-lost' };
const tick: Step[1] = { type: 'tick' };

const run = (...steps: readonly Step[]): readonly (ContactReading | null)[] => runWith(1000, ...steps);

function runWith(maxSilenceMs: number | null, ...steps: readonly Step[]): readonly (ContactReading | null)[] {
  let state = BLIND_SENSOR;
  return steps.map(([atMs, input]) => {
    const step = stepSensor(state, { ...input, atMs: asMonoMs(atMs) } as SensorInput, maxSilenceMs);
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

  it('GS14: a sensor that speaks on change only is not missed for its silence', () => {
    const week = 7 * 86_400_000;
    expect(runWith(null, [0, says('closed', true)], [week, tick], [week + 1, says('open')])).toEqual([
      found('closed'),
      null,
      seen('open'),
    ]);
  });

  it('GS15: what the broker repeats of a sensor that is away says nothing, in either order', () => {
    expect(run([0, available(false)], [1, says('closed', true)], [2, says('closed')])).toEqual([
      null,
      null,
      found('closed'),
    ]);
    expect(run([0, says('closed', true)], [1, available(false)], [2, says('closed', true)])).toEqual([
      found('closed'),
      unknown('unavailable'),
      null,
    ]);
    expect(run([0, available(false)], [1, available(true)], [2, says('closed', true)])[2]).toEqual(
      found('closed'),
    );
  });

  it('GS15: the bridge is away until the bridge says otherwise, whatever it once said of the sensor', () => {
    const bridge = 'z/bridge/state';
    const orders = [
      [available(false, bridge), available(true)],
      [available(true), available(false, bridge)],
    ] as const;
    for (const [first, second] of orders) {
      expect(run([0, first], [1, second], [2, says('closed', true)])[2]).toBeNull();
    }
    expect(run([0, available(false, bridge)], [1, lost], [2, says('closed', true)])[2]).toEqual(
      found('closed'),
    );
  });

  it.each<[string, readonly Step[1][]]>([
    ['broker restart', [lost]],
    ['offline to online', [available(false), available(true)]],
    ['an unreadable word', [message('unreadable')]],
    ['a retained word', []],
  ])('GS16: a leaf that moved unseen, %s, is changed while blind and not forced', (_name, between) => {
    const isRetained = between.length === 0;
    const told = run(
      [0, says('closed')],
      ...between.map((step): Step => [1, step]),
      [2, says('open', isRetained)],
      [3, says('closed')],
    );
    let door = UNKNOWN_DOOR;
    const records = told.flatMap((reading) => {
      if (reading === null) return [];
      const atMs = asMonoMs(0);
      const input: DoorInput =
        reading.contact === 'unknown'
          ? { type: 'contact-unknown', why: reading.why, atMs }
          : { type: `contact-${reading.contact}`, isInitial: reading.isInitial, atMs };
      const step = stepDoor(door, input, { heldOpenMs: 30_000, relock: 'on-open' });
      door = step.state;
      return step.effects.filter((effect) => effect.type === 'journal').map(({ ty, x }) => ({ ty, x }));
    });
    expect(records.filter(({ ty }) => ty !== 'door.contact-unknown')).toEqual([
      { ty: 'door.closed', x: { isInitial: true } },
      { ty: 'door.opened', x: { cause: 'unknown', was: 'closed', isInitial: true } },
      { ty: 'door.closed', x: {} },
    ]);
  });
});
