import { NOTHING_BEFORE, plainCanonical, plainLeaf, plainRoot } from './plain-log.ts';
import { violationsOf, type Violation } from './violation.ts';

/** The records of one epoch as texts, in their order. */
export interface LogView {
  /** Gateway and epoch, `gw/ep`. */
  readonly log: string;
  readonly texts: readonly string[];
}

interface PlainRecord {
  readonly gw: string;
  readonly ep: number;
  readonly sq: number;
  readonly bt: number;
  readonly mo: number;
  readonly t: number;
  readonly ph: string;
}

/** Records that are, or were, on the disks of gateways, and those that the server holds; by leaf hash. */
export interface EvidenceView {
  /** On a disk of a gateway now, its place for the message. */
  readonly kept: ReadonlyMap<string, string>;
  /** Stored at the server, as themselves or held by a reclaimed one. */
  readonly stored: ReadonlySet<string>;
  /** Durable once, and no longer on any disk. */
  readonly gone: readonly string[];
  /** How many the loss records tell of; null where nothing outside of the disk could have counted them. */
  readonly told: number | null;
}

/** @see rule I2 */
export function checkI2({ kept, stored, gone, told }: EvidenceView): readonly Violation[] {
  const violation = violationsOf('I2');
  const missing = [...kept].filter(([hash]) => !stored.has(hash));
  const lost = gone.filter((hash) => !stored.has(hash));
  return [
    ...missing.map(([hash, place]) => violation(place, `the server does not have ${hash.slice(0, 8)}`)),
    ...(told !== null && lost.length > told
      ? [violation('losses', `${lost.length} are gone and ${told} are counted`)]
      : []),
  ];
}

/** @see rule I3 */
export function checkI3({ log, texts }: LogView): readonly Violation[] {
  const violation = violationsOf('I3');
  let previous = NOTHING_BEFORE;
  return texts.flatMap((text, index) => {
    const { gw, ep, sq, ph } = JSON.parse(text) as PlainRecord;
    const found = [
      ...(sq === index ? [] : [violation(`${log}/${index}`, `its number is ${sq}`)]),
      ...(ph === previous ? [] : [violation(`${log}/${index}`, 'it is linked to another record')]),
      ...(`${gw}/${ep}` === log ? [] : [violation(`${log}/${index}`, `it is of ${gw}/${ep}`)]),
    ];
    previous = plainLeaf(text);
    return found;
  });
}

/** Checkpoints that were ever signed for one log, and its leaves as far as they are known. */
export interface CheckpointView {
  readonly log: string;
  readonly leafHashes: readonly string[];
  readonly checkpoints: readonly { readonly size: number; readonly root: string }[];
}

/** @see rule I4 */
export function checkI4({ log, leafHashes, checkpoints }: CheckpointView): readonly Violation[] {
  const violation = violationsOf('I4');
  const bySize = new Map<number, string>();
  return checkpoints.flatMap(({ size, root }) => {
    const other = bySize.get(size);
    bySize.set(size, root);
    if (other !== undefined) {
      return other === root ? [] : [violation(log, `two roots are signed at size ${size}`)];
    }
    if (size > leafHashes.length) return [violation(log, `signed at size ${size} of ${leafHashes.length}`)];
    const isPrefix = plainRoot(leafHashes.slice(0, size)) === root;
    return isPrefix ? [] : [violation(log, `the root signed at size ${size} is of other records`)];
  });
}

/** Where a log ends: its size and the leaf hash of its last record. */
export interface Head {
  readonly log: string;
  readonly size: number;
  readonly head: string;
}

/** A head as one word. */
export const headWord = ({ log, size, head }: Head): string => `${log}@${size}:${head}`;

/** @see rule I5 */
export function checkI5(server: readonly Head[], gatewayHad: ReadonlySet<string>): readonly Violation[] {
  const violation = violationsOf('I5');
  return server
    .filter((head) => head.size > 0 && !gatewayHad.has(headWord(head)))
    .map(({ log, size }) => violation(log, `no state of the gateway had this head at size ${size}`));
}

/** @param own the gateway's own leaf hash at that size; null where it has no such record */
export function checkI6(
  acknowledged: Head,
  own: string | null,
  serverHad: ReadonlySet<string>,
): readonly Violation[] {
  const { log, size, head } = acknowledged;
  if (size === 0) return [];
  const violation = violationsOf('I6');
  return [
    ...(own === head ? [] : [violation(log, `what is acknowledged at size ${size} is not its own`)]),
    ...(serverHad.has(headWord(acknowledged))
      ? []
      : [violation(log, `the server never held what is acknowledged at size ${size}`)]),
  ];
}

/** @param floors the floor that was kept when each record was made, ms since 1970; empty where unknown */
export function checkI10({ log, texts }: LogView, floors: readonly number[] = []): readonly Violation[] {
  const violation = violationsOf('I10');
  let before: PlainRecord | null = null;
  return texts.flatMap((text, index) => {
    const record = JSON.parse(text) as PlainRecord;
    const last = before;
    before = record;
    const where = `${log}/${index}`;
    const floor = floors[index];
    return [
      ...(floor !== undefined && record.t < floor ? [violation(where, 'stamped below the floor')] : []),
      ...(last !== null && record.bt < last.bt ? [violation(where, 'the boot counter fell')] : []),
      ...(last !== null && record.bt === last.bt && record.mo < last.mo
        ? [violation(where, 'monotonic time fell within a boot')]
        : []),
    ];
  });
}

/** @see rule I15 */
export function checkI15({ log, texts }: LogView): readonly Violation[] {
  const violation = violationsOf('I15');
  return texts.flatMap((text, index) =>
    plainCanonical(JSON.parse(text)) === text ? [] : [violation(`${log}/${index}`, 'not the canonical text')],
  );
}

/** What a journal file holds beside its records. */
export interface JournalFileView {
  readonly log: string;
  readonly headSize: number;
  readonly recordCount: number;
  /** Root by the stored frontier, and over the records themselves; base64url. */
  readonly frontierRoot: string;
  readonly recordsRoot: string;
  /** Commitments of records whose openings may not be gone yet, and the openings there are; `sq/field`. */
  readonly commitments: readonly string[];
  readonly openings: readonly string[];
  /** Grants without an outcome, as the head lists them and as the records tell it. */
  readonly intents: readonly number[];
  readonly grantsWithoutOutcome: readonly number[];
  /** Uses by permit, as the settings count them and as the records tell it. */
  readonly usesCounted: Readonly<Record<string, number>>;
  readonly usesRecorded: Readonly<Record<string, number>>;
}

const isSameList = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((each) => b.includes(each));

/** @see rule I14 */
export function checkI14(view: JournalFileView): readonly Violation[] {
  const violation = violationsOf('I14');
  const held = new Set(view.openings);
  const permits = new Set([...Object.keys(view.usesCounted), ...Object.keys(view.usesRecorded)]);
  const differing = [...permits].filter(
    (jti) => (view.usesCounted[jti] ?? 0) !== (view.usesRecorded[jti] ?? 0),
  );
  return [
    ...(view.headSize === view.recordCount ? [] : [violation(view.log, 'head and records differ in size')]),
    ...(view.frontierRoot === view.recordsRoot
      ? []
      : [violation(view.log, 'the frontier is of other records')]),
    ...view.commitments
      .filter((each) => !held.has(each))
      .map((each) => violation(`${view.log}/${each}`, 'a commitment without its opening')),
    ...(isSameList(view.intents, view.grantsWithoutOutcome)
      ? []
      : [violation(view.log, 'the open intents are not the grants without an outcome')]),
    ...differing.map((jti) => violation(view.log, `the uses of ${jti.slice(0, 6)} are counted wrongly`)),
  ];
}

/** A log before and after an erasure. */
export interface ErasureView {
  readonly rootBefore: string;
  readonly rootAfter: string;
  /** Commitments that nothing opens any more, and those recorded as erased; `gw/ep/sq/field`. */
  readonly unopenable: readonly string[];
  readonly recorded: readonly string[];
}

/** @see rule I11 */
export function checkI11(log: string, view: ErasureView): readonly Violation[] {
  const violation = violationsOf('I11');
  const recorded = new Set(view.recorded);
  const unopenable = new Set(view.unopenable);
  return [
    ...(view.rootBefore === view.rootAfter ? [] : [violation(log, 'the root changed')]),
    ...view.unopenable
      .filter((each) => !recorded.has(each))
      .map((each) => violation(each, 'it does not open and nobody recorded an erasure')),
    ...view.recorded
      .filter((each) => !unopenable.has(each))
      .map((each) => violation(each, 'it is recorded as erased and opens')),
  ];
}

/** @param canaries values of the subject table; @param texts what went out or was stored, by where */
export function checkI12(
  canaries: readonly string[],
  texts: Iterable<readonly [where: string, text: string]>,
): readonly Violation[] {
  const violation = violationsOf('I12');
  return [...texts].flatMap(([where, text]) =>
    canaries.flatMap((canary, index) =>
      text.includes(canary) ? [violation(where, `personal value ${index} stands in it`)] : [],
    ),
  );
}
