import { z } from 'zod';
import { BASIS_KINDS, IDENTITY_KINDS, PERSON_KINDS, type ProfileInput } from '#contract/api-people';

/** A cell of a table as it came: text, or a date where the spreadsheet says so. */
export type ImportCell = string | number | boolean | Date | null;

/** One person as a row of a table tells. */
export interface ImportEntry {
  /** As spreadsheets count: the heading is row 1. */
  readonly row: number;
  readonly name: string;
  readonly organisation: string;
  readonly username: string | null;
  readonly profile: ProfileInput & { readonly employeeNumber: string };
}

/** What is wrong, where, and how; the cell itself is not repeated. */
export interface ImportFault {
  readonly row: number;
  readonly column: string | null;
  readonly code:
    | 'missing'
    | 'not-a-choice'
    | 'not-a-date'
    | 'malformed'
    | 'repeated'
    | 'unknown-column'
    | 'repeated-column'
    | 'needed-for-kind'
    | 'too-many-rows'
    | 'empty'
    | 'taken';
}

export const MOST_IMPORT_ROWS = 5000;

// Headings as they are usual in Indonesian and English lists, in small letters without signs.
const HEADINGS = {
  employeeNumber: ['employee number', 'employee no', 'nip', 'nomor pegawai', 'no pegawai', 'nomor induk'],
  name: ['name', 'full name', 'nama', 'nama lengkap'],
  organisation: ['organisation', 'organization', 'company', 'instansi', 'perusahaan', 'instansi perusahaan'],
  kind: ['kind', 'type', 'jenis'],
  unit: ['unit', 'unit kerja', 'department', 'bidang'],
  position: ['position', 'jabatan'],
  email: ['email', 'e mail', 'surel'],
  username: ['username', 'nama pengguna'],
  basisKind: ['basis', 'basis kind', 'dasar', 'jenis dasar'],
  basisNumber: [
    'basis number',
    'contract number',
    'nomor dasar',
    'nomor surat',
    'nomor kontrak',
    'nomor spk',
  ],
  rightsEnd: ['valid until', 'rights end', 'contract end', 'berlaku sampai', 'akhir kontrak', 'berlaku sd'],
  identityKind: ['identity kind', 'identity type', 'jenis identitas'],
  identityNumber: ['identity number', 'nomor identitas', 'nik', 'no identitas'],
} as const;

type Column = keyof typeof HEADINGS;

const CHOICES: Readonly<Record<string, string>> = {
  pegawai: 'staff',
  asn: 'staff',
  staf: 'staff',
  penyedia: 'vendor',
  'pihak ketiga': 'vendor',
  teknisi: 'vendor',
  tamu: 'guest',
  pengunjung: 'guest',
  sk: 'decree',
  keputusan: 'decree',
  kontrak: 'contract',
  spk: 'contract',
  'surat tugas': 'assignment-letter',
  paspor: 'passport',
  'kartu pegawai': 'employee-card',
};

const plain = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, ' ')
    .trim();

const textOf = (cell: ImportCell | undefined): string =>
  cell === null || cell === undefined
    ? ''
    : cell instanceof Date
      ? cell.toISOString().slice(0, 10)
      : String(cell).trim();

/** Which column of the table is which, with what is wrong in the heading. */
function readHeading(heading: readonly ImportCell[]): {
  readonly columns: ReadonlyMap<Column, number>;
  readonly faults: readonly ImportFault[];
} {
  const columns = new Map<Column, number>();
  const faults: ImportFault[] = [];
  for (const [at, cell] of heading.entries()) {
    const text = textOf(cell);
    const column = (Object.keys(HEADINGS) as Column[]).find((key) =>
      (HEADINGS[key] as readonly string[]).includes(plain(text)),
    );
    if (text === '') continue;
    if (column === undefined) faults.push({ row: 1, column: text.slice(0, 40), code: 'unknown-column' });
    else if (columns.has(column)) faults.push({ row: 1, column: text.slice(0, 40), code: 'repeated-column' });
    else columns.set(column, at);
  }
  for (const needed of ['employeeNumber', 'name', 'organisation', 'kind'] as const) {
    if (!columns.has(needed)) faults.push({ row: 1, column: needed, code: 'missing' });
  }
  return { columns, faults };
}

/** `YYYY-MM-DD` or `DD/MM/YYYY`, as the end of that day at the site; null where it is no date. */
function readDay(text: string, endOfDay: (day: string) => string): string | null {
  const [, day, month, year] = /^([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})$/.exec(text) ?? [];
  const iso =
    year === undefined || month === undefined || day === undefined
      ? text
      : `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  return z.iso.date().safeParse(iso).success ? endOfDay(iso) : null;
}

const emailSchema = z.email().max(200);
const usernameSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{1,62}$/);
const identitySchema = z.string().regex(/^[A-Z0-9]{6,20}$/);

/**
 * Reads people out of a table. Each fault says row and column; rows are read on after one, so that all are told
 * at once.
 * @param endOfDay makes of a day at the site the first instant after it, RFC 3339
 * @see rule SD77
 */
export function readPeople(
  table: readonly (readonly ImportCell[])[],
  endOfDay: (day: string) => string,
): { readonly entries: readonly ImportEntry[]; readonly faults: readonly ImportFault[] } {
  const [heading, ...rows] = table;
  if (heading === undefined) return { entries: [], faults: [{ row: 1, column: null, code: 'empty' }] };
  const { columns, faults: headingFaults } = readHeading(heading);
  if (headingFaults.length > 0) return { entries: [], faults: headingFaults };
  if (rows.length > MOST_IMPORT_ROWS) {
    return { entries: [], faults: [{ row: MOST_IMPORT_ROWS + 2, column: null, code: 'too-many-rows' }] };
  }
  const entries: ImportEntry[] = [];
  const faults: ImportFault[] = [];
  const [numbers, usernames] = [new Set<string>(), new Set<string>()];
  for (const [at, cells] of rows.entries()) {
    if (cells.every((cell) => textOf(cell) === '')) continue;
    const row = at + 2;
    const before = faults.length;
    const fault = (column: Column, code: ImportFault['code']): void => {
      faults.push({ row, column: textOf(heading[columns.get(column) ?? -1]) || column, code });
    };
    const read = (column: Column): string => textOf(cells[columns.get(column) ?? -1]);
    const text = (column: Column, most: number): string | null => {
      const value = read(column);
      if (value.length > most) fault(column, 'malformed');
      return value === '' ? null : value.normalize('NFC');
    };
    const needed = (column: Column, most: number): string => {
      const value = text(column, most);
      if (value === null) fault(column, 'missing');
      return value ?? '';
    };
    const choice = <T extends string>(column: Column, choices: readonly T[]): T | null => {
      const value = read(column).toLowerCase();
      if (value === '') return null;
      const found = choices.find((each) => each === (CHOICES[value] ?? value));
      if (found === undefined) fault(column, 'not-a-choice');
      return found ?? null;
    };
    const matching = (column: Column, schema: z.ZodType<string>): string | null => {
      const value = read(column);
      if (value === '') return null;
      if (!schema.safeParse(value).success) fault(column, 'malformed');
      return value;
    };
    const once = (column: Column, seen: Set<string>, value: string | null): void => {
      if (value === null || value === '') return;
      if (seen.has(value)) fault(column, 'repeated');
      seen.add(value);
    };

    const employeeNumber = needed('employeeNumber', 40);
    once('employeeNumber', numbers, employeeNumber);
    const username = matching('username', usernameSchema);
    once('username', usernames, username);
    const kind = choice('kind', PERSON_KINDS);
    if (read('kind') === '') fault('kind', 'missing');
    const basisKind = choice('basisKind', BASIS_KINDS);
    const basisNumber = text('basisNumber', 80);
    if (basisKind !== null && basisNumber === null) fault('basisNumber', 'missing');
    if (basisNumber !== null && read('basisKind') === '') fault('basisKind', 'missing');
    const endText = read('rightsEnd');
    const rightsEndAt = endText === '' ? null : readDay(endText, endOfDay);
    if (endText !== '' && rightsEndAt === null) fault('rightsEnd', 'not-a-date');
    if (kind !== null && kind !== 'staff') {
      if (endText === '') fault('rightsEnd', 'needed-for-kind');
      if (basisNumber === null) fault('basisNumber', 'needed-for-kind');
    }
    const identityKind = choice('identityKind', IDENTITY_KINDS);
    const identityNumber = matching('identityNumber', identitySchema);
    if (identityKind !== null && identityNumber === null) fault('identityNumber', 'missing');
    if (identityNumber !== null && read('identityKind') === '') fault('identityKind', 'missing');
    const entry: ImportEntry = {
      row,
      name: needed('name', 120),
      organisation: needed('organisation', 120),
      username,
      profile: {
        kind: kind ?? 'staff',
        unit: text('unit', 120),
        position: text('position', 120),
        employeeNumber,
        email: matching('email', emailSchema),
        basis: basisKind === null || basisNumber === null ? null : { kind: basisKind, number: basisNumber },
        rightsEndAt,
        ...(identityKind === null || identityNumber === null
          ? {}
          : { identity: { kind: identityKind, number: identityNumber } }),
      },
    };
    if (faults.length === before) entries.push(entry);
  }
  return { entries, faults };
}
