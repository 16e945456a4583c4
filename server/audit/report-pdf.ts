import PDFDocument from 'pdfkit';
import encodeQR from 'qr';
import type { Report, ReportSection } from '#contract/api-review';
import { frameOf } from './report-files.ts';

const MARGIN = 36;
const FOOT = 28;
const SMALL = 6.5;
const NORMAL = 8;
const QR_SIZE = 62;

/** The built-in faces know Windows-1252; what else there is in a name is shown as a question mark, never left out. */
const printable = (text: string): string =>
  text.replaceAll(/[^\u0020-\u007e\u00a0-\u00ff\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026]/g, '?');

const textOf = (value: string | number | null): string => printable(value === null ? '' : String(value));

/** Shares the width among columns by the longest text in each, within limits; the number column is narrow. */
function widthsOf({ columns, rows }: ReportSection, width: number): readonly number[] {
  const weights = columns.map((column, at) => {
    const longest = Math.max(
      column.length,
      ...rows.slice(0, 400).map((row) => textOf(row[at] ?? null).length),
    );
    return at === 0 ? 3 : Math.min(26, Math.max(5, longest));
  });
  const sum = weights.reduce((total, each) => total + each, 0);
  return weights.map((weight) => (weight / sum) * width);
}

type Doc = PDFKit.PDFDocument;

interface Page {
  readonly doc: Doc;
  readonly left: number;
  readonly width: number;
  /** Below it nothing may stand but the foot of the page. */
  readonly bottom: number;
}

/** Lines that a word in a narrow column may break into are measured before they are drawn. */
function rowHeight({ doc }: Page, cells: readonly string[], widths: readonly number[]): number {
  return (
    4 +
    Math.max(
      ...cells.map((cell, at) =>
        doc.heightOfString(cell === '' ? ' ' : cell, { width: (widths[at] ?? 20) - 4 }),
      ),
    )
  );
}

function drawRow(
  page: Page,
  top: number,
  cells: readonly string[],
  widths: readonly number[],
  isHeading: boolean,
): number {
  const { doc, left, width } = page;
  doc.font(isHeading ? 'Helvetica-Bold' : 'Helvetica').fontSize(SMALL);
  const height = rowHeight(page, cells, widths);
  if (isHeading) doc.rect(left, top, width, height).fill('#e6e6e6').fillColor('black');
  let x = left;
  for (const [at, cell] of cells.entries()) {
    const own = widths[at] ?? 20;
    doc.rect(x, top, own, height).lineWidth(0.4).stroke();
    doc.text(cell, x + 2, top + 2, { width: own - 4, height });
    x += own;
  }
  return top + height;
}

function drawSection(page: Page, section: ReportSection): void {
  const { doc, left, bottom } = page;
  const widths = widthsOf(section, page.width);
  const columns = section.columns.map(printable);
  if (doc.y + 60 > bottom) doc.addPage();
  doc
    .font('Helvetica-Bold')
    .fontSize(NORMAL)
    .text(printable(section.title), left, doc.y + 8);
  let top = drawRow(page, doc.y + 3, columns, widths, true);
  // Nothing to report is said, not left out.
  const rows = section.rows.length === 0 ? [['', 'Nihil']] : section.rows;
  for (const row of rows) {
    const cells = columns.map((_column, at) => textOf(row[at] ?? null));
    doc.font('Helvetica').fontSize(SMALL);
    if (top + rowHeight(page, cells, widths) > bottom) {
      doc.addPage();
      top = drawRow(page, MARGIN, columns, widths, true);
    }
    top = drawRow(page, top, cells, widths, false);
  }
  doc.x = left;
  doc.y = top + 4;
}

/** The letterhead with the box that says who may read it. */
function drawHead(page: Page, report: Report, agency: Agency): void {
  const { doc, left, width } = page;
  const box = 96;
  doc
    .rect(left + width - box, MARGIN, box, 18)
    .lineWidth(1)
    .stroke();
  doc
    .font('Helvetica-Bold')
    .fontSize(NORMAL + 1)
    .text(printable(report.classification), left + width - box, MARGIN + 5, { width: box, align: 'center' });
  doc.fontSize(12).text(printable(agency.government.toUpperCase()), left, MARGIN, { width, align: 'center' });
  doc.fontSize(11).text(printable(agency.office.toUpperCase()), { width, align: 'center' });
  doc.font('Helvetica').fontSize(NORMAL).text(printable(agency.address), { width, align: 'center' });
  const line = doc.y + 3;
  doc
    .moveTo(left, line)
    .lineTo(left + width, line)
    .lineWidth(1.5)
    .stroke();
  doc
    .font('Helvetica-Bold')
    .fontSize(11)
    .text(printable(report.title.toUpperCase()), left, line + 8, { width, align: 'center' });
  doc.font('Helvetica').fontSize(NORMAL);
  const { head } = frameOf(report);
  for (const [label, value] of head.filter(([, each]) => each !== null).slice(1)) {
    doc.text(`${label}: ${textOf(value)}`, left, doc.y + 1);
  }
  doc.moveDown(0.5);
  for (const { label, value } of report.summary) doc.text(`${printable(label)}: ${textOf(value)}`, left);
}

function drawSignatures(page: Page, language: 'id' | 'en'): void {
  const { doc, left, width, bottom } = page;
  const blocks =
    language === 'id'
      ? ['Disusun oleh,', 'Diperiksa oleh,', 'Disahkan oleh,']
      : ['Prepared by,', 'Checked by,', 'Approved by,'];
  const lines =
    language === 'id'
      ? ['Jabatan:', '', '', '', 'Nama:', 'Pangkat/Gol.:', 'NIP:']
      : ['Position:', '', '', '', 'Name:', 'Rank:', 'Staff no.:'];
  if (doc.y + 110 > bottom) doc.addPage();
  const top = doc.y + 12;
  for (const [at, title] of blocks.entries()) {
    const x = left + (at * width) / 3;
    doc.font('Helvetica-Bold').fontSize(NORMAL).text(title, x, top);
    doc.font('Helvetica');
    for (const [row, line] of lines.entries()) doc.text(line, x, top + 14 + 11 * row);
  }
  doc.y = top + 100;
}

function drawCode(page: Page, report: Report): void {
  const { doc, left, bottom } = page;
  if (doc.y + QR_SIZE + 10 > bottom) doc.addPage();
  const rows = encodeQR(`palang-report/1 ${report.number} sha256=${report.hash}`, 'raw', { border: 2 });
  const top = doc.y + 6;
  const cell = QR_SIZE / rows.length;
  for (const [y, row] of rows.entries()) {
    for (const [x, isDark] of row.entries()) {
      if (isDark) doc.rect(left + x * cell, top + y * cell, cell, cell).fill('black');
    }
  }
  doc.fillColor('black').font('Helvetica').fontSize(SMALL);
  let line = top;
  for (const [label, value] of frameOf(report).foot) {
    doc.text(`${label}: ${textOf(value)}`, left + QR_SIZE + 8, line);
    line += 9;
  }
  doc.y = top + QR_SIZE + 4;
}

/** Whose letterhead it is. */
export interface Agency {
  readonly government: string;
  readonly office: string;
  readonly address: string;
}

/**
 * Writes a report as a PDF in official style: letterhead, classification, number and period, tables with their
 * headings on every page, signature blocks, page x of y, and a QR code with the hash of what it says.
 * @see rule SH77
 */
export async function encodeReportPdf(
  report: Report,
  agency: Agency,
  language: 'id' | 'en',
): Promise<Uint8Array> {
  const doc = new PDFDocument({
    size: 'A4',
    layout: 'landscape',
    margins: { top: MARGIN, left: MARGIN, right: MARGIN, bottom: MARGIN },
    bufferPages: true,
    lang: language,
    displayTitle: true,
    info: {
      Title: report.title,
      Subject: report.number,
      Keywords: report.hash,
      CreationDate: new Date(report.madeAt),
    },
  });
  const chunks: Uint8Array[] = [];
  const done = new Promise<Uint8Array>((resolve, reject) => {
    doc.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    doc.on('end', () => resolve(Uint8Array.from(Buffer.concat(chunks))));
    doc.on('error', reject);
  });
  const page: Page = {
    doc,
    left: MARGIN,
    width: doc.page.width - 2 * MARGIN,
    bottom: doc.page.height - MARGIN - FOOT,
  };
  drawHead(page, report, agency);
  for (const section of report.sections) drawSection(page, section);
  doc.font('Helvetica').fontSize(NORMAL);
  for (const note of report.notes) {
    if (doc.y + 20 > page.bottom) doc.addPage();
    doc.text(printable(note), page.left, doc.y + 2, { width: page.width });
  }
  drawSignatures(page, language);
  drawCode(page, report);
  const { count } = doc.bufferedPageRange();
  for (let at = 0; at < count; at += 1) {
    doc.switchToPage(at);
    // The foot lies in the margin, where text would otherwise begin a new page.
    doc.page.margins.bottom = 0;
    const words = language === 'id' ? `Halaman ${at + 1} dari ${count}` : `Page ${at + 1} of ${count}`;
    doc
      .font('Helvetica')
      .fontSize(SMALL)
      .text(`${report.number}   SHA-256 ${report.hash}   ${words}`, MARGIN, doc.page.height - MARGIN + 6, {
        width: page.width,
        align: 'center',
        lineBreak: false,
      });
  }
  doc.end();
  return done;
}
