import { decodeQR } from 'qr/decode.js';
import { expect, test } from 'vitest';
import { bannerText } from './banner.ts';

const DEMO = {
  accounts: [
    { username: 'teknisi', password: 'coba-teknisi', role: 'technician' as const, name: 'Sari Contoh' },
    { username: 'atasan', password: 'coba-atasan', role: 'supervisor' as const, name: 'Bima Contoh' },
  ],
  cards: [{ card: 'em:6F007B3972', label: 'Sari' }],
};

test('DP7: the banner names the address, every demo account with its password, and every card', () => {
  const text = bannerText({
    url: 'http://127.0.0.1:8080/',
    homePath: '.palang',
    demo: DEMO,
    isColoured: false,
  });
  for (const wanted of ['http://127.0.0.1:8080/', 'teknisi', 'coba-teknisi', 'atasan', 'em:6F007B3972']) {
    expect(text).toContain(wanted);
  }
  expect(text).not.toContain('\u001b');
  expect(text.split('\n').every((line) => line.length <= 110)).toBe(true);
});

test('DP8: the QR code of the banner reads as the address for phones', () => {
  const url = 'https://192.168.7.20:8080/';
  const lan = { urls: [url, 'https://kantor.local:8080/'], fingerprint: `${'AB:'.repeat(31)}AB` };
  const text = bannerText({ url, homePath: '.palang', demo: DEMO, lan, isColoured: false });
  expect(text).toContain('https://kantor.local:8080/');
  expect(decodeQR(pictureOf(text))).toBe(url);
});

/** What a camera sees of the blocks on the screen: two modules in each character, light ones drawn. */
function pictureOf(text: string): { width: number; height: number; data: Uint8ClampedArray } {
  const scale = 4;
  const rows = text
    .split('\n')
    .filter((line) => /^ {2}[\u2580\u2584\u2588 ]+$/.test(line) && line.trim() !== '')
    .map((line) => line.slice(2));
  const modules = rows.flatMap((row) => [
    [...row].map((char) => char === '\u2588' || char === '\u2580'),
    [...row].map((char) => char === '\u2588' || char === '\u2584'),
  ]);
  const width = (modules[0]?.length ?? 0) * scale;
  const height = modules.length * scale;
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const isLight = modules[Math.floor(y / scale)]?.[Math.floor(x / scale)] ?? true;
      data.set(isLight ? [255, 255, 255, 255] : [0, 0, 0, 255], (y * width + x) * 4);
    }
  }
  return { width, height, data };
}
