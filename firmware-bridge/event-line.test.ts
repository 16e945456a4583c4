import { expect, it } from 'vitest';
import { asMonoMs } from '#contract/clock';
import { createEventLine } from './event-line.ts';
import type { HardwareEvent, Key } from './hardware.ts';

const pressed = (key: Key): HardwareEvent => ({ type: 'key', reader: 'panel', key, atMs: asMonoMs(0) });
const keyOf = (event: HardwareEvent): string => (event.type === 'key' ? event.key : event.type);

it('FB87: an event that a listener causes comes after the present one, for every listener', () => {
  const line = createEventLine();
  const first: string[] = [];
  const second: string[] = [];
  line.onEvent((event) => {
    first.push(keyOf(event));
    if (keyOf(event) === '1') line.emit(pressed('2'));
  });
  const stop = line.onEvent((event) => second.push(keyOf(event)));
  line.emit(pressed('1'));
  expect([first, second]).toEqual([
    ['1', '2'],
    ['1', '2'],
  ]);
  stop();
  line.emit(pressed('3'));
  expect([first.length, second.length]).toEqual([3, 2]);
});
