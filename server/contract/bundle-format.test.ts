import { describe, expect, it } from 'vitest';
import { sha256 } from '../../test/contract/test-keys.ts';
import {
  BUNDLE_FORMAT,
  compareOpenings,
  decodeJournalPath,
  encodeBundleIndex,
  encodeCheckpoints,
  journalCheckpointsPath,
  journalPath,
  parseBundleIndex,
  splitCheckpoints,
  splitLines,
} from './bundle-format.ts';
import { decodeUtf8, utf8 } from './bytes.ts';

const textOf = (bytes: Uint8Array): string => {
  const text = decodeUtf8(bytes);
  return text.ok ? text.value : '';
};

describe('files of a bundle', () => {
  it('C18: the path of a journal names its gateway and epoch, in one spelling', () => {
    const id = { gateway: 'gw-ruang-server', epoch: 12 };
    expect(decodeJournalPath(journalPath(id.gateway, id.epoch))).toEqual(id);
    expect(decodeJournalPath(journalCheckpointsPath(id.gateway, id.epoch))).toEqual(id);
    for (const path of [
      'journal/gw/0.jsonl',
      'journal/gw/01.jsonl',
      'journal/gw/1.json',
      'journal/-gw/1.jsonl',
      'journal/../1.jsonl',
      'journal/gw/x/1.jsonl',
      'x/journal/gw/1.jsonl',
      'journal/gw/9999999999999999.jsonl',
    ]) {
      expect([path, decodeJournalPath(path)]).toEqual([path, null]);
    }
  });

  it('C18: lines carry their number, and a last one without an end is a line', () => {
    const parts = (text: string) =>
      Array.from(splitLines(utf8(text)), (part) => [part.line, textOf(part.bytes)]);
    expect(parts('')).toEqual([]);
    expect(parts('a\n')).toEqual([[1, 'a']]);
    expect(parts('a\n\nb')).toEqual([
      [1, 'a'],
      [2, ''],
      [3, 'b'],
    ]);
  });

  it('C18: notes come back whole, with the number of their first line', () => {
    const notes = ['a\n1\n\nx\n', 'b\n2\n\ny\nz\n', 'c\n'];
    const parts = Array.from(splitCheckpoints(encodeCheckpoints(notes)));
    expect(parts.map((part) => textOf(part.bytes))).toEqual(notes);
    expect(parts.map((part) => part.line)).toEqual([1, 6, 12]);
    expect(Array.from(splitCheckpoints(encodeCheckpoints([])))).toEqual([]);
    expect(Array.from(splitCheckpoints(utf8('a\n---\n')), (part) => textOf(part.bytes))).toEqual(['a\n', '']);
  });

  it('C16: openings stand by gateway, epoch, record and field', () => {
    const place = (gw: string, ep: number, sq: number, field: 'sub' | 'pm' | 'cred') => ({
      gw,
      ep,
      sq,
      field,
    });
    const ordered = [
      place('a', 2, 9, 'cred'),
      place('a', 10, 0, 'sub'),
      place('a', 10, 3, 'sub'),
      place('a', 10, 3, 'pm'),
      place('a', 10, 3, 'cred'),
      place('a', 10, 20, 'sub'),
      place('b', 1, 0, 'sub'),
    ];
    expect(ordered.toReversed().sort(compareOpenings)).toEqual(ordered);
  });
});

describe('bundle.json', () => {
  const index = {
    format: BUNDLE_FORMAT,
    site: 'dinas-contoh',
    period: { from: '2026-03-01T00:00:00.000Z', until: '2026-04-01T00:00:00.000Z' },
    tool: 'palang 0.1.0',
    createdAt: '2026-04-02T00:00:00.000Z',
    counts: { logs: 1, records: 0, checkpoints: 0, openings: 0 },
    files: { 'site-log.jsonl': 'a'.repeat(64), 'openings.jsonl': 'b'.repeat(64) },
  } as const;

  it('C18: reads what it writes', () => {
    expect(parseBundleIndex(sha256, encodeBundleIndex(sha256, index))).toMatchObject({
      ok: true,
      value: index,
    });
  });

  it('C18: has one spelling only', () => {
    const text = textOf(encodeBundleIndex(sha256, index));
    const value = JSON.parse(text) as Record<string, unknown>;
    const { site, ...rest } = value;
    for (const other of [
      JSON.stringify(value),
      `${JSON.stringify({ ...rest, site }, null, 2)}\n`,
      text.slice(0, -1),
      `${text}\n`,
      text.replace('dinas-contoh', 'dinas-lain'),
      text.replace('2026-03-01', '2026-03-02'),
      text.replace('"dinas', '"\\u0064inas'),
    ]) {
      expect(parseBundleIndex(sha256, utf8(other))).toEqual({ ok: false, error: 'changed' });
    }
    const more = `${JSON.stringify({ ...value, note: '' }, null, 2)}\n`;
    expect(parseBundleIndex(sha256, utf8(more))).toEqual({ ok: false, error: 'malformed' });
  });
});
