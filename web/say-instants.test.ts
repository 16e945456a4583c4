import { describe, expect, it } from 'vitest';
import { sayInstants } from './say-instants.ts';
import { createTimeFormat } from './time-format.ts';
import { indonesian } from './words/id.ts';

const time = createTimeFormat(indonesian, 'Asia/Jakarta');

describe('instants in a text', () => {
  it('W12: an instant of a machine is said by the clock of the site, whatever its offset', () => {
    expect(sayInstants('2026-03-12T07:05:09.000Z', time)).toBe('12/03/2026 14.05.09');
    expect(sayInstants('2026-03-12T16:05:09+09:00', time)).toBe('12/03/2026 14.05.09');
    expect(sayInstants('dari 2026-03-11T17:00:00.000Z sampai', time)).toBe('dari 12/03/2026 00.00.00 sampai');
  });

  it('W12: what is no instant stays as it is', () => {
    for (const text of ['12/SPK/2026', '2026-03-12', 'LAP-RS/log-book/2026-03']) {
      expect(sayInstants(text, time)).toBe(text);
    }
  });
});
