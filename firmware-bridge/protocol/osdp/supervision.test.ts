import { expect, it } from 'vitest';
import { fromHex } from './hex.ts';
import { noPoints, staleAll, supervise, type KnownPoints } from './supervision.ts';
import type { Reply } from './replies.ts';

const inputs = (hex: string): Reply => ({ type: 'ISTATR', inputs: fromHex(hex) });

function told(replies: readonly (Reply | 'link lost')[]) {
  let known: KnownPoints = noPoints;
  return replies.map((reply) => {
    if (reply === 'link lost') {
      known = staleAll(known);
      return [];
    }
    const step = supervise(known, reply);
    known = step.known;
    return step.events.map(
      ({ kind, index, state, isInitial, previous }) =>
        `${kind} ${index} ${state}${isInitial ? ' at first' : ''}${previous ? `, was ${previous}` : ''}`,
    );
  });
}

it('OS63: the first state is a state, later ones are told when they change', () => {
  expect(told([inputs('0001'), inputs('0001'), inputs('0101'), inputs('0101')])).toEqual([
    ['input 0 inactive at first', 'input 1 active at first'],
    [],
    ['input 0 active, was inactive'],
    [],
  ]);
});

it('OS63: after the link was down everything is told again, as a state, with what was known before', () => {
  expect(told([inputs('00'), 'link lost', inputs('01'), inputs('00')])).toEqual([
    ['input 0 inactive at first'],
    [],
    ['input 0 active at first, was inactive'],
    ['input 0 inactive, was active'],
  ]);
});

it('OS15, OS63: a byte above 1 is a fault, and another fault is news', () => {
  const { known, events } = supervise(noPoints, inputs('0283'));
  expect(events.map(({ state, byte }) => [state, byte])).toEqual([
    ['fault', 2],
    ['fault', 0x83],
  ]);
  expect(supervise(known, inputs('0383')).events).toMatchObject([{ index: 0, state: 'fault', byte: 3 }]);
});

it('OS63: tamper, power, outputs and readers are supervised alike', () => {
  expect(
    told([
      { type: 'LSTATR', tamper: 0, power: 0 },
      { type: 'LSTATR', tamper: 1, power: 0 },
      { type: 'LSTATR', tamper: 1, power: 1 },
      { type: 'OSTATR', outputs: fromHex('01') },
      { type: 'RSTATR', readers: fromHex('0102') },
      { type: 'ACK' },
    ]),
  ).toEqual([
    ['tamper 0 inactive at first', 'power 0 inactive at first'],
    ['tamper 0 active, was inactive'],
    ['power 0 active, was inactive'],
    ['output 0 active at first'],
    ['reader 0 active at first', 'reader 1 fault at first'],
    [],
  ]);
});
