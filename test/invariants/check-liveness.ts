import { violationsOf, type Violation } from './violation.ts';

/** Something that should be done by now. */
export interface Awaited {
  readonly where: string;
  readonly sinceMs: number;
  /** When it was done; null where it is not. */
  readonly doneMs: number | null;
}

const lateOf = (awaited: readonly Awaited[], nowMs: number, withinMs: number): readonly Awaited[] =>
  awaited.filter(({ sinceMs, doneMs }) => (doneMs ?? nowMs) - sinceMs > withinMs);

/** @param records from when faults ended, or they were made, to when the server had them */
export const checkL1 = (records: readonly Awaited[], nowMs: number, withinMs: number): readonly Violation[] =>
  lateOf(records, nowMs, withinMs).map(({ where }) => violationsOf('L1')(where, 'not at the server in time'));

/** @param newest version of the orders at the server, and what each gateway has in force */
export const checkL2 = (
  newest: number,
  gateways: readonly { readonly where: string; readonly v: number | null }[],
): readonly Violation[] =>
  gateways
    .filter(({ v }) => v !== newest)
    .map(({ where, v }) => violationsOf('L2')(where, `has ${v ?? 'no orders'} in force and not ${newest}`));

/** @param logs how far each log goes, and up to where a second signature covers it */
export const checkL3 = (
  logs: readonly { readonly log: string; readonly size: number; readonly cosignedSize: number }[],
): readonly Violation[] =>
  logs
    .filter(({ size, cosignedSize }) => cosignedSize < size)
    .map(({ log, size, cosignedSize }) =>
      violationsOf('L3')(log, `only ${cosignedSize} of ${size} stand under a second signature`),
    );

/** @param cards from when a card was read to when the reader showed something */
export const checkL4 = (cards: readonly Awaited[], nowMs: number): readonly Violation[] =>
  lateOf(cards, nowMs, 2000).map(({ where }) => violationsOf('L4')(where, 'no answer within two seconds'));
