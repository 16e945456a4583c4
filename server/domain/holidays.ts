import type { Holiday } from '#contract/api-door';

const SKB_2026 =
  'SKB 3 Menteri No. 1497/2025, 2/2025 dan 5/2025 tentang hari libur nasional dan cuti bersama 2026';

// The decree of a year is given in the year before; until the site has it, these are what calendars expect, and
// days that hang on the sighting of the moon may be off by one.
const FORECAST_2027 = 'Perkiraan kalender; SKB 3 Menteri untuk 2027 belum dibandingkan';

const rows =
  (source: string, isCollectiveLeave: boolean) =>
  ([day, nameId, nameEn]: readonly [string, string, string]): Holiday => ({
    day,
    nameId,
    nameEn,
    isCollectiveLeave,
    source,
    isChecked: false,
  });

const NATIONAL_2026: readonly (readonly [string, string, string])[] = [
  ['2026-01-01', 'Tahun Baru 2026 Masehi', 'New Year'],
  ['2026-01-16', 'Isra Mikraj Nabi Muhammad saw.', 'Isra and Mi‘raj'],
  ['2026-02-17', 'Tahun Baru Imlek 2577 Kongzili', 'Lunar New Year'],
  ['2026-03-19', 'Hari Suci Nyepi (Tahun Baru Saka 1948)', 'Nyepi, Day of Silence'],
  ['2026-03-21', 'Idulfitri 1447 Hijriah', 'Eid al-Fitr'],
  ['2026-03-22', 'Idulfitri 1447 Hijriah (hari kedua)', 'Eid al-Fitr, second day'],
  ['2026-04-03', 'Wafat Yesus Kristus', 'Good Friday'],
  ['2026-04-05', 'Kebangkitan Yesus Kristus (Paskah)', 'Easter Sunday'],
  ['2026-05-01', 'Hari Buruh Internasional', 'Labour Day'],
  ['2026-05-14', 'Kenaikan Yesus Kristus', 'Ascension Day'],
  ['2026-05-27', 'Iduladha 1447 Hijriah', 'Eid al-Adha'],
  ['2026-05-31', 'Hari Raya Waisak 2570 BE', 'Vesak'],
  ['2026-06-01', 'Hari Lahir Pancasila', 'Pancasila Day'],
  ['2026-06-16', 'Tahun Baru Islam 1448 Hijriah', 'Islamic New Year'],
  ['2026-08-17', 'Proklamasi Kemerdekaan', 'Independence Day'],
  ['2026-08-25', 'Maulid Nabi Muhammad saw.', 'Birthday of the Prophet'],
  ['2026-12-25', 'Kelahiran Yesus Kristus (Natal)', 'Christmas Day'],
];

const COLLECTIVE_2026: readonly (readonly [string, string, string])[] = [
  ['2026-02-16', 'Cuti bersama Tahun Baru Imlek', 'Collective leave, Lunar New Year'],
  ['2026-03-18', 'Cuti bersama Nyepi', 'Collective leave, Nyepi'],
  ['2026-03-20', 'Cuti bersama Idulfitri', 'Collective leave, Eid al-Fitr'],
  ['2026-03-23', 'Cuti bersama Idulfitri', 'Collective leave, Eid al-Fitr'],
  ['2026-03-24', 'Cuti bersama Idulfitri', 'Collective leave, Eid al-Fitr'],
  ['2026-05-15', 'Cuti bersama Kenaikan Yesus Kristus', 'Collective leave, Ascension Day'],
  ['2026-05-28', 'Cuti bersama Iduladha', 'Collective leave, Eid al-Adha'],
  ['2026-12-24', 'Cuti bersama Natal', 'Collective leave, Christmas'],
];

const EXPECTED_2027: readonly (readonly [string, string, string])[] = [
  ['2027-01-01', 'Tahun Baru 2027 Masehi', 'New Year'],
  ['2027-01-05', 'Isra Mikraj Nabi Muhammad saw.', 'Isra and Mi‘raj'],
  ['2027-02-06', 'Tahun Baru Imlek 2578 Kongzili', 'Lunar New Year'],
  ['2027-03-08', 'Hari Suci Nyepi (Tahun Baru Saka 1949)', 'Nyepi, Day of Silence'],
  ['2027-03-10', 'Idulfitri 1448 Hijriah', 'Eid al-Fitr'],
  ['2027-03-11', 'Idulfitri 1448 Hijriah (hari kedua)', 'Eid al-Fitr, second day'],
  ['2027-03-26', 'Wafat Yesus Kristus', 'Good Friday'],
  ['2027-03-28', 'Kebangkitan Yesus Kristus (Paskah)', 'Easter Sunday'],
  ['2027-05-01', 'Hari Buruh Internasional', 'Labour Day'],
  ['2027-05-06', 'Kenaikan Yesus Kristus', 'Ascension Day'],
  ['2027-05-16', 'Iduladha 1448 Hijriah', 'Eid al-Adha'],
  ['2027-05-20', 'Hari Raya Waisak 2571 BE', 'Vesak'],
  ['2027-06-01', 'Hari Lahir Pancasila', 'Pancasila Day'],
  ['2027-06-06', 'Tahun Baru Islam 1449 Hijriah', 'Islamic New Year'],
  ['2027-08-15', 'Maulid Nabi Muhammad saw.', 'Birthday of the Prophet'],
  ['2027-08-17', 'Proklamasi Kemerdekaan', 'Independence Day'],
  ['2027-12-25', 'Kelahiran Yesus Kristus (Natal)', 'Christmas Day'],
];

/**
 * The holidays that a new site starts with, by day. Each waits for somebody to compare it with the decree of its
 * year (to be checked against the year's SKB).
 * @see rule SD18
 */
export const SEED_HOLIDAYS: readonly Holiday[] = [
  ...NATIONAL_2026.map(rows(SKB_2026, false)),
  ...COLLECTIVE_2026.map(rows(SKB_2026, true)),
  ...EXPECTED_2027.map(rows(FORECAST_2027, false)),
].sort((a, b) => (a.day < b.day ? -1 : 1));
