import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '#contract/bytes';
import { DIGEST_LINES, encodeDigest, parseDigest, siteTime, weekOf } from '#contract/digest';
import vectors from '../../server/contract/vectors/digest.json';

const { digest, text } = vectors;
const lines = text.trimEnd().split('\n');
const parse = (changed: string) => parseDigest(utf8(changed));

describe('the text of a digest', () => {
  it('C32: is the one of the vector, and gives the same digest again', () => {
    expect(encodeDigest(digest)).toBe(text);
    expect(weekOf(digest.madeAt)).toBe(vectors.week);
    expect(parse(text)).toEqual({ ok: true, value: { ...digest, line: 1 } });
    for (const [name, line] of Object.entries(DIGEST_LINES)) {
      expect(lines[line]).toMatch(name === 'note' ? /\/site-log$/ : name === 'keys' ? /^root-keys/ : name);
    }
  });

  it('C32: every line but those of the note fits a mail', () => {
    expect(lines.filter((line) => line.length > 76)).toEqual([lines[13]]);
  });

  it.each(vectors.bad)('C32: refuses $name', ({ text: bad, line }) => {
    const error = line === null ? { code: 'no-digest' } : { code: 'malformed', line };
    expect(parse(bad)).toEqual({ ok: false, error });
    // Lines are those of the text as it was given.
    const moved = line === null ? error : { ...error, line: line + 2 };
    expect(parse(`Yth. Inspektur,\n\n${bad}`)).toEqual({ ok: false, error: moved });
  });

  it.each([
    ['CR LF', (each: string) => `${each}\r\n`],
    ['blanks at the end', (each: string) => `${each} \t\n`],
    ['a quotation', (each: string) => `> ${each}\n`],
    ['a quotation of a quotation', (each: string) => `>> ${each}\n`],
    ['a quotation of a quotation, spaced', (each: string) => `> > ${each}\r\n`],
    ['a quotation without blanks', (each: string) => `>${each}\n`],
    ['a line broken at its blank', (each: string) => `${each.replace(/^(\u2014 \S+) /, '$1\n')}\n`],
    ['all of it', (each: string) => `> ${each.replace(/^(\u2014 \S+) /, '$1 \r\n> ')} \r\n`],
  ])('C32: survives %s', (_, change) => {
    const mailed = lines.map(change).join('');
    expect(parse(mailed)).toEqual({ ok: true, value: { ...digest, line: 1 } });
    const around = `Subject: digest\n\n${mailed}-- \nSalam\npalang-digest end\n`;
    expect(parse(around)).toEqual({ ok: true, value: { ...digest, line: 3 } });
    expect(parse(`\ufeff${mailed}`)).toMatchObject({ ok: true });
  });

  it('C32: what is not UTF-8 is no digest', () => {
    expect(parseDigest(Uint8Array.of(0xff, ...utf8(text)))).toEqual({
      ok: false,
      error: { code: 'no-digest' },
    });
    expect(parse('')).toEqual({ ok: false, error: { code: 'no-digest' } });
  });

  it('C32: no other letter at any place gives the same digest', () => {
    // What mail does may happen here: a line end for the blank behind the name, and none, or more, at the end.
    const afterName = text.indexOf('\u2014 dinas-contoh/site-log ') + 23;
    const isMailed = (at: number, letter: string): boolean =>
      (at === afterName && letter === '\n') || at === text.length - 1;
    const same: object[] = [];
    for (let at = 0; at < text.length; at++) {
      for (const letter of ['x', '0', ' ', '\n', '>']) {
        const changed = `${text.slice(0, at)}${letter}${text.slice(at + 1)}`;
        const found = parse(changed);
        const isSame = found.ok && encodeDigest(found.value) === text;
        if (changed !== text && isSame && !isMailed(at, letter)) same.push({ at, letter });
      }
    }
    expect(same).toEqual([]);
    expect(text[afterName]).toBe(' ');
  });

  it('C32: the week begins on Monday by the clocks of the site', () => {
    // Sunday 18.30 in UTC is Monday 01.30 in Jakarta.
    const atMs = Date.UTC(2026, 2, 8, 18, 30);
    expect(weekOf(siteTime(atMs, 0))).toBe('2026-03-02');
    expect(weekOf(siteTime(atMs, 420))).toBe('2026-03-09');
    expect(siteTime(atMs, 420)).toBe('2026-03-09T01:30:00+07:00');
    expect(siteTime(atMs, -210)).toBe('2026-03-08T15:00:00-03:30');
  });

  it('C32: every time of every zone has a text that is read again', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4_102_444_800 }),
        fc.integer({ min: -840, max: 840 }),
        fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
        (atSeconds, offset, records) => {
          const madeAt = siteTime(atSeconds * 1000, offset);
          expect(Date.parse(madeAt)).toBe(atSeconds * 1000);
          const value = { ...digest, madeAt, records };
          expect(parse(encodeDigest(value))).toEqual({ ok: true, value: { ...value, line: 1 } });
          const week = Date.parse(`${weekOf(madeAt)}T00:00:00Z`);
          const day = Date.parse(`${madeAt.slice(0, 10)}T00:00:00Z`);
          expect(new Date(week).getUTCDay()).toBe(1);
          expect((day - week) / 86_400_000).toBeLessThan(7);
        },
      ),
      { seed: 20_260_309, numRuns: 300 },
    );
  });
});
