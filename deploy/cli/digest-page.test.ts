import { inflateSync } from 'node:zlib';
import { decodeQR } from 'qr/decode.js';
import { describe, expect, it } from 'vitest';
import { encodeDigest } from '#contract/digest';
import vectors from '../../server/contract/vectors/digest.json';
import { agencyTime, drawDigestPage } from './digest-page.ts';

const { digest } = vectors;

/** What a PDF draws: its streams, unpacked. */
function drawn(pdf: Uint8Array): string {
  const bytes = Buffer.from(pdf);
  const parts: string[] = [];
  for (let at = bytes.indexOf('stream\n'); at >= 0; at = bytes.indexOf('stream\n', at + 7)) {
    if (bytes.subarray(at - 3, at).toString() === 'end') continue;
    const end = bytes.indexOf('\nendstream', at);
    const packed = bytes.subarray(at + 7, end);
    // What begins with another byte is no packed stream: a font or a description.
    parts.push((packed[0] === 0x78 ? inflateSync(packed) : packed).toString('latin1'));
  }
  return parts.join('\n');
}

/** The words on the page, in the order in which they are drawn. */
const wordsOf = (content: string): string[] =>
  Array.from(content.matchAll(/\[([^\]]*)\] TJ/g), ([, run = '']) =>
    Array.from(run.matchAll(/<([0-9a-f]*)>/g), ([, hex = '']) =>
      Buffer.from(hex, 'hex').toString('latin1'),
    ).join(''),
  );

/** Paints the filled rectangles as a picture of eight points to a module. */
function pictureOf(content: string): { width: number; height: number; data: Uint8Array } {
  const boxes = Array.from(content.matchAll(/^([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re$/gm), (match) =>
    match.slice(1).map(Number),
  ).filter(([, , , height = 0]) => height < 10);
  const side = Math.min(...boxes.map(([, , , height = 0]) => height));
  const left = Math.min(...boxes.map(([x = 0]) => x));
  const top = Math.min(...boxes.map(([, y = 0]) => y));
  const modules = Math.round(Math.max(...boxes.map(([x = 0, , width = 0]) => x + width - left)) / side);
  const scale = 8;
  const width = (modules + 8) * scale;
  const data = new Uint8Array(width * width * 4).fill(255);
  const pixel = (points: number): number => Math.round((points / side + 4) * scale);
  for (const [x = 0, y = 0, w = 0, h = 0] of boxes) {
    for (let row = pixel(y - top); row < pixel(y - top + h); row++) {
      for (let column = pixel(x - left); column < pixel(x - left + w); column++) {
        data.fill(0, (row * width + column) * 4, (row * width + column) * 4 + 3);
      }
    }
  }
  return { width, height: width, data };
}

describe('the page of a digest', () => {
  it('DC18: is one page of A4, the same bytes for the same digest', async () => {
    const pdf = await drawDigestPage(digest, { isSingleOfficial: false });
    const text = Buffer.from(pdf).toString('latin1');
    expect(text.match(/\/Type \/Page\b(?!s)/g)).toHaveLength(1);
    expect(text).toContain('/MediaBox [0 0 595.28 841.89]');
    expect(await drawDigestPage(digest, { isSingleOfficial: false })).toEqual(pdf);
  });

  it('DC18: its QR code gives the text that verify reads', async () => {
    for (const site of [digest.site, 'a'.repeat(64)]) {
      const long = { ...digest, site, note: digest.note.replaceAll(digest.site, site) };
      const content = drawn(await drawDigestPage(long, { isSingleOfficial: false }));
      expect(decodeQR(pictureOf(content))).toBe(encodeDigest(long));
    }
  });

  it('DC18: shows site, week, time as agencies write it, fingerprint, checkpoint and two places to sign', async () => {
    const words = wordsOf(drawn(await drawDigestPage(digest, { isSingleOfficial: true })));
    const { fingerprint, note } = digest;
    const shown = [
      'dinas-contoh',
      '9 Maret 2026 s.d. 15 Maret 2026',
      '12 Maret 2026 pukul 14.05 WIB',
      fingerprint.slice(0, 39),
      fingerprint.slice(40),
      ...note.split('\n').slice(0, 3),
      'Kepala ruang',
      'Petugas jaga',
      'Kunci akar dipegang satu pejabat saja',
      'Halaman 1 dari 1 / Page 1 of 1',
    ];
    expect(shown.filter((each) => !words.includes(each))).toEqual([]);
    expect(words.filter((each) => each === 'Tanda tangan / Signature')).toHaveLength(2);
    const several = wordsOf(drawn(await drawDigestPage(digest, { isSingleOfficial: false })));
    expect(several).not.toContain('Kunci akar dipegang satu pejabat saja');
  });

  it('DC18: names the zones of the country, and the distance from UTC elsewhere', () => {
    expect(agencyTime('2026-03-12T14:05:59+07:00')).toBe('12 Maret 2026 pukul 14.05 WIB');
    expect(agencyTime('2026-12-01T00:00:00+08:00')).toBe('1 Desember 2026 pukul 00.00 WITA');
    expect(agencyTime('2026-01-31T09:30:00+09:00')).toBe('31 Januari 2026 pukul 09.30 WIT');
    expect(agencyTime('2026-05-02T09:30:00+00:00')).toBe('2 Mei 2026 pukul 09.30 UTC+00:00');
  });
});
