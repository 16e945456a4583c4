import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadReaders } from './reader-keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'reader-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const osdp = { protocol: 'osdp', port: '/dev/ttyS1', address: 1 } as const;
const keyed = (text: string) => {
  const keyFile = join(folder, 'entry.scbk');
  writeFileSync(keyFile, text);
  return { readers: { entry: { ...osdp, keyFile } } };
};
const digits = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';

describe('loadReaders', () => {
  it('GC7: a key comes from its file, and other readers stay as they are', () => {
    const exit = { protocol: 'rdm6300', port: '/dev/ttyS2' } as const;
    const panel = { ...osdp, address: 2, allowClear: true } as const;
    for (const text of [digits, `${digits.toUpperCase()}\n`]) {
      const readers = loadReaders({ readers: { ...keyed(text).readers, exit, panel } });
      const key = Uint8Array.from(Buffer.from(digits, 'hex'));
      expect(readers).toEqual({ entry: { ...osdp, key }, exit, panel });
    }
  });

  it('GC7: what is no key, or everybody knows, is refused by name and not repeated', () => {
    const fault = (text: string): unknown => {
      try {
        return loadReaders(keyed(text));
      } catch (error) {
        return error;
      }
    };
    expect(fault('00'.repeat(16))).toMatchObject({ code: 'reader-key-all-zero' });
    expect(fault('303132333435363738393a3b3c3d3e3f')).toMatchObject({ code: 'reader-key-default' });
    for (const text of ['', digits.slice(1), `${digits}00`, `${digits} ${digits}`, `0x${digits.slice(2)}`]) {
      const refusal = fault(text);
      expect(refusal).toMatchObject({ code: 'reader-key-malformed' });
      expect(String(refusal)).not.toContain(digits.slice(4, 12));
    }
    expect(() => loadReaders({ readers: { entry: { ...osdp, keyFile: join(folder, 'none') } } })).toThrow(
      'reader-key-unreadable',
    );
  });
});
