import { describe, expect, it } from 'vitest';
import { decodeBase64 } from '#contract/bytes';
import { importFileOf } from './import-file.ts';

describe('import file', () => {
  it('W47: text goes as text, a spreadsheet as base64 of its very bytes', () => {
    const text = importFileOf(new TextEncoder().encode('NIP,Nama\nV-1,Rahmat\n'));
    expect(text).toEqual({ ok: true, value: { format: 'csv', content: 'NIP,Nama\nV-1,Rahmat\n' } });
    const zip = Uint8Array.of(0x50, 0x4b, 3, 4, 0, 255, 128);
    const sheet = importFileOf(zip);
    expect(sheet.ok && sheet.value.format).toBe('xlsx');
    const back = sheet.ok ? decodeBase64(sheet.value.content) : null;
    expect(back?.ok === true && [...back.value]).toEqual([...zip]);
  });

  it('W47: a file that the server would refuse is not sent', () => {
    expect(importFileOf(new Uint8Array(2_000_001).fill(65))).toEqual({ ok: false, error: 'too-large' });
  });
});
