import { describe, expect, it } from 'vitest';
import { createTimeFormat } from './time-format.ts';
import { english } from './words/en.ts';
import { indonesian } from './words/id.ts';

const NOW = Date.UTC(2026, 2, 12, 7, 5);
const HOUR = 3_600_000;
const MINUTE = 60_000;
const id = createTimeFormat(indonesian, 'Asia/Jakarta');
const en = createTimeFormat(english, 'Asia/Jakarta');

describe('time in words', () => {
  it('W12: an instant is a date, a time and the zone', () => {
    expect(id.full(NOW)).toBe('12 Maret 2026 pukul 14.05 WIB');
    expect(en.full(NOW)).toBe('12 March 2026 at 14:05 WIB');
  });

  it('W12: the zones of Indonesia have their official names, others their offset', () => {
    expect(createTimeFormat(indonesian, 'Asia/Makassar').clockInZone(NOW)).toBe('15.05 WITA');
    expect(createTimeFormat(indonesian, 'Asia/Jayapura').clockInZone(NOW)).toBe('16.05 WIT');
    expect(createTimeFormat(english, 'Asia/Singapore').clockInZone(NOW)).toBe('15:05 GMT+8');
  });

  it('W12: the days around now are called by their names, in the zone of the site', () => {
    expect(id.day(NOW, NOW)).toBe('Hari ini');
    expect(id.day(Date.UTC(2026, 2, 12, 17, 0), NOW)).toBe('Besok');
    expect(id.day(Date.UTC(2026, 2, 11, 16, 59), NOW)).toBe('Kemarin');
    expect(id.day(NOW + 72 * HOUR, NOW)).toBe('15 Maret 2026');
  });

  it('W12: a window names its day once where one day holds it', () => {
    expect(id.window(NOW, NOW + 2 * HOUR, NOW)).toBe('Hari ini pukul 14.05 s.d. 16.05 WIB');
    expect(en.window(NOW, NOW + 12 * HOUR, NOW)).toBe('Today at 14:05 to Tomorrow at 02:05 WIB');
    expect(id.inSentence(id.window(NOW, NOW + HOUR, NOW))).toBe('hari ini pukul 14.05 s.d. 15.05 WIB');
  });

  it('W12: a duration says what matters of it', () => {
    expect(id.duration(30_000)).toBe('kurang dari satu menit');
    expect(id.duration(80 * MINUTE)).toBe('1 jam 20 menit');
    expect(en.duration(61 * MINUTE)).toBe('1 hour 1 minute');
    expect(id.duration(49 * HOUR)).toBe('2 hari 1 jam');
    expect(id.duration(100 * HOUR)).toBe('4 hari');
    expect(id.duration(-5)).toBe('kurang dari satu menit');
  });

  it('W12: how far a window is from now', () => {
    expect(id.windowFromNow(NOW + HOUR, NOW + 2 * HOUR, NOW)).toBe('mulai dalam 1 jam');
    expect(id.windowFromNow(NOW - HOUR, NOW + 80 * MINUTE, NOW)).toBe('berakhir dalam 1 jam 20 menit');
    expect(id.windowFromNow(NOW - HOUR, NOW, NOW)).toBe('berakhir kurang dari satu menit lalu');
    expect(id.ago(NOW - 5 * MINUTE, NOW)).toBe('5 menit lalu');
    expect(id.ago(NOW, NOW)).toBe('baru saja');
  });

  it('W12: dense times keep seconds', () => {
    expect(id.dense(NOW + 9_000)).toBe('12/03/2026 14.05.09');
  });
});
