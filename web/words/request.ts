import { requestEnglish } from './request-en.ts';
import { requestIndonesian, type RequestWords } from './request-id.ts';
import type { Language } from './words.ts';

/** The words of the request form by language: not in the first load, since nobody files before looking. */
export const REQUEST_WORDS = { id: requestIndonesian, en: requestEnglish } as const satisfies Record<
  Language,
  RequestWords
>;
