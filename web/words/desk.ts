import { deskEnglish } from './desk-en.ts';
import { deskIndonesian, type DeskWords } from './desk-id.ts';
import type { Language } from './words.ts';

/** The words of the desk by language: not in the first load, since nobody reads them before a door. */
export const DESK_WORDS = { id: deskIndonesian, en: deskEnglish } as const satisfies Record<
  Language,
  DeskWords
>;
