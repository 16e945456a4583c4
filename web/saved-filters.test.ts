import { describe, expect, it } from 'vitest';
import { loadSavedFilters, MOST_SAVED, saveFilters, withSaved, type SavedFilter } from './saved-filters.ts';

const storageOf = (kept = new Map<string, string>()) => ({
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => void kept.set(key, value),
});
const saved = (name: string): SavedFilter => ({ name, filter: { reason: 'expired' } });

describe('saved filters', () => {
  it('W24: a person finds their own again, and nobody else finds them', () => {
    const storage = storageOf();
    saveFilters(storage, 's_a', [saved('Ditolak')]);
    expect(loadSavedFilters(storage, 's_a')).toEqual([saved('Ditolak')]);
    expect(loadSavedFilters(storage, 's_b')).toEqual([]);
  });

  it('W24: one of the same name is replaced, and the oldest goes when there are too many', () => {
    const twice = withSaved([saved('A'), saved('B')], { name: 'B', filter: { q: 'Sari' } });
    expect(twice).toEqual([{ name: 'B', filter: { q: 'Sari' } }, saved('A')]);
    let many: readonly SavedFilter[] = [];
    for (let at = 0; at < MOST_SAVED + 3; at++) many = withSaved(many, saved(`F${at}`));
    expect(many).toHaveLength(MOST_SAVED);
    expect(many.at(-1)?.name).toBe('F3');
  });

  it.each(['', 'nonsense', '{}', '[1,{"name":2,"filter":{}},{"name":"x"}]'])(
    'W24: damaged storage (%s) is no filters',
    (text) => {
      expect(loadSavedFilters(storageOf(new Map([['palang.filters.s_a', text]])), 's_a')).toEqual([]);
    },
  );
});
