import { deflateRawSync } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { asEpochMs } from '#contract/clock';
import { zipBundle } from '../../server/audit/export.ts';
import { isSafePath, readZip } from './read-zip.ts';

const LIMITS = { maxEntries: 10, maxTotalBytes: 10_000 };
const content = { 'bundle.json': strToU8('{}\n'), 'journal/gw/1.jsonl': strToU8('baris '.repeat(100)) };
const zip = zipSync(content);

const filesOf = (bytes: Uint8Array) => {
  const result = readZip(bytes, LIMITS);
  if (!result.ok) throw new Error(result.error);
  return result.value;
};

/** Writes a number into every directory entry of a zip, at this place within the entry. */
function patched(bytes: Uint8Array, at: number, value: number, width: 2 | 4): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (let i = 0; i + 4 <= copy.length; i++) {
    if (view.getUint32(i, true) !== 0x02014b50) continue;
    if (width === 2) view.setUint16(i + at, value, true);
    else view.setUint32(i + at, value, true);
  }
  return copy;
}

describe('reading a zip', () => {
  it('DC4: reads what others write, packed and plain, with folders passed over', () => {
    for (const options of [{ level: 9 }, { level: 0 }] as const) {
      const written = zipSync({ ...content, journal: {} }, options);
      const { files, damaged } = filesOf(written);
      expect(damaged).toEqual([]);
      expect(Object.fromEntries(files)).toEqual(content);
    }
    expect(filesOf(zipSync({})).files.size).toBe(0);
    expect(filesOf(zipSync({ empty: new Uint8Array() })).files.get('empty')).toEqual(new Uint8Array());
  });

  it('DC4: reads what the server streams', async () => {
    const parts: Uint8Array[] = [];
    for await (const part of zipBundle(new Map(Object.entries(content)), asEpochMs(1_763_946_000_000)))
      parts.push(part);
    const { files, damaged } = filesOf(new Uint8Array(Buffer.concat(parts)));
    expect(damaged).toEqual([]);
    expect(Object.fromEntries(files)).toEqual(content);
  });

  it('DC4: a flipped bit is an error, a damaged entry or other content, never a crash', () => {
    for (let at = 0; at < zip.length; at++) {
      const result = readZip(
        zip.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte)),
        LIMITS,
      );
      // Same name, other bytes, and nobody told: that is the one thing that must not be.
      const changed = Array.from(result.ok ? result.value.files : []).filter(([name, bytes]) => {
        const original = content[name as keyof typeof content];
        return original !== undefined && Buffer.compare(bytes, original) !== 0;
      });
      const damaged = result.ok ? result.value.damaged : [];
      expect(changed.filter(([name]) => !damaged.includes(name))).toEqual([]);
    }
  });

  it('DC4: cut off anywhere, it is no zip', () => {
    for (let length = 0; length < zip.length; length++) {
      expect(readZip(zip.subarray(0, length), LIMITS)).toEqual({ ok: false, error: 'not-a-zip' });
    }
  });

  it.each(['../x', '/etc/x', 'a/../x', 'a//x', './x', 'C:/x', 'a\\x', 'a\u0000', '..'])(
    'DC4: the path %j leaves the bundle',
    (path) => {
      expect(isSafePath(path)).toBe(false);
      expect(readZip(zipSync({ [path]: strToU8('x') }), LIMITS)).toEqual({ ok: false, error: 'path-unsafe' });
    },
  );

  it('DC4: a path twice is refused', () => {
    const twice = zipSync({ aa: strToU8('1'), ab: strToU8('2') });
    const renamed = twice.map((byte, i) => (byte === 0x62 && twice[i - 1] === 0x61 ? 0x61 : byte));
    expect(readZip(renamed, LIMITS)).toEqual({ ok: false, error: 'path-unsafe' });
  });

  it('DC4: counts and sizes are bounded before anything is unpacked', () => {
    const many = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`f${i}`, strToU8('x')]));
    expect(readZip(zipSync(many), LIMITS)).toEqual({ ok: false, error: 'too-many-entries' });
    expect(readZip(zipSync({ big: new Uint8Array(10_001) }), LIMITS)).toEqual({
      ok: false,
      error: 'too-large',
    });
    const two = zipSync({ a: new Uint8Array(6000), b: new Uint8Array(6000) });
    expect(readZip(two, LIMITS)).toEqual({ ok: false, error: 'too-large' });
  });

  it('DC4: an entry that unpacks to more than it announced is cut off and told', () => {
    const bomb = zipSync({ bomb: new Uint8Array(9000) });
    const result = readZip(patched(bomb, 24, 100, 4), LIMITS);
    expect(result).toMatchObject({ ok: true, value: { damaged: ['bomb'] } });
    expect(result.ok && result.value.files.size).toBe(0);
    expect(deflateRawSync(new Uint8Array(9000)).length).toBeLessThan(100);
  });

  it('DC4: other kinds of zip are named', () => {
    expect(readZip(patched(zip, 8, 1, 2), LIMITS)).toEqual({ ok: false, error: 'encrypted' });
    expect(readZip(patched(zip, 10, 12, 2), LIMITS)).toEqual({ ok: false, error: 'method-unknown' });
    const zip64 = zip.slice();
    new DataView(zip64.buffer).setUint32(zip64.length - 6, 0xffffffff, true);
    expect(readZip(zip64, LIMITS)).toEqual({ ok: false, error: 'zip64' });
    expect(readZip(new Uint8Array(), LIMITS)).toEqual({ ok: false, error: 'not-a-zip' });
  });

  it('DC4: an entry that points nowhere is damaged', () => {
    for (const place of [zip.length, 0xfffffff0, 1]) {
      expect(filesOf(patched(zip, 42, place, 4)).damaged).toEqual(Object.keys(content));
    }
  });
});
