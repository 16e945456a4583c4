import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { stdout } from 'node:process';
import { verifyBundle, type BundleReport, type BundleVerdict } from '#contract/bundle';
import { checkExtension, type ExtensionFailure } from '#contract/bundle-extension';
import { checkBundleSeals } from '#contract/bundle-seals';
import type { NoteKey } from '#contract/checkpoint';
import { checkWitness, type Witnessed } from '#contract/bundle-witness';
import { parseWitnessKey } from '#contract/witness';
import type { BundleFailure } from '#contract/bundle-failure';
import { checkDigests, type DigestFailure, type DigestFile, type DigestReport } from '#contract/digest-check';
import { verifyEventProof, type EventProofReport } from '#contract/event-proof';
import { err, ok, type Result } from '#contract/result';
import { parseSealEscrow, type SealEscrow } from '#contract/seal';
import { assertionPorts, hmacSha256, sha256 } from '../../server/signing/node-crypto.ts';
import {
  createCommand,
  EXIT,
  joinValues,
  JSON_OPTION,
  splitValues,
  UnusableInput,
  type Output,
} from './program.ts';
import { readBundle, readDigest, readEventProof } from './read-bundle.ts';
import type { ZipContent } from './read-zip.ts';

const ports = { ...assertionPorts, hmac: hmacSha256 };

const verifyOnce = createCommand(
  'verify',
  'tells whether an evidence bundle, or the proof of one event, is what was signed, and if not, which record is not',
  {
    bundle: {
      type: 'positional',
      description: 'folder or .zip of the bundle, or a .tlog-proof',
      required: true,
    },
    previous: {
      type: 'string',
      valueHint: 'bundle',
      description: 'older bundle of the same site; the new one must go on where it ended',
    },
    digest: {
      type: 'string',
      valueHint: 'file...',
      description: 'weekly digests that others have kept, as text; the bundle must hold what they stand for',
    },
    'seal-key': {
      type: 'string',
      valueHint: 'file',
      description: 'key that was kept when a gateway was enrolled with --escrow; its seals must hold',
    },
    'witness-key': {
      type: 'string',
      valueHint: 'file',
      description: 'public key of a witness, as it prints it; it must have signed a head of the site log',
    },
    'root-fingerprint': {
      type: 'string',
      valueHint: 'hex',
      description: 'fingerprint of the root keys as it stands on paper; must be the one of the bundle',
    },
    ...JSON_OPTION,
  },
  async (args, output) => {
    const fingerprint = args['root-fingerprint'];
    const paper = fingerprint === undefined ? {} : { rootFingerprint: fingerprint };
    const show = { output, isJson: args.json === true, isCompared: fingerprint !== undefined };
    const proof = readEventProof(args.bundle);
    if (proof !== null) {
      if (args.previous !== undefined) throw new UnusableInput('--previous is for bundles');
      if (args.digest !== undefined) throw new UnusableInput('--digest is for bundles');
      if (args['seal-key'] !== undefined) throw new UnusableInput('--seal-key is for bundles');
      const verdict = await verifyEventProof(proof, ports, paper);
      if (verdict.ok) showReport(verdict.value, eventLines(verdict.value, show.isCompared), show);
      else showFailure({ file: basename(args.bundle), seq: null, ...verdict.error }, show);
      return verdict.ok ? EXIT.done : EXIT.no;
    }
    const content = readBundle(args.bundle);
    const older = args.previous === undefined ? null : await readPrevious(args.previous);
    const digests = splitValues(args.digest).map(readDigest);
    const escrow = args['seal-key'] === undefined ? null : readEscrow(args['seal-key']);
    const witness = args['witness-key'] === undefined ? null : readWitnessKey(args['witness-key']);
    const verdict = withDamage(
      await verifyBundle(content.files, ports, {
        ...paper,
        ...(show.isJson ? {} : { onProgress: createProgress() }),
      }),
      content.damaged,
    );
    const said = verdict.ok
      ? await compared(verdict.value, content, { older, digests, escrow, witness })
      : verdict;
    if (said.ok) showReport(said.value, bundleLines(said.value, show.isCompared), show);
    else showFailure(said.error, show);
    return said.ok ? EXIT.done : EXIT.no;
  },
);

/** `palang verify`: needs no server, no network and no trust in who made the bundle. */
export const verifyCommand = joinValues(verifyOnce, 'digest');

/** What a bundle holds, how much of it came since an older one, and the digests that it goes on from. */
type Report = BundleReport & {
  readonly addedRecords?: number;
  readonly digests?: readonly DigestReport[];
  readonly witnessed?: Witnessed;
  readonly sealed?: { readonly gateway: string; readonly seals: number };
};

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw new UnusableInput(`${path} cannot be read`);
    throw error;
  }
}

function readEscrow(path: string): SealEscrow {
  const escrow = parseSealEscrow(sha256, readText(path));
  if (escrow.ok) return escrow.value;
  throw new UnusableInput(
    escrow.error === 'mistyped' ? `${path}: the key was mistyped` : `${path} is no seal key`,
  );
}

function readWitnessKey(path: string): NoteKey {
  const key = parseWitnessKey(readText(path));
  if (key === null) throw new UnusableInput(`${path} is no key of a witness`);
  return key;
}

type Failure = ExtensionFailure | DigestFailure;

/** Reads an older bundle; one that does not verify says nothing about another. */
async function readPrevious(path: string): Promise<ZipContent> {
  const content = readBundle(path);
  const verdict = withDamage(await verifyBundle(content.files, ports), content.damaged);
  if (verdict.ok) return content;
  const { file, line, reason } = verdict.error;
  const place = line === null ? file : `${file}, line ${line}`;
  throw new UnusableInput(`the previous bundle is not intact itself: ${reason}, ${place}`);
}

/** Holds a bundle that verifies against what is known from before. */
async function compared(
  report: BundleReport,
  { files }: ZipContent,
  {
    older,
    digests,
    escrow,
    witness,
  }: {
    readonly older: ZipContent | null;
    readonly digests: readonly DigestFile[];
    readonly escrow: SealEscrow | null;
    readonly witness: NoteKey | null;
  },
): Promise<Result<Report, Failure>> {
  let said: Report = report;
  if (older !== null) {
    const extension = checkExtension(sha256, files, older.files);
    if (!extension.ok) return extension;
    said = { ...said, ...extension.value };
  }
  if (digests.length > 0) {
    const checked = await checkDigests(ports, files, digests);
    if (!checked.ok) return checked;
    said = { ...said, digests: checked.value };
  }
  if (escrow !== null) {
    if (escrow.site !== report.site) throw new UnusableInput('the seal key is of another site');
    const sealed = checkBundleSeals(ports, files, escrow);
    if (!sealed.ok) return sealed;
    said = { ...said, sealed: sealed.value };
  }
  if (witness !== null) {
    const witnessed = await checkWitness(ports, files, witness);
    if (!witnessed.ok) return witnessed;
    said = { ...said, witnessed: witnessed.value };
  }
  return ok(said);
}

/** Adds what unpacking found: an entry that could not be unpacked at all, or whose checksum alone is wrong. */
function withDamage(verdict: BundleVerdict, damaged: readonly string[]): BundleVerdict {
  const [first] = damaged;
  if (verdict.ok) return first === undefined ? verdict : err(damagedEntry(first));
  const { file, reason } = verdict.error;
  return reason === 'file-missing' && damaged.includes(file) ? err(damagedEntry(file)) : verdict;
}

const damagedEntry = (file: string): BundleFailure => ({
  file,
  line: null,
  seq: null,
  reason: 'changed',
  words: 'The zip is damaged here.',
});

/** Shows how far a long verification is, on a terminal only. */
function createProgress(): (done: number, total: number) => void {
  if (!process.stderr.isTTY) return () => undefined;
  let shown = -1;
  return (done, total) => {
    const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
    if (percent === shown || total < 4 * 1024 * 1024) return;
    shown = percent;
    process.stderr.write(percent >= 100 ? '\r\u001b[K' : `\rverifying ${percent} %`);
  };
}

interface Show {
  readonly output: Output;
  readonly isJson: boolean;
  readonly isCompared: boolean;
}

function paint(code: number, text: string): string {
  const isColoured = stdout.isTTY && process.env['NO_COLOR'] === undefined;
  return isColoured ? `\u001b[${code};1m${text}\u001b[0m` : text;
}

function showFailure(failure: Failure, { output, isJson }: Show): void {
  if (isJson) {
    output.say(JSON.stringify({ ok: false, ...failure }));
    return;
  }
  const { file, line, seq, reason, words } = failure;
  const place = [
    file,
    ...(line === null ? [] : [`line ${line}`]),
    ...(seq === null ? [] : [`record ${seq}`]),
  ];
  output.say(`${paint(31, 'NOT INTACT')}: ${reason}`);
  output.say(`  ${place.join(', ')}`);
  output.say(`  ${words}`);
}

function showReport(report: object, lines: readonly string[], { output, isJson }: Show): void {
  if (isJson) output.say(JSON.stringify({ ok: true, ...report }));
  else for (const line of lines) output.say(line);
}

const instantOf = (seconds: number | null): string =>
  seconds === null ? '-' : new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

function keyLines(
  report: Pick<BundleReport, 'fingerprint' | 'isSingleOfficial'>,
  isCompared: boolean,
): string[] {
  const half = report.fingerprint.length / 2;
  return [
    `Root keys   ${report.fingerprint.slice(0, half).trim()}`,
    `            ${report.fingerprint.slice(half).trim()}`,
    `            ${isCompared ? 'as given with --root-fingerprint' : 'compare with the paper: whoever made this could have made these, too'}`,
    ...(report.isSingleOfficial ? ['            one official holds the root key alone'] : []),
  ];
}

function eventLines(report: EventProofReport, isCompared: boolean): string[] {
  const { record, openings } = report;
  return [
    `Site        ${report.site}`,
    `Event       ${record.gw}/${record.ep}/${record.sq}: ${[record.ty, record.rs, record.door, record.dir].filter((word) => word !== undefined).join(', ')}`,
    `Time        ${new Date(record.t).toISOString()} as the gateway believed (trust ${record.tq} of 3)`,
    `Held        ${instantOf(report.cosignedAtSeconds)} by the server, at the latest, among ${report.size} records`,
    ...openings.map(({ field, value }) => `${field.padEnd(11)} ${value}`),
    ...keyLines(report, isCompared),
    '',
    `${paint(32, 'INTACT')}: records 1, openings ${openings.length}`,
  ];
}

function bundleLines(report: Report, isCompared: boolean): string[] {
  const { period, addedRecords, digests = [], sealed, witnessed } = report;
  const width = Math.max(...report.logs.map((log) => log.origin.length));
  const { logs, records, checkpoints, openings } = report.counts;
  return [
    `Site        ${report.site}`,
    `Made        ${report.createdAt} by ${report.tool}`,
    `Openings    ${period === null ? 'all that exist' : `${period.from} to ${period.until}`}`,
    ...(report.erased === 0
      ? []
      : [`Erased      ${report.erased} commitments, each of them told of in the site log`]),
    ...keyLines(report, isCompared),
    ...(addedRecords === undefined
      ? []
      : [`Since       the previous bundle ${addedRecords} records were added, and none was changed`]),
    ...digests.map(
      ({ file, week, size }) =>
        `Digest      ${file}, week of ${week}: ${size} records of the site log are those of then`,
    ),
    ...(witnessed === undefined
      ? []
      : [
          `Witness     ${witnessed.name} signed ${witnessed.size} records of the site log, ${instantOf(witnessed.atSeconds)}`,
        ]),
    ...(sealed === undefined
      ? []
      : [`Seals       ${sealed.seals} of ${sealed.gateway}, each by the key of its own interval`]),
    `Approvals   ${report.approvals.passkey} by passkey, ${report.approvals.session} by session (the weaker setting)`,
    ...(report.weakGrants === 0
      ? []
      : [`            ${report.weakGrants} entries were granted on approvals by session only`]),
    ...report.notices.map(
      ({ ty, line, gateway, epoch, why }) =>
        `Notice      ${[ty, ...(gateway === null ? [] : [`${gateway}/${epoch}`]), ...(why === null ? [] : [why])].join(', ')} (site log, line ${line})`,
    ),
    '',
    `${'Log'.padEnd(width)}  ${'records'.padStart(8)}  checkpoints  newest cosignature   root`,
    ...report.logs.map((log) =>
      [
        log.origin.padEnd(width),
        String(log.size).padStart(8),
        String(log.checkpoints).padStart(11),
        instantOf(log.cosignedAtSeconds).padEnd(20),
        log.root,
      ].join('  '),
    ),
    '',
    `${paint(32, 'INTACT')}: logs ${logs}, records ${records}, checkpoints ${checkpoints}, openings ${openings}`,
  ];
}
