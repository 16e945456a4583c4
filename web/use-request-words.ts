import { useApp } from './app-state.ts';
import type { RequestWords } from './words/request-id.ts';
import { REQUEST_WORDS } from './words/request.ts';

/** The words of the request form; they come with it. */
export const useRequestWords = (): RequestWords => REQUEST_WORDS[useApp().language.value];
