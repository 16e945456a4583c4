import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { verifyBundle, type BundleReport } from '#contract/bundle';
import { encodeHex } from '#contract/bytes';
import type { ExportedEvidence } from '../../server/audit/evidence-desk.ts';
import { assertionPorts, hmacSha256, sha256 } from '../../server/signing/node-crypto.ts';
import { findDeciders } from './erase-command.ts';
import { requireSite, withLocalSite } from './local-site.ts';
import { drawMinutes } from './minutes-page.ts';
import { createCommand, EXIT, JSON_OPTION, UnusableInput, type Output } from './program.ts';
import { loadSettings } from './server-command.ts';
import { shredFile } from './shred-file.ts';
import { VERSION } from './version.ts';

const ports = { ...assertionPorts, hmac: hmacSha256 };

/** `palang decommission`: everything exported and verified, everything personal destroyed, and a certificate of both. */
export const decommissionCommand = createCommand(
  'decommission',
  'ends one gateway, or, without one, the site for good: exports and verifies everything, destroys personal data and keys, writes a certificate',
  {
    gateway: { type: 'positional', description: 'gateway that ends; the site goes on', required: false },
    lost: {
      type: 'boolean',
      description: 'the gateway is lost: the site log says from where on its journal is missing',
    },
    known: {
      type: 'string',
      valueHint: 'records',
      description: 'how many records it is known to have made after that (second medium, door controller)',
    },
    out: {
      type: 'string',
      valueHint: 'folder',
      description: 'new folder for archive, closing bundle and certificate',
    },
    confirm: {
      type: 'string',
      valueHint: 'site',
      description: 'the id of the site, once more; stop the server first',
    },
    'approved-by': {
      type: 'string',
      valueHint: 'usernames',
      description: 'two who decided it, one of them a privacy officer, with a comma between',
    },
    ...JSON_OPTION,
  },
  async (args, output) => {
    const settings = loadSettings();
    requireSite(settings);
    if (args.gateway !== undefined) return endGateway(settings, args.gateway, args, output);
    const { out, 'approved-by': deciders } = args;
    if (out === undefined || deciders === undefined || args.confirm === undefined) {
      throw new UnusableInput('to end the site, --out, --confirm and --approved-by are needed');
    }
    if (args.confirm !== settings.siteId) throw new UnusableInput('--confirm is not the id of this site');
    if (existsSync(out)) throw new UnusableInput(`${out} is there already`);
    const { exportEvidence } = await import('../../server/audit/evidence-desk.ts');
    const { closeSite, countHolds } = await import('../../server/procedure/close-site.ts');
    const everything = { from: null, until: null };
    const done = await withLocalSite('decommission', settings, async (site) => {
      await findDeciders(site, deciders);
      const holds = await countHolds(site);
      if (holds > 0) return { stopped: `${holds} people are under a legal hold` } as const;
      const archive = await exportEvidence(site, VERSION, everything);
      const before = await verifyBundle(archive.files, ports);
      // What does not verify must not be destroyed: it is what an investigation would need.
      if (!before.ok) return { stopped: `the evidence does not verify: ${before.error.reason}` } as const;
      mkdirSync(out, { recursive: true, mode: 0o700 });
      const archiveHash = await writeZip(join(out, 'archive.zip'), archive);
      const closed = await closeSite(site, 2);
      const closing = await exportEvidence(site, VERSION, everything);
      const after = await verifyBundle(closing.files, ports);
      if (!after.ok) return { stopped: `the closing bundle does not verify: ${after.error.reason}` } as const;
      const closingHash = await writeZip(join(out, 'closing.zip'), closing);
      return {
        stopped: null,
        at: site.clock.epochMs(),
        closed,
        report: after.value,
        archiveHash,
        closingHash,
      };
    });
    if (done.stopped !== null) {
      output.complain(`palang decommission: ${done.stopped}`);
      return EXIT.no;
    }
    const destroyed = destroyFiles(settings.databaseUrl, settings.keysDir);
    const facts = factsOf(done, destroyed);
    writeFileSync(join(out, 'certificate.json'), `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600 });
    const page = await drawMinutes({
      title: 'BERITA ACARA PENGHENTIAN SISTEM DAN PEMUSNAHAN DATA',
      site: settings.siteName,
      timeZone: settings.timeZone,
      at: done.at,
      opening:
        'sistem akses ruang server dihentikan: seluruh bukti diekspor dan diperiksa, data pribadi dan kunci sandi dimusnahkan.',
      rows: Object.entries(facts).map(([name, value]) => [LABELS[name] ?? name, String(value)]),
      closing:
        'Arsip diserahkan kepada unit kearsipan. Berkas penutup tidak memuat data pribadi dan dapat diperiksa siapa pun: palang verify closing.zip.',
      signers: ['Pejabat pelindungan data pribadi', 'Pejabat yang menyetujui', 'Unit kearsipan'],
    });
    writeFileSync(join(out, 'certificate.pdf'), page, { mode: 0o600 });
    if (args.json === true) output.say(JSON.stringify({ out, ...facts }));
    else
      output.say(
        `closed: ${facts.openings} openings, ${facts.people} people, ${facts.files} files destroyed; see ${out}`,
      );
    return EXIT.done;
  },
);

async function endGateway(
  settings: ReturnType<typeof loadSettings>,
  gateway: string,
  args: {
    readonly lost?: boolean | undefined;
    readonly known?: string | undefined;
    readonly json?: boolean | undefined;
  },
  output: Output,
): Promise<number> {
  const known = args.known === undefined ? undefined : Number(args.known);
  if (known !== undefined && (args.lost !== true || !Number.isSafeInteger(known) || known < 0)) {
    throw new UnusableInput('--known is a count, and goes with --lost');
  }
  const { decommissionGateway } = await import('../../server/procedure/epochs.ts');
  const ended = await withLocalSite('decommission', settings, (site) =>
    decommissionGateway(site, gateway, {
      isLost: args.lost === true,
      ...(known !== undefined && { known }),
    }),
  );
  if (!ended.ok) {
    output.complain('palang decommission: there is no enrolled gateway of this name');
    return EXIT.no;
  }
  const { epoch, size } = ended.value;
  output.say(
    args.json === true
      ? JSON.stringify(ended.value)
      : `ended: ${gateway}, of whose journal ${epoch} the server holds ${size} records; its key counts no more`,
  );
  return EXIT.done;
}

const LABELS: Readonly<Record<string, string>> = {
  fingerprint: 'Sidik kunci akar',
  records: 'Catatan dalam berkas penutup',
  people: 'Orang yang datanya dihapus',
  openings: 'Bukaan yang dimusnahkan',
  files: 'Berkas kunci dan basis data yang dimusnahkan',
  database: 'Basis data',
  archive: 'SHA-256 archive.zip',
  closing: 'SHA-256 closing.zip',
};

async function writeZip(path: string, { files, createdAt }: ExportedEvidence): Promise<string> {
  const { zipBundle } = await import('../../server/audit/export.ts');
  const parts: Uint8Array[] = [];
  const zip = Readable.from(
    (async function* () {
      for await (const piece of zipBundle(files, createdAt)) {
        parts.push(piece);
        yield piece;
      }
    })(),
  );
  await pipeline(zip, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  return encodeHex(sha256(new Uint8Array(Buffer.concat(parts))));
}

interface Destroyed {
  readonly files: number;
  readonly database: string;
}

/** Public keys stay: without them nobody could verify what is left. */
const KEPT = ['site-root.json', 'erased.jsonl'];

function destroyFiles(databaseUrl: string, keysDir: string): Destroyed {
  let files = 0;
  for (const name of readdirSync(keysDir)) {
    const path = join(keysDir, name);
    if (KEPT.includes(name) || !statSync(path).isFile()) continue;
    shredFile(path);
    files += 1;
  }
  if (!databaseUrl.startsWith('sqlite:')) {
    return { files, database: 'PostgreSQL: hapus dengan DROP DATABASE oleh administratornya' };
  }
  const file = databaseUrl.slice('sqlite:'.length);
  for (const path of [file, `${file}-wal`, `${file}-shm`]) {
    if (!existsSync(path)) continue;
    shredFile(path);
    rmSync(path, { force: true });
    files += 1;
  }
  return { files, database: 'SQLite: ditimpa dan dihapus' };
}

const factsOf = (
  done: {
    readonly closed: { readonly people: number; readonly openings: number };
    readonly report: BundleReport;
    readonly archiveHash: string;
    readonly closingHash: string;
  },
  destroyed: Destroyed,
) => ({
  fingerprint: done.report.fingerprint,
  records: done.report.counts.records,
  ...done.closed,
  ...destroyed,
  archive: done.archiveHash,
  closing: done.closingHash,
});
