import { once } from 'node:events';
import type PDFDocument from 'pdfkit';
import { encodeQR } from 'qr';
import { encodeDigest, weekOf, type Digest } from '#contract/digest';

// A4 in points of 1/72 inch; the margin on the left leaves room for the holes of a folder.
const PAGE = { left: 64, right: 547, width: 483, bottom: 842 } as const;

const INK = { text: '#111111', faint: '#555555', line: '#999999' } as const;

const MONTHS = [
  'Januari',
  'Februari',
  'Maret',
  'April',
  'Mei',
  'Juni',
  'Juli',
  'Agustus',
  'September',
  'Oktober',
  'November',
  'Desember',
] as const;

/** The official abbreviations of the Indonesian zones. */
const ZONES: Readonly<Record<string, string>> = { '+07:00': 'WIB', '+08:00': 'WITA', '+09:00': 'WIT' };

/** `12 Maret 2026`. */
function agencyDate(date: string): string {
  const [year = '', month = '', day = ''] = date.split('-');
  return `${Number(day)} ${MONTHS[Number(month) - 1] ?? ''} ${year}`;
}

/** `12 Maret 2026 pukul 14.05 WIB`, from a time of a digest. */
export function agencyTime(madeAt: string): string {
  const offset = madeAt.slice(19);
  const clock = madeAt.slice(11, 16).replace(':', '.');
  return `${agencyDate(madeAt.slice(0, 10))} pukul ${clock} ${ZONES[offset] ?? `UTC${offset}`}`;
}

type Page = InstanceType<typeof PDFDocument>;

interface Words {
  readonly id: string;
  readonly en: string;
}

/**
 * Draws the weekly digest as one page of A4 for wet signatures: Indonesian, with English below.
 * The QR code holds the text of the digest, checkpoint included, so that the paper alone is enough for `palang verify --digest`.
 * @param facts `isSingleOfficial`: whether one official holds the root key alone, which is said beside it
 * @returns the bytes of a PDF, the same for the same digest
 */
export async function drawDigestPage(
  digest: Digest,
  facts: { readonly isSingleOfficial: boolean },
): Promise<Uint8Array> {
  const week = weekOf(digest.madeAt);
  // Loaded here: the build lifts imports to the top of the whole program, and a gateway draws no page.
  const { default: Pdf } = await import('pdfkit');
  const page = new Pdf({
    size: 'A4',
    margin: 0,
    lang: 'id-ID',
    displayTitle: true,
    info: {
      Title: `Ringkasan mingguan ${digest.site}, ${week}`,
      Creator: 'Palang Pintu',
      Producer: 'Palang Pintu',
      CreationDate: new Date(digest.madeAt),
    },
  });
  const chunks: Uint8Array[] = [];
  page.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  const ended = once(page, 'end');
  drawHead(page, digest, week);
  drawFingerprint(page, digest.fingerprint, 268);
  if (facts.isSingleOfficial) drawSingleOfficial(page, 268);
  drawCheckpoint(page, digest.note, 352);
  drawQr(page, encodeDigest(digest), { x: PAGE.left, y: 450, size: 140 });
  drawGuide(page, PAGE.left + 168, 444);
  drawSignatures(page, 612);
  drawFooter(page, digest, week);
  page.end();
  await ended;
  return Buffer.concat(chunks);
}

function drawHead(page: Page, digest: Digest, week: string): void {
  page.fillColor(INK.text).font('Helvetica-Bold').fontSize(18);
  page.text('Ringkasan mingguan catatan akses', PAGE.left, 56);
  page.fillColor(INK.faint).font('Helvetica-Oblique').fontSize(10);
  page.text('Weekly digest of the access records', PAGE.left, 79);
  rule(page, 100);
  const sunday = new Date(Date.parse(`${week}T00:00:00Z`) + 6 * 86_400_000).toISOString().slice(0, 10);
  const rows: readonly (readonly [Words, string])[] = [
    [{ id: 'Situs', en: 'Site' }, digest.site],
    [{ id: 'Minggu', en: 'Week' }, `${agencyDate(week)} s.d. ${agencyDate(sunday)}`],
    [{ id: 'Dibuat', en: 'Made' }, agencyTime(digest.madeAt)],
    [{ id: 'Jurnal', en: 'Journals' }, String(digest.journals)],
    [{ id: 'Catatan', en: 'Records' }, String(digest.records)],
  ];
  let y = 112;
  for (const [words, value] of rows) {
    label(page, words, PAGE.left, y);
    page.fillColor(INK.text).font('Helvetica-Bold').fontSize(11);
    page.text(value, PAGE.left + 120, y, { width: PAGE.width - 120, lineBreak: false, ellipsis: true });
    y += 29;
  }
}

function label(page: Page, { id, en }: Words, x: number, y: number): void {
  page.fillColor(INK.text).font('Helvetica').fontSize(10).text(id, x, y, { lineBreak: false });
  page
    .fillColor(INK.faint)
    .font('Helvetica-Oblique')
    .fontSize(8)
    .text(en, x, y + 12, { lineBreak: false });
}

function drawFingerprint(page: Page, fingerprint: string, y: number): void {
  rule(page, y - 10);
  label(page, { id: 'Sidik kunci akar', en: 'Fingerprint of the root keys' }, PAGE.left, y);
  const half = fingerprint.length / 2;
  page.fillColor(INK.text).font('Courier-Bold').fontSize(13);
  page.text(fingerprint.slice(0, half).trim(), PAGE.left, y + 28, { lineBreak: false });
  page.text(fingerprint.slice(half).trim(), PAGE.left, y + 45, { lineBreak: false });
}

function drawSingleOfficial(page: Page, y: number): void {
  const [x, width] = [PAGE.left + PAGE.width / 2, PAGE.width / 2];
  page.fillColor(INK.text).font('Helvetica').fontSize(8.5);
  page.text('Kunci akar dipegang satu pejabat saja', x, y + 1, { width, align: 'right' });
  page.fillColor(INK.faint).font('Helvetica-Oblique').fontSize(8);
  page.text('One official holds the root key alone', x, y + 12, { width, align: 'right' });
}

function drawCheckpoint(page: Page, note: string, y: number): void {
  rule(page, y - 10);
  label(page, { id: 'Titik periksa log situs', en: 'Checkpoint of the site log, as signed' }, PAGE.left, y);
  page.fillColor(INK.text).font('Courier');
  for (const [index, line] of note.trimEnd().split('\n').entries()) {
    // Letters of Courier are 0.6 of its size wide, and a line that is broken could not be copied by hand.
    page.fontSize(Math.min(9, PAGE.width / Math.max(1, line.length) / 0.6));
    page.text(line, PAGE.left, y + 28 + index * 10.5, { lineBreak: false });
  }
}

function drawQr(
  page: Page,
  text: string,
  at: { readonly x: number; readonly y: number; readonly size: number },
): void {
  // The page around it is white, and wider than the border that a reader needs: so the border is left out here.
  const border = 4;
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border });
  const side = at.size / (rows.length - 2 * border);
  for (const [y, row] of rows.entries()) {
    for (let x = 0; x < row.length; x++) {
      const start = x;
      while (row[x] === true) x += 1;
      // A run is one shape: between single modules some printers leave hairlines.
      const run = x - start;
      if (run > 0) page.rect(at.x + (start - border) * side, at.y + (y - border) * side, run * side, side);
    }
  }
  page.fill('#000000');
}

const GUIDE: readonly Words[] = [
  {
    id: 'Cetak setiap Senin, tanda tangani, simpan di buku catatan ruang.',
    en: 'Print on Mondays, sign, keep in the logbook of the room.',
  },
  {
    id: 'Kirim teks yang sama ke Inspektorat; teksnya ada di kode QR.',
    en: 'Send the same text to the inspectorate; the QR code holds it.',
  },
  {
    id: 'Periksa kapan saja: palang verify BUNDEL --digest TEKS',
    en: 'Verify at any time: palang verify BUNDLE --digest TEXT',
  },
  {
    id: 'Catatan sebelum lembar ini dibuat tidak dapat diubah tanpa terlihat.',
    en: 'What was recorded before this page was made cannot be changed unseen.',
  },
];

function drawGuide(page: Page, x: number, y: number): void {
  let top = y + 8;
  for (const { id, en } of GUIDE) {
    const width = PAGE.right - x;
    page.fillColor(INK.text).font('Helvetica').fontSize(9.5).text(id, x, top, { width });
    page
      .fillColor(INK.faint)
      .font('Helvetica-Oblique')
      .fontSize(8)
      .text(en, x, page.y + 1, { width });
    top = page.y + 9;
  }
}

const SIGNERS: readonly Words[] = [
  { id: 'Kepala ruang', en: 'Head of the room' },
  { id: 'Petugas jaga', en: 'Guard' },
];

const BLANKS: readonly Words[] = [
  { id: 'Nama', en: 'Name' },
  { id: 'NIP', en: 'Staff number' },
  { id: 'Tanggal', en: 'Date' },
];

function drawSignatures(page: Page, y: number): void {
  rule(page, y - 10);
  const width = (PAGE.width - 27) / 2;
  for (const [index, signer] of SIGNERS.entries()) {
    const x = PAGE.left + index * (width + 27);
    label(page, signer, x, y);
    page
      .lineWidth(0.7)
      .strokeColor(INK.line)
      .rect(x, y + 28, width, 66)
      .stroke();
    page.fillColor(INK.faint).font('Helvetica').fontSize(7.5);
    page.text('Tanda tangan / Signature', x + 6, y + 33, { lineBreak: false });
    for (const [row, blank] of BLANKS.entries()) {
      const top = y + 104 + row * 26;
      label(page, blank, x, top);
      page
        .moveTo(x + 62, top + 14)
        .lineTo(x + width, top + 14)
        .stroke();
    }
  }
}

function drawFooter(page: Page, digest: Digest, week: string): void {
  rule(page, PAGE.bottom - 40);
  page.fillColor(INK.faint).font('Helvetica').fontSize(7.5);
  const y = PAGE.bottom - 33;
  page.text(`${digest.site}, minggu / week ${week}`, PAGE.left, y, { lineBreak: false });
  page.text('Halaman 1 dari 1 / Page 1 of 1', PAGE.left, y, { width: PAGE.width, align: 'right' });
}

function rule(page: Page, y: number): void {
  page.lineWidth(0.7).strokeColor(INK.line).moveTo(PAGE.left, y).lineTo(PAGE.right, y).stroke();
}
