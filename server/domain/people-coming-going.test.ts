import { describe, expect, it } from 'vitest';
import { SOP_STATES } from '#contract/api-sop';
import { asEpochMs } from '#contract/clock';
import { readPeople } from './people-import.ts';
import { checkPassword } from './password-policy.ts';
import { endOfSiteDay } from './site-day-end.ts';
import { createSiteTime } from './site-day.ts';
import { siteMonth } from './site-month.ts';
import { reviewDueAt, SOP_ACTIONS, stepSop } from './sop-life.ts';

describe('days and months at the site', () => {
  it.each([
    ['Asia/Jakarta', '2026-03-12T07:00:00.000Z', '2026-03-12T17:00:00.000Z'],
    ['Asia/Jakarta', '2026-03-12T16:59:59.999Z', '2026-03-12T17:00:00.000Z'],
    ['Asia/Jakarta', '2026-03-12T17:00:00.000Z', '2026-03-13T17:00:00.000Z'],
    ['Asia/Jayapura', '2026-12-31T15:00:00.000Z', '2027-01-01T15:00:00.000Z'],
    // The clock is put back at 3: this day has 25 hours.
    ['Europe/Berlin', '2026-10-25T00:30:00.000Z', '2026-10-25T23:00:00.000Z'],
  ])('SD72: in %s the day of %s ends at %s', (zone, at, end) => {
    expect(new Date(endOfSiteDay(zone, asEpochMs(Date.parse(at)))).toISOString()).toBe(end);
  });

  it('SD87: a month is the one of the site’s own calendar', () => {
    const { from, until } = siteMonth('Asia/Jakarta', '2026-02');
    expect([new Date(from).toISOString(), new Date(until).toISOString()]).toEqual([
      '2026-01-31T17:00:00.000Z',
      '2026-02-28T17:00:00.000Z',
    ]);
    expect(new Date(siteMonth('Asia/Makassar', '2026-12').until).toISOString()).toBe(
      '2026-12-31T16:00:00.000Z',
    );
  });

  it('SH78: times of reports carry the offset of the site', () => {
    const at = asEpochMs(Date.parse('2026-03-12T07:05:00.000Z'));
    expect(createSiteTime('Asia/Jakarta')(at)).toBe('2026-03-12T14:05:00+07:00');
    expect(createSiteTime('UTC')(at)).toBe('2026-03-12T07:05:00+00:00');
  });
});

describe('passwords', () => {
  const check = (password: string) =>
    checkPassword(password, {
      isCommon: (word) => ['rahasia', 'bukapintu', 'password'].includes(word),
      names: ['sari.teknisi', 'Sari Contohwati'],
    });
  it.each([
    ['pendek', 'short'],
    ['x'.repeat(257), 'long'],
    ['rahasia12345', 'common'],
    ['R4h4s14!!!!', 'common'],
    ['  bukapintu  ', 'common'],
    ['P@ssw0rd2026', 'common'],
    ['aaaaaaaaaaaa', 'repeated'],
    ['abcdefghijkl', 'repeated'],
    ['1234567890', 'repeated'],
    ['sari-contohwati', 'name'],
    ['teknisi-2026', 'name'],
  ])('SD76: %s is refused as %s', (password, fault) => {
    expect(check(password)).toEqual({ ok: false, error: fault });
  });
  it.each(['kuda baterai pena biru', 'Tujuh-Payung-Hujan', 'xq7!mRw2pLz'])(
    'SD76: %s is taken',
    (password) => {
      expect(check(password).ok).toBe(true);
    },
  );
});

describe('life of a procedure', () => {
  it('SD80: exactly these steps are possible, and what was in force is never edited', () => {
    const moves = SOP_STATES.flatMap((state) =>
      SOP_ACTIONS.flatMap((action) => {
        const to = stepSop(state, action);
        return to === 'refused' ? [] : [`${state} ${action} ${to}`];
      }),
    );
    expect(moves).toEqual([
      'draft edit draft',
      'draft submit review',
      'draft withdraw withdrawn',
      'review return draft',
      'review put-in-force in-force',
      'review withdraw withdrawn',
      'in-force withdraw withdrawn',
      'in-force supersede withdrawn',
    ]);
  });
  it('SD82: a review is due twelve months later', () => {
    expect(new Date(reviewDueAt(Date.parse('2026-03-12T07:00:00Z'))).toISOString()).toBe(
      '2027-03-12T07:00:00.000Z',
    );
  });
});

describe('people out of a table', () => {
  const endOfDay = (day: string): string => `${day}T17:00:00.000Z`;
  const heading = ['NIP', 'Nama Lengkap', 'Instansi', 'Jenis', 'Dasar', 'Nomor SPK', 'Berlaku sampai'];

  it('SD77: Indonesian and English headings, words and days are read', () => {
    const { entries, faults } = readPeople(
      [
        heading,
        ['P-1', 'Budi Contoh', 'PT Contoh', 'penyedia', 'SPK', '12/SPK/2026', '31/12/2026'],
        ['P-2', 'Ayu Contoh', 'Dinas Contoh', 'ASN', '', '', ''],
        ['', '', '', '', '', '', ''],
      ],
      endOfDay,
    );
    expect(faults).toEqual([]);
    expect(entries).toMatchObject([
      {
        row: 2,
        name: 'Budi Contoh',
        profile: {
          kind: 'vendor',
          basis: { kind: 'contract', number: '12/SPK/2026' },
          rightsEndAt: '2026-12-31T17:00:00.000Z',
        },
      },
      { row: 3, profile: { kind: 'staff', basis: null, rightsEndAt: null } },
    ]);
  });

  it('SD77: every fault says row and column, and reading goes on', () => {
    const { entries, faults } = readPeople(
      [
        [...heading, 'Surel', 'Jenis identitas', 'Nomor identitas'],
        ['P-1', '', 'PT', 'bos', '', '', '', 'x', '', ''],
        ['P-1', 'Budi', 'PT', 'penyedia', '', '', '31-31-2026', '', 'ktp', '12'],
        ['P-3', 'Ayu', 'Dinas', 'staff', '', '', '', '', '', ''],
      ],
      endOfDay,
    );
    expect(entries.map(({ row }) => row)).toEqual([4]);
    expect(faults).toEqual([
      { row: 2, column: 'Jenis', code: 'not-a-choice' },
      { row: 2, column: 'Nama Lengkap', code: 'missing' },
      { row: 2, column: 'Surel', code: 'malformed' },
      { row: 3, column: 'NIP', code: 'repeated' },
      { row: 3, column: 'Berlaku sampai', code: 'not-a-date' },
      { row: 3, column: 'Nomor SPK', code: 'needed-for-kind' },
      { row: 3, column: 'Nomor identitas', code: 'malformed' },
    ]);
  });

  it.each([
    [[], [{ row: 1, column: null, code: 'empty' }]],
    [[['NIP', 'Nama', 'Instansi']], [{ row: 1, column: 'kind', code: 'missing' }]],
    [
      [['NIP', 'Nama', 'Instansi', 'Jenis', 'Gaji', 'name']],
      [
        { row: 1, column: 'Gaji', code: 'unknown-column' },
        { row: 1, column: 'name', code: 'repeated-column' },
      ],
    ],
  ])('SD77: a heading that cannot be used is told (%#)', (table, expected) => {
    expect(readPeople(table, endOfDay).faults).toEqual(expected);
  });
});
