import { indonesian, type Words } from './id.ts';

interface LanguageRow {
  readonly short: string;
  readonly name: string;
  readonly load: () => Promise<Words>;
}

/** Languages by code. A further one is a file of words and its row here. */
export const LANGUAGES = {
  id: { short: 'ID', name: 'Bahasa Indonesia', load: () => Promise.resolve(indonesian) },
  en: { short: 'EN', name: 'English', load: async () => (await import('./en.ts')).english },
} as const satisfies Record<string, LanguageRow>;

export type Language = keyof typeof LANGUAGES;

export const LANGUAGE_CODES = Object.keys(LANGUAGES) as readonly Language[];

/** The language that is there without loading. */
export const FIRST_WORDS: Words = indonesian;

/** Looks a word up by a name that the other side may know and this app does not yet; then the name itself. */
export function wordOf(table: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(table, name) ? (table[name] ?? name) : name;
}
