import { useApp } from './app-state.ts';
import type { DeskWords } from './words/desk-id.ts';
import { DESK_WORDS } from './words/desk.ts';

/** The words of pages that no technician needs before a door; they come with those pages. */
export const useDeskWords = (): DeskWords => DESK_WORDS[useApp().language.value];
