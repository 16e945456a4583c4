import { badgeToRelay, runEcho } from './badge-to-relay.ts';
import { benchDecision } from './decision.ts';
import { benchIngest, benchJournalDecision, benchVerify } from './evidence.ts';
import type { BenchGroup } from './figure.ts';
import { osdpCardToEvent, osdpPolls } from './osdp.ts';
import { benchReadersParse } from './readers-parse.ts';

const HELP = `palang bench [NAME] [--n N]      (npm run bench [-- NAME])

Measures, each figure beside a bare baseline in the same run, and prints a JSON line a figure:
{"name","value","unit","baseline","ratio","n"}. NAME is a group: badge-to-relay,
decision (among a thousand and a million permits; signs them first, about three minutes),
readers.parse, osdp.polls.1, osdp.polls.8, osdp.card-to-event, journal.decision, ingest,
verify.1m, verify.10m (only by name: it takes minutes and much memory).
`;

const GROUPS: Readonly<Record<string, BenchGroup>> = {
  'badge-to-relay': badgeToRelay,
  decision: benchDecision,
  'readers.parse': benchReadersParse,
  'osdp.polls.1': osdpPolls(1),
  'osdp.polls.8': osdpPolls(8),
  'osdp.card-to-event': osdpCardToEvent,
  'journal.decision': benchJournalDecision,
  ingest: benchIngest,
  'verify.1m': benchVerify('verify.1m', 1_000_000),
  'verify.10m': benchVerify('verify.10m', 10_000_000),
};
/** Run only where they are named. */
const LONG = ['verify.10m'];
const DEFAULT_N = 200;

/** Runs `palang bench`. @returns the exit code */
export async function runBench(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  // The baseline's other half is this same program in a process of its own.
  if (first === '--echo') return runEcho(rest);
  if (first === '--help') {
    process.stdout.write(HELP);
    return 0;
  }
  const at = args.indexOf('--n');
  const n = at === -1 ? DEFAULT_N : Number(args[at + 1]);
  const names = args.filter((_, index) => at === -1 || (index !== at && index !== at + 1));
  const unknown = names.find((name) => !Object.hasOwn(GROUPS, name));
  if (unknown !== undefined || !Number.isInteger(n) || n < 2) {
    process.stderr.write('palang bench: there is no such group or number; see --help\n');
    return 2;
  }
  for (const name of names.length === 0
    ? Object.keys(GROUPS).filter((name) => !LONG.includes(name))
    : names) {
    const figures = await GROUPS[name]?.(n, (line) => process.stderr.write(`bench: ${line}\n`));
    for (const figure of figures ?? []) process.stdout.write(`${JSON.stringify(figure)}\n`);
  }
  return 0;
}
