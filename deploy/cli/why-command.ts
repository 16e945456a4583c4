import {
  decodeEventId,
  encodeEventProof,
  verifyEventProof,
  type EventPlace,
  type EventProofReport,
} from '#contract/event-proof';
import { COMMITTED_FIELDS, type JournalRecord } from '#contract/record';
import { err, ok, type Result } from '#contract/result';
import { hmacSha256, sha256, verifyEd25519 } from '../../server/signing/node-crypto.ts';
import type { Words } from '../../web/words/id.ts';
import { LANGUAGES, LANGUAGE_CODES, type Language } from '../../web/words/words.ts';
import { loadLocalEvidence } from './local-evidence.ts';
import { createCommand, EXIT, JSON_OPTION, UnusableInput } from './program.ts';
import { PROVE_WORDS } from './prove-command.ts';
import { readBundle } from './read-bundle.ts';
import { WHY_WORDS, type WhyWords } from './why-words.ts';

type Files = ReadonlyMap<string, Uint8Array>;

/** `palang why`: the answer to "why did this door open at 02:14?", from records that verify. */
export const whyCommand = createCommand(
  'why',
  'says in words why a door opened or stayed shut',
  {
    event: {
      type: 'positional',
      description: 'GATEWAY/EPOCH/NUMBER, as lists of events show it',
      required: true,
    },
    bundle: { type: 'string', description: 'folder or .zip; without it the database of this machine' },
    lang: { type: 'string', valueHint: LANGUAGE_CODES.join('|'), description: 'language', default: 'id' },
    'with-opening': {
      type: 'boolean',
      description: 'names person, permit and card where the evidence opens them: personal data',
    },
    ...JSON_OPTION,
  },
  async (args, output) => {
    const place = decodeEventId(args.event);
    if (place === null) throw new UnusableInput('the event is not GATEWAY/EPOCH/NUMBER');
    const language = LANGUAGE_CODES.find((code) => code === args.lang);
    if (language === undefined) throw new UnusableInput(`--lang is one of: ${LANGUAGE_CODES.join(', ')}`);
    const { files } =
      args.bundle === undefined
        ? await loadLocalEvidence('why', { from: null, until: null })
        : readBundle(args.bundle);
    const hasOpenings = args['with-opening'] === true;
    const told: Explanation[] = [];
    // The record that was asked for and the one it rests on; that one rests on none.
    for (let at: EventPlace | null = place; at !== null && told.length < 2;) {
      const explained: Result<Explanation, string> = await explain(files, at, hasOpenings);
      if (!explained.ok) {
        output.complain(`palang why: ${explained.error}`);
        return EXIT.no;
      }
      told.push(explained.value);
      const { restsOn } = explained.value;
      at = restsOn === null ? null : { ...place, seq: restsOn };
    }
    if (args.json === true) {
      const [first, second] = told.map(jsonOf);
      output.say(JSON.stringify({ ...first, restsOn: second ?? null }));
      return EXIT.done;
    }
    const words = await LANGUAGES[language].load();
    for (const line of answerLines(told, words, language)) output.say(line);
    return EXIT.done;
  },
);

/** What one record says of a door, without its words. */
interface Explanation {
  readonly record: JournalRecord;
  readonly openings: EventProofReport['openings'] | null;
  readonly heldAtSeconds: number | null;
  /** The rules in the order in which they spoke; only the last can have denied. */
  readonly checked: readonly { readonly rule: string; readonly hasPassed: boolean }[];
  /** Number of the record that this one follows from. */
  readonly restsOn: number | null;
}

/** Explains one record; what does not verify explains nothing. */
async function explain(
  files: Files,
  place: EventPlace,
  hasOpenings: boolean,
): Promise<Result<Explanation, string>> {
  const proof = encodeEventProof(sha256, files, place, { hasOpenings });
  if (!proof.ok) return err(PROVE_WORDS[proof.error]);
  const verdict = await verifyEventProof(proof.value, { sha256, hmac: hmacSha256, verify: verifyEd25519 });
  if (!verdict.ok) return err(`the evidence of this event does not verify: ${verdict.error.reason}`);
  const { record, openings, cosignedAtSeconds } = verdict.value;
  const { checked, of } = record.x;
  const rules = Array.isArray(checked) ? checked.filter((rule) => typeof rule === 'string') : [];
  return ok({
    record,
    openings: hasOpenings ? openings : null,
    heldAtSeconds: cosignedAtSeconds,
    checked: rules.map((rule, index) => ({
      rule,
      hasPassed: record.ty !== 'access.denied' || index < rules.length - 1,
    })),
    restsOn: typeof of === 'number' && of >= 0 && of < record.sq ? of : null,
  });
}

const idOf = ({ gw, ep, sq }: JournalRecord): string => `${gw}/${ep}/${sq}`;
const instantOf = (ms: number): string => new Date(ms).toISOString();

function jsonOf({ record, openings, heldAtSeconds, checked }: Explanation): object {
  const { ty, door, dir, rs, t, tq, pol, x } = record;
  return {
    event: idOf(record),
    type: ty,
    door: door ?? null,
    direction: dir ?? null,
    at: instantOf(t),
    clockTrust: tq,
    heldAt: heldAtSeconds === null ? null : instantOf(heldAtSeconds * 1000),
    policyVersion: pol ?? null,
    reason: rs ?? null,
    cause: typeof x.cause === 'string' ? x.cause : null,
    checked,
    ...(openings !== null && {
      openings: Object.fromEntries(openings.map(({ field, value }) => [field, value])),
    }),
  };
}

function answerLines(told: readonly Explanation[], words: Words, language: Language): readonly string[] {
  const why = WHY_WORDS[language];
  return told.flatMap((explanation, index) => [
    ...(index === 0 ? [] : ['', why.because(idOf(explanation.record))]),
    ...explanationLines(explanation, words, why),
  ]);
}

/** A name that these words do not know is shown as it is, unless it could draw on the terminal. */
const named = (table: Readonly<Record<string, string>>, name: string, unknown: string): string =>
  (Object.hasOwn(table, name) ? table[name] : undefined) ?? (/^[\w.-]+$/.test(name) ? name : unknown);

function explanationLines(explanation: Explanation, words: Words, why: WhyWords): readonly string[] {
  const { record, heldAtSeconds, checked, openings } = explanation;
  const { door, dir, t, tq, pol, ty, x } = record;
  const { unknown } = words.common;
  const reasons = reasonWords(words);
  const { auditor } = words;
  const rows: readonly (readonly [string, string | undefined])[] = [
    [auditor.record, idOf(record)],
    [
      auditor.columnDoor,
      door === undefined ? undefined : [door, dir && words.directions[dir]].filter(Boolean).join(', '),
    ],
    [auditor.happened, `${instantOf(t).replace('T', ' ').slice(0, -1)} ${why.utc}`],
    [auditor.clockTrust, `${tq}: ${auditor.clockTrusts[tq] ?? unknown}`],
    [words.admin.policyVersion, pol?.toString()],
    [why.was, typeof x.was === 'string' ? named(words.door.contacts, x.was, unknown) : undefined],
    [
      why.heldBy,
      heldAtSeconds === null
        ? undefined
        : `${instantOf(heldAtSeconds * 1000)
            .replace('T', ' ')
            .slice(0, 19)} ${why.utc}`,
    ],
    // Only where they were asked for: without that nothing points at anybody.
    ...COMMITTED_FIELDS.map(
      (field) =>
        [
          why.committed[field],
          openings === null || record.c?.[field] === undefined
            ? undefined
            : (openings.find((opening) => opening.field === field)?.value ?? why.notOpened),
        ] as const,
    ),
  ];
  const shown = rows.filter(([, value]) => value !== undefined);
  const width = Math.max(...shown.map(([label]) => label.length));
  const mark = Math.max(words.common.yes.length, words.common.no.length);
  const outcome = record.rs === undefined ? '' : `: ${named(reasons, record.rs, unknown)}`;
  return [
    `${words.events[ty]}${outcome}`,
    answerOf(record, why),
    '',
    ...shown.map(([label, value]) => `${label.padEnd(width)}  ${value}`),
    ...(checked.length === 0 ? [] : ['', auditor.checked]),
    ...checked.map(({ rule, hasPassed }) =>
      hasPassed
        ? `  ${words.common.yes.padEnd(mark)}  ${named(words.passed, rule, unknown)}`
        : `  ${words.common.no.padEnd(mark)}  ${named(reasons, rule, unknown)}: ${auditor.checkedFailed}`,
    ),
  ];
}

const reasonWords = ({ denials, outcomes }: Words): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(Object.entries(denials).map(([reason, { name }]) => [reason, name])),
  ...outcomes,
});

function answerOf({ ty, x }: JournalRecord, why: WhyWords): string {
  if (ty !== 'door.opened') return why.answers[ty] ?? why.neither;
  return named(why.opened, typeof x.cause === 'string' ? x.cause : 'unknown', why.opened.unknown);
}
