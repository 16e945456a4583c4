import { once } from 'node:events';
import type PDFDocument from 'pdfkit';

// A4 in points of 1/72 inch; the margin on the left leaves room for the holes of a folder.
const PAGE = { left: 64, width: 467 } as const;

/** What the minutes of a destruction say. */
export interface Minutes {
  /** E.g. `BERITA ACARA PEMUSNAHAN DATA PRIBADI`. */
  readonly title: string;
  readonly site: string;
  readonly timeZone: string;
  /** Ms since 1970. */
  readonly at: number;
  /** What was done, in one sentence. */
  readonly opening: string;
  readonly rows: readonly (readonly [string, string])[];
  readonly closing: string;
  /** Under each line for a signature. */
  readonly signers: readonly string[];
}

const spoken = (at: number, timeZone: string): string =>
  new Intl.DateTimeFormat('id-ID', {
    timeZone,
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
  }).format(at);

const clock = (at: number, timeZone: string): string =>
  new Intl.DateTimeFormat('id-ID', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  }).format(at);

type Page = InstanceType<typeof PDFDocument>;

/** Draws minutes as one page of A4 for wet signatures, in the form of the agencies. */
export async function drawMinutes(minutes: Minutes): Promise<Uint8Array> {
  // Loaded here: the build lifts imports to the top of the whole program, and a gateway draws no page.
  const { default: Pdf } = await import('pdfkit');
  const page = new Pdf({
    size: 'A4',
    margins: { top: 56, bottom: 40, left: PAGE.left, right: 64 },
    lang: 'id-ID',
    displayTitle: true,
    info: {
      Title: `${minutes.title}, ${minutes.site}`,
      Creator: 'Palang Pintu',
      Producer: 'Palang Pintu',
      CreationDate: new Date(minutes.at),
    },
  });
  const chunks: Uint8Array[] = [];
  page.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  const ended = once(page, 'end');
  page.font('Helvetica').fontSize(8).text('TERBATAS', { align: 'right' });
  page.font('Helvetica-Bold').fontSize(14).text(minutes.title, { align: 'center' });
  page
    .font('Helvetica')
    .fontSize(10)
    .text('Nomor: ....................................', { align: 'center' });
  page.moveDown(1.5);
  const when = `${spoken(minutes.at, minutes.timeZone)} pukul ${clock(minutes.at, minutes.timeZone)}`;
  page.text(`Pada hari ini, ${when}, yang bertanda tangan di bawah ini menyatakan bahwa ${minutes.opening}`, {
    align: 'justify',
  });
  page.moveDown();
  drawRows(page, minutes.rows);
  page.moveDown();
  page.font('Helvetica').fontSize(10).text(minutes.closing, PAGE.left, page.y, { align: 'justify' });
  drawSigners(page, minutes.signers);
  page.end();
  await ended;
  return Buffer.concat(chunks);
}

function drawRows(page: Page, rows: Minutes['rows']): void {
  for (const [name, value] of rows) {
    const top = page.y;
    page.font('Helvetica').fontSize(10).text(name, PAGE.left, top, { width: 150 });
    const after = page.y;
    page.font('Helvetica-Bold').text(value, PAGE.left + 160, top, { width: PAGE.width - 160 });
    page.y = Math.max(after, page.y) + 3;
  }
}

function drawSigners(page: Page, signers: readonly string[]): void {
  const width = PAGE.width / Math.max(1, signers.length);
  const top = page.y + 36;
  for (const [index, signer] of signers.entries()) {
    const x = PAGE.left + index * width;
    page
      .font('Helvetica')
      .fontSize(10)
      .text(signer, x, top, { width: width - 12 });
    page.text('(.....................................)', x, top + 76, { width: width - 12 });
    page.text('NIP', x, top + 90, { width: width - 12 });
  }
}
