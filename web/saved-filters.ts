import { filterOf, type FilterDraft } from './event-filter.ts';

/** A filter that somebody gave a name. */
export interface SavedFilter {
  readonly name: string;
  readonly filter: FilterDraft;
}

/** Most filters that a device keeps for a person. */
export const MOST_SAVED = 20;

const keyOf = (personId: string): string => `palang.filters.${personId}`;

/** Reads the filters that a person saved on this device; what is not one is left out. */
export function loadSavedFilters(
  storage: Pick<Storage, 'getItem'>,
  personId: string,
): readonly SavedFilter[] {
  const text = storage.getItem(keyOf(personId));
  if (text === null) return [];
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  if (!Array.isArray(kept)) return [];
  return kept.flatMap((each: unknown) => {
    const { name, filter } = (each ?? {}) as { readonly name?: unknown; readonly filter?: unknown };
    return typeof name === 'string' && typeof filter === 'object' && filter !== null
      ? [{ name, filter: filterOf(filter as Readonly<Record<string, string>>) }]
      : [];
  });
}

/** Puts a filter in front of the saved ones; one of the same name is replaced. @see rule W24 */
export const withSaved = (kept: readonly SavedFilter[], added: SavedFilter): readonly SavedFilter[] =>
  [added, ...kept.filter(({ name }) => name !== added.name)].slice(0, MOST_SAVED);

/** Keeps the filters of a person on this device. */
export const saveFilters = (
  storage: Pick<Storage, 'setItem'>,
  personId: string,
  filters: readonly SavedFilter[],
): void => storage.setItem(keyOf(personId), JSON.stringify(filters));
