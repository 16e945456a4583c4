import { describe, expect, it } from 'vitest';
import { Fault } from '#contract/result';
import { runCaptured } from '../../test/contract/run-captured.ts';
import { createCommand, createForwardedCommand, EXIT, JSON_OPTION, UnusableInput } from './program.ts';

const failWith = (error: Error) => createForwardedCommand('fails', () => Promise.reject(error));
const commands = {
  greet: createCommand(
    'greet',
    'greets somebody',
    {
      name: { type: 'positional', description: 'whom', required: true },
      word: { type: 'string', description: 'how', default: 'halo' },
      'in-capitals': { type: 'boolean', description: 'loudly' },
      ...JSON_OPTION,
    },
    (args, output) => {
      const text = `${args.word} ${args.name}`;
      output.say(args['in-capitals'] === true ? text.toUpperCase() : text);
      return Promise.resolve(args.name === 'nobody' ? EXIT.no : EXIT.done);
    },
  ),
  forwarded: createForwardedCommand('reads its own options', (args) => Promise.resolve(args.length)),
  unusable: failWith(new UnusableInput('this cannot be used')),
  fault: failWith(
    new Fault('cannot-listen', {
      retryable: false,
      cause: Object.assign(new Error(), { code: 'EADDRINUSE' }),
    }),
  ),
  strange: failWith(new Fault('some-code', { retryable: false })),
  refused: failWith(Object.assign(new Error('long words'), { code: 'EACCES', syscall: 'open', path: 'a/b' })),
  bug: failWith(new TypeError('a bug')),
};
const run = (...args: string[]) => runCaptured(commands, ...args);

describe('the program', () => {
  it('DC1: ends with what the command says', async () => {
    expect(await run('greet', 'Sari')).toEqual({ exitCode: 0, out: 'halo Sari\n', errors: '' });
    expect(await run('greet', 'nobody')).toMatchObject({ exitCode: 1 });
    expect(await run('forwarded', '--any', 'thing')).toMatchObject({ exitCode: 2 });
  });

  it.each([
    ['unusable', 'this cannot be used'],
    ['fault', 'the address and port cannot be opened (EADDRINUSE)'],
    ['strange', 'some-code'],
    ['refused', 'a/b cannot be used (EACCES)'],
  ])('DC1: %s is one line and 2', async (name, line) => {
    expect(await run(name)).toEqual({ exitCode: 2, out: '', errors: `palang ${name}: ${line}\n` });
  });

  it('DC1: a bug is not dressed up as bad input', async () => {
    await expect(run('bug')).rejects.toThrow('a bug');
  });

  it.each(['toString', '__proto__', 'gret', ''])('DC1: there is no command %j', async (name) => {
    const { exitCode, errors } = await run(name);
    expect(exitCode).toBe(2);
    expect(errors.split('\n')).toHaveLength(2);
  });

  it('DC2: without a command it shows the commands, and that is not done', async () => {
    const { exitCode, out } = await run();
    expect(exitCode).toBe(2);
    expect(out).toContain('greets somebody');
    expect(await run('--help')).toMatchObject({ exitCode: 0, out });
    expect(await run('--version')).toEqual({ exitCode: 0, out: '9.9.9\n', errors: '' });
  });

  it('DC2: --help shows every option and does nothing', async () => {
    const { exitCode, out } = await run('greet', '--help');
    expect(exitCode).toBe(0);
    for (const part of [
      'palang greet NAME',
      '--word WORD',
      '(halo)',
      '--in-capitals',
      '--json',
      'Greets somebody.',
    ]) {
      expect(out).toContain(part);
    }
  });

  it.each([
    [['greet', 'Sari', '--wrod', 'hai'], 'unknown option --wrod'],
    [['greet', 'Sari', '-x'], 'unknown option --x'],
    [['greet', 'Sari', 'Budi'], 'too many words'],
    [['greet', 'Sari', '--word'], '--word needs a value'],
    [['greet'], 'NAME'],
  ])('DC2: %j is refused', async (args, words) => {
    const { exitCode, out, errors } = await run(...args);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(errors).toContain(words);
    expect(errors.split('\n')).toHaveLength(2);
  });

  it('DC2: options are taken before, after and with an equals sign', async () => {
    const loud = { exitCode: 0, out: 'HAI SARI\n', errors: '' };
    expect(await run('greet', '--word=hai', '--in-capitals', 'Sari')).toEqual(loud);
    expect(await run('greet', 'Sari', '--in-capitals', '--word', 'hai')).toEqual(loud);
  });
});
