import type { JournalReader } from './journal-reader.ts';
import { waitFor } from './wait-for.ts';

const START_MS = 30_000;
const READERS = ['entry', 'exit', 'panel'];

/**
 * Resolves when the gateway that booted after record `since` has orders, hears every reader and knows the leaf:
 * from then on a card at the door is seen and what follows is recorded.
 */
export async function doorWorks(journal: JournalReader, since: number): Promise<void> {
  await waitFor('the gateway at its door', START_MS, () => {
    const records = journal.records().filter((each) => each.sq > since);
    const boot = records.findLast((each) => each.ty === 'boot')?.sq;
    if (boot === undefined) return undefined;
    const booted = records.filter((each) => each.sq > boot);
    const online = booted.filter((each) => each.ty === 'reader.online').map((each) => each.x['reader']);
    const knowsLeaf = booted.some((each) => /^door\.(?:opened|closed)$/.test(each.ty));
    // The time may be trusted still from before the restart: then no record says so anew.
    const isTrusted = booted.some((each) => each.ty === 'clock.trusted' || each.tq === 3);
    return (READERS.every((reader) => online.includes(reader)) && knowsLeaf && isTrusted) || undefined;
  });
}
