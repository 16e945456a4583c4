import type { JSX } from 'preact';
import { useApp, useWords } from '../app-state.ts';
import { LANGUAGE_CODES, LANGUAGES } from '../words/words.ts';

/** ID | EN. */
export function LanguageSwitch(): JSX.Element {
  const app = useApp();
  const words = useWords();
  return (
    <div class="segments" role="group" aria-label={words.common.language}>
      {LANGUAGE_CODES.map((code) => (
        <button
          key={code}
          type="button"
          lang={code}
          aria-pressed={app.language.value === code}
          onClick={() => void app.setLanguage(code)}
        >
          {LANGUAGES[code].short}
          <span class="visually-hidden"> {LANGUAGES[code].name}</span>
        </button>
      ))}
    </div>
  );
}
