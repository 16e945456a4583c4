import { describe, expect, it } from 'vitest';
import { rulesChangeSchema } from '#contract/api-door';
import { isDay, readHolidayLines, withHolidays } from './holiday-lines.ts';

const SOURCE = 'SKB contoh';

describe('lines of holidays', () => {
  it('W37: lines become days that the contract takes, none of them checked yet', () => {
    const { days, faults } = readHolidayLines(
      '2026-08-17; Proklamasi Kemerdekaan; Independence Day\r\n\n2026-12-24\tCuti bersama Natal\t\tcuti bersama\n',
      SOURCE,
    );
    expect(faults).toEqual([]);
    expect(days).toEqual([
      {
        day: '2026-08-17',
        nameId: 'Proklamasi Kemerdekaan',
        nameEn: 'Independence Day',
        isCollectiveLeave: false,
        source: SOURCE,
        isChecked: false,
      },
      {
        day: '2026-12-24',
        nameId: 'Cuti bersama Natal',
        nameEn: 'Cuti bersama Natal',
        isCollectiveLeave: true,
        source: SOURCE,
        isChecked: false,
      },
    ]);
    expect(rulesChangeSchema.safeParse({ holidays: days }).success).toBe(true);
  });

  it('W37: a line that cannot be read is named by its number, and the others count', () => {
    const { days, faults } = readHolidayLines(
      `2026-02-30; Hari\nbukan tanggal; Hari\n2026-01-01;\n2026-01-01; ${'x'.repeat(121)}\n2026-05-01; Buruh`,
      SOURCE,
    );
    expect([faults, days.map(({ day }) => day)]).toEqual([[1, 2, 3, 4], ['2026-05-01']]);
  });

  it('W37: a day that is there already is replaced, and the list keeps the order of the calendar', () => {
    const [may, august] = readHolidayLines('2026-05-01; Buruh\n2026-08-17; Lama', SOURCE).days;
    const [later] = readHolidayLines('2026-08-17; Baru\n2026-08-17; Terbaru', SOURCE).days;
    if (may === undefined || august === undefined || later === undefined) throw new Error('unread');
    expect(withHolidays([august, may], [later]).map(({ nameId }) => nameId)).toEqual(['Buruh', 'Terbaru']);
  });

  it('W37: a day of the calendar is one that exists', () => {
    expect(['2028-02-29', '2026-02-29', '2026-2-9', '2026-13-01', ''].map(isDay)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
