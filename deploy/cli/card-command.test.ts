import { expect, it } from 'vitest';
import { runCaptured } from '../../test/contract/run-captured.ts';
import { cardCommand } from './card-command.ts';

const run = (...args: string[]) => runCaptured({ card: cardCommand }, 'card', ...args);

it('DC22: a card tells every number that is printed on it', async () => {
  const { exitCode, out } = await run('em:6F007B3972');
  expect(exitCode).toBe(0);
  expect(out).toContain('may be enrolled');
  for (const number of ['0008075634', '123,14706', '0476749445490']) expect(out).toContain(number);
});

it('DC22: a printed number tells the cards that it may stand for', async () => {
  const { exitCode, out } = await run('0008075634 123,14706', '--json');
  expect(exitCode).toBe(0);
  const { candidates } = JSON.parse(out) as { candidates: { pattern: string }[] };
  expect(candidates.map(({ pattern }) => pattern)).toContain('em:??007B3972');
});

it.each([
  ['mf4:08A2B3C4', 'random-uid'],
  ['hello', 'no card'],
])('DC22: %s answers no: %s', async (number, words) => {
  const { exitCode, out } = await run(number);
  expect(exitCode).toBe(1);
  expect(out).toContain(words);
});
