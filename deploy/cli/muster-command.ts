import { asEpochMs, type EpochMs } from '#contract/clock';
import { Fault } from '#contract/result';
import { readPassagesOf } from '../../gateway/journal/read-passages.ts';
import { certaintyOf, type Certainty } from '../../gateway/presence/presence.ts';
import { replayPresence, type RecordedPassage } from '../../gateway/presence/replay-presence.ts';
import { loadConfigFile } from './gateway-config-file.ts';
import { createCommand, EXIT, JSON_OPTION, UnusableInput } from './program.ts';

/** Somebody to look for. */
interface Missing {
  /** The start of the handle: enough to tell two people apart, and no name. */
  readonly person: string;
  readonly since: string;
  readonly certainty: Certainty;
}

const MOST_PASSAGES = 5000;
const WORDS: Readonly<Record<Certainty, string>> = {
  sure: 'inside',
  unsure: 'may be inside: let in, and nobody saw whether they entered',
  lapsed: 'may be inside: entered so long ago that the exit was probably missed',
};

/** Tells who may be in the room behind a door, the longest inside first. */
export function musterOf(
  door: string,
  passages: readonly RecordedPassage[],
  now: EpochMs,
  forgiveMs: number,
): readonly Missing[] {
  return [...replayPresence(door, passages)]
    .sort(([, a], [, b]) => a.sinceMs - b.sinceMs)
    .map(([person, occupant]) => ({
      person: `${person.slice(0, 8)}...`,
      since: new Date(occupant.sinceMs).toISOString(),
      certainty: certaintyOf(occupant, now, forgiveMs),
    }));
}

function loadPassages(dataDir: string): readonly RecordedPassage[] {
  try {
    return readPassagesOf(dataDir, MOST_PASSAGES);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new UnusableInput(`the journal of this gateway cannot be read (${error.code})`);
  }
}

/** `palang muster`: who is inside, from the gateway's own journal, whether server and gateway run or not. */
export const musterCommand = createCommand(
  'muster',
  'lists who is inside, from the journal of this gateway, without the server',
  {
    config: { type: 'string', description: 'configuration of the gateway, YAML', required: true },
    ...JSON_OPTION,
  },
  (args, output) => {
    const config = loadConfigFile(args.config);
    const now = asEpochMs(Date.now());
    const passages = loadPassages(config.dataDir);
    const rooms = config.doors.map(({ id, presence, readers }) => ({
      door: id,
      // Without an exit reader everybody who came in is on the list until long after.
      isExitSeen: readers.exit !== undefined,
      people: musterOf(id, passages, now, presence.forgiveMs),
    }));
    if (args.json === true) output.say(JSON.stringify({ at: new Date(now).toISOString(), rooms }));
    else {
      for (const { door, people, isExitSeen } of rooms) {
        const sure = people.filter(({ certainty }) => certainty === 'sure').length;
        output.say(`door ${door}: ${sure} inside, ${people.length - sure} more may be`);
        if (!isExitSeen) output.say('  this door has no exit reader: who has left is on the list as well');
        for (const { person, since, certainty } of people) {
          output.say(`  ${person} since ${since}, ${WORDS[certainty]}`);
        }
      }
    }
    return Promise.resolve(EXIT.done);
  },
);
