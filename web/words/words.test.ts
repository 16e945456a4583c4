import { describe, expect, it } from 'vitest';
import { BUNDLE_REASONS } from '#contract/bundle-failure';
import { DENY_REASONS, EVENT_TYPE_NAMES } from '#contract/event';
import { PROBLEMS } from '#contract/problem';
import { DESK_WORDS } from './desk.ts';
import { REQUEST_WORDS } from './request.ts';
import { LANGUAGE_CODES, LANGUAGES, wordOf } from './words.ts';

const shapeOf = (value: unknown): unknown => {
  if (typeof value === 'function') return `function ${value.length}`;
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shapeOf(each)]));
  }
  return typeof value;
};

const textsOf = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(textsOf);
  return [];
};

describe('words', () => {
  it('W14: every language has the same words, none of them empty', async () => {
    const all = await Promise.all(LANGUAGE_CODES.map((code) => LANGUAGES[code].load()));
    const [first, ...others] = all.map(shapeOf);
    for (const other of others) expect(other).toEqual(first);
    for (const text of all.flatMap(textsOf)) expect(text.trim()).not.toBe('');
  });

  it('W14: every deny reason, event, problem and finding of the contract has words in every language', async () => {
    for (const code of LANGUAGE_CODES) {
      const words = await LANGUAGES[code].load();
      expect(Object.keys(words.denials)).toEqual([...DENY_REASONS]);
      expect(Object.keys(words.passed)).toEqual([...DENY_REASONS]);
      expect(Object.keys(words.events)).toEqual([...EVENT_TYPE_NAMES]);
      expect(Object.keys(words.bundleReasons)).toEqual([...BUNDLE_REASONS]);
      expect(Object.keys(words.problems)).toEqual([...Object.keys(PROBLEMS), 'offline', 'unreadable']);
    }
  });

  it('W45: every language has the same words of the desk, none of them empty, none shouting', () => {
    const all = LANGUAGE_CODES.map((code) => DESK_WORDS[code]);
    const [first, ...others] = all.map(shapeOf);
    for (const other of others) expect(other).toEqual(first);
    for (const text of all.flatMap(textsOf)) {
      expect(text.trim()).not.toBe('');
      expect(text).not.toContain('!');
    }
  });

  it('W14: every language has the same words of the request form, none of them empty, none shouting', () => {
    const all = LANGUAGE_CODES.map((code) => REQUEST_WORDS[code]);
    const [first, ...others] = all.map(shapeOf);
    for (const other of others) expect(other).toEqual(first);
    for (const text of all.flatMap(textsOf)) {
      expect(text.trim()).not.toBe('');
      expect(text).not.toContain('!');
    }
  });

  it('W14: no sentence shouts', async () => {
    for (const code of LANGUAGE_CODES) {
      for (const text of textsOf(await LANGUAGES[code].load())) expect(text).not.toContain('!');
    }
  });

  it('W14: a name that is not known yet stands for itself', () => {
    expect(wordOf({ a: 'A' }, 'b')).toBe('b');
    expect(wordOf({ a: 'A' }, 'toString')).toBe('toString');
  });
});
