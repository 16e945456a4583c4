import type { TimeFormat } from './time-format.ts';

const INSTANT = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})/g;

/** Says instants that a machine wrote into a text as the clock of the site shows them. @see rule W12 */
export const sayInstants = (text: string, time: TimeFormat): string =>
  text.replaceAll(INSTANT, (instant) => time.dense(Date.parse(instant)));
