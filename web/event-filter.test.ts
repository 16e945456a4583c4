import { describe, expect, it } from 'vitest';
import { apiFilterOf, eventsAddress, filterOf, periodOf } from './event-filter.ts';

describe('event filter', () => {
  it('W19: an address and its filter lead back to each other', () => {
    const filter = { door: 'ruang-server', from: '2026-03-01', reason: 'no-permit', q: 'Sari & kawan' };
    const address = new URL(eventsAddress(filter, 'gw/1/7'), 'http://x');
    expect(filterOf(Object.fromEntries(address.searchParams))).toEqual(filter);
    expect(address.searchParams.get('event')).toBe('gw/1/7');
    expect(eventsAddress({})).toBe('/events');
    expect(filterOf({ unknown: '1', type: '' })).toEqual({});
  });

  it('W19: a period is whole days of the site, the last one included', () => {
    expect(periodOf({ from: '2026-03-01', until: '2026-03-31' }, 'Asia/Jakarta')).toEqual({
      from: '2026-02-28T17:00:00.000Z',
      until: '2026-03-31T17:00:00.000Z',
    });
    expect(periodOf({ from: 'half', until: '2026-3' }, 'Asia/Jakarta')).toEqual({});
  });

  it('W19: the API is asked by its own names', () => {
    expect(
      apiFilterOf({ door: 'ruang-server', type: 'access.denied', severity: 'alarm' }, 'Asia/Jakarta'),
    ).toEqual({ doorId: 'ruang-server', type: 'access.denied', severity: 'alarm' });
  });
});
