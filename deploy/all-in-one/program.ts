import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = 'palang.mjs';

/** The built program: this very file where the code runs from the bundle, else what the build makes of it. */
export function programFile(): string {
  const here = fileURLToPath(import.meta.url);
  return basename(here) === PROGRAM ? here : fileURLToPath(new URL(`../../dist/${PROGRAM}`, import.meta.url));
}
