import { stringify } from 'csv-stringify/sync';
import writeXlsx from 'write-excel-file/node';
import type { Report } from '#contract/api-review';
import { asEpochMs } from '#contract/clock';
import { createSiteTime } from '../domain/site-day.ts';

type Cell = string | number | null;

/** What stands above and below the rows, whatever the form: period, zone, number of rows, and their hash. */
export function frameOf(report: Report): {
  readonly head: readonly (readonly [string, Cell])[];
  readonly foot: readonly (readonly [string, Cell])[];
} {
  const time = createSiteTime(report.timeZone);
  const at = (instant: string): string => time(asEpochMs(Date.parse(instant)));
  return {
    head: [
      [report.title, null],
      ['Klasifikasi', report.classification],
      ['Instansi', report.siteName],
      ['Nomor', report.number],
      ['Periode', `${at(report.from)} – ${at(report.until)}`],
      ['Zona waktu', report.timeZone],
    ],
    foot: [
      ['Jumlah baris', report.rowCount],
      ['SHA-256', report.hash],
      ['Dicetak', at(report.madeAt)],
      ['Pencetak', report.madeBy],
      ['Zona waktu', report.timeZone],
    ],
  };
}

const CSV_OPTIONS = {
  // For spreadsheet programs: what begins as a formula is text, and the encoding is told.
  escape_formulas: true,
  record_delimiter: 'windows',
} as const;

/** Writes a report as CSV: its frame, its sections one after another, and at the end rows, hash and time zone. */
export function encodeReportCsv(report: Report): string {
  const { head, foot } = frameOf(report);
  const rows: (readonly Cell[])[] = [...head, []];
  rows.push(...report.summary.map(({ label, value }) => [label, value]), []);
  for (const { title, columns, rows: body } of report.sections) {
    rows.push([title], columns, ...(body.length === 0 ? [['Nihil']] : body), []);
  }
  rows.push(...report.notes.map((note) => [note]), ...foot);
  return stringify(
    rows.map((row) => [...row]),
    { ...CSV_OPTIONS, bom: true },
  );
}

/** Longest name of a sheet, and what may not stand in one. */
const sheetName = (title: string, at: number): string =>
  `${at} ${title.replaceAll(/[\\/?*[\]:']/g, ' ')}`.slice(0, 31).trim();

const cellOf = (value: Cell) =>
  value === null
    ? null
    : typeof value === 'number'
      ? { value, type: Number }
      : // As text, whatever it begins with: no cell of ours is a formula.
        { value, type: String };

const headingOf = (text: string) => ({ value: text, type: String, fontWeight: 'bold' as const });

/** Writes a report as a workbook: a sheet with frame and summary, and one for each section. */
export async function encodeReportXlsx(report: Report): Promise<Uint8Array> {
  const { head, foot } = frameOf(report);
  const pair = ([label, value]: readonly [string, Cell]) => [headingOf(label), cellOf(value)];
  const summary = report.summary.map(({ label, value }) => pair([label, value]));
  const first = {
    data: [
      ...head.map(pair),
      [null],
      ...summary,
      [null],
      ...report.notes.map((note) => [cellOf(note)]),
      ...foot.map(pair),
    ],
    sheet: 'Ringkasan',
    columns: [{ width: 34 }, { width: 60 }],
  };
  const sections = report.sections.map((section, at) => ({
    data: [
      section.columns.map(headingOf),
      ...(section.rows.length === 0 ? [[cellOf('Nihil')]] : section.rows.map((row) => row.map(cellOf))),
    ],
    sheet: sheetName(section.title, at + 1),
    stickyRowsCount: 1,
    columns: section.columns.map((_column, index) => ({ width: index === 0 ? 6 : 22 })),
  }));
  return Uint8Array.from(await writeXlsx([first, ...sections]).toBuffer());
}
