import { describe, expect, it } from 'vitest';
import { utf8 } from '#contract/bytes';
import { asEpochMs, asMonoMs, type Clock } from '#contract/clock';
import { openFireSensor } from './fire-sensor.ts';
import type { MqttListener } from './mqtt-link.ts';

const clock: Clock = {
  epochMs: () => asEpochMs(0),
  monoMs: () => asMonoMs(0),
  trust: () => 3,
  interval: () => ({ lo: asEpochMs(0), hi: 0 }),
  sleepUntil: () => new Promise(() => undefined),
};

function open() {
  const fires: boolean[] = [];
  const topics: string[] = [];
  let listener: MqttListener | undefined;
  const sensor = openFireSensor({
    config: { preset: 'custom', topic: 'gedung/api', pointer: '/state', active: ['ON'], clear: ['OFF'] },
    link: {
      subscribe: (names, given) => {
        topics.push(...names);
        listener = given;
      },
      publish: () => undefined,
      close: () => Promise.resolve(),
    },
    clock,
    onFire: (isActive) => fires.push(isActive),
  });
  const say = (state: unknown, isRetained = false): void =>
    listener?.onMessage('gedung/api', utf8(JSON.stringify({ state })), isRetained);
  return { fires, topics, say, lose: () => listener?.onLost(), sensor };
}

describe('openFireSensor', () => {
  it('GS21: a fire that is found, retained, burns, and what changes is told once', () => {
    const { fires, topics, say } = open();
    say('on', true);
    say('ON');
    say('OFF');
    say('OFF');
    expect(fires).toEqual([true, false]);
    expect(topics).toEqual(['gedung/api']);
  });

  it('GS21: a broker that is lost, or a word without a meaning, puts no fire out and lights none', () => {
    const { fires, say, lose } = open();
    say('ON');
    lose();
    say('smoke');
    say(null);
    expect(fires).toEqual([true]);
    say('ON', true);
    expect(fires).toEqual([true, true]);
    const quiet = open();
    quiet.lose();
    quiet.say('?');
    expect(quiet.fires).toEqual([]);
  });
});
