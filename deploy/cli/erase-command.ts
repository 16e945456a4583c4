import { writeFileSync } from 'node:fs';
import { ERASURE_BASES, type ErasureBasis } from '#contract/erasure';
import type { Site } from '../../server/procedure/site.ts';
import { refuseExisting } from './backup-content.ts';
import { withLocalSite } from './local-site.ts';
import { drawMinutes } from './minutes-page.ts';
import { createCommand, EXIT, JSON_OPTION, UnusableInput } from './program.ts';
import { loadSettings } from './server-command.ts';

/** How a basis is called on paper. */
export const BASIS_WORDS: Readonly<Record<ErasureBasis, string>> = {
  'subject-request': 'permintaan subjek data (UU 27/2022 Pasal 8)',
  'no-longer-needed': 'tidak lagi diperlukan (UU 27/2022 Pasal 43)',
  'retention-over': 'masa retensi berakhir (UU 27/2022 Pasal 44)',
  'consent-withdrawn': 'persetujuan ditarik kembali (UU 27/2022 Pasal 43)',
  unlawful: 'diperoleh secara melawan hukum (UU 27/2022 Pasal 43)',
  order: 'perintah pihak yang berwenang',
};

/**
 * Finds two active people by their usernames, one of them a privacy officer: what cannot be taken back is never one
 * person's decision, on the command line neither.
 */
export async function findDeciders(
  site: Site,
  text: string,
): Promise<readonly [carriedBy: string, approvedBy: string]> {
  const names = [...new Set(text.split(',').filter((name) => name !== ''))];
  if (names.length !== 2) throw new UnusableInput('--approved-by names two people: privacy officer,other');
  const rows = await site.db
    .selectFrom('people')
    .leftJoin('person_roles', (join) =>
      join.onRef('person_roles.person_id', '=', 'people.id').on('person_roles.role', '=', 'privacy-officer'),
    )
    .select(['people.id', 'person_roles.role'])
    .where('username', 'in', names)
    .where('is_active', '=', 1)
    .orderBy('person_roles.role')
    .execute();
  const officer = rows.find(({ role }) => role !== null);
  const other = rows.find((row) => row !== officer);
  if (rows.length !== 2 || officer === undefined || other === undefined) {
    throw new UnusableInput('--approved-by names two active accounts, one of them of a privacy officer');
  }
  return [officer.id, other.id];
}

/** `palang erase`: destroys what is known of a person, and leaves every record provable. */
export const eraseCommand = createCommand(
  'erase',
  'destroys what is known of a person; records, proofs and signatures stay as they are',
  {
    person: { type: 'string', valueHint: 'id', description: 'id of the person, s_...', required: true },
    basis: { type: 'string', description: ERASURE_BASES.join(', '), required: true },
    'approved-by': {
      type: 'string',
      valueHint: 'usernames',
      description: 'two who decided it, one of them a privacy officer, with a comma between',
      required: true,
    },
    minutes: { type: 'string', valueHint: 'file', description: 'new .pdf: minutes for wet signatures' },
    ...JSON_OPTION,
  },
  async (args, output) => {
    const basis = ERASURE_BASES.find((each) => each === args.basis);
    if (basis === undefined) throw new UnusableInput(`--basis is one of ${ERASURE_BASES.join(', ')}`);
    const { minutes } = args;
    if (minutes !== undefined) refuseExisting(minutes);
    const settings = loadSettings();
    const { erasePerson } = await import('../../server/procedure/erase-person.ts');
    return withLocalSite('erase', settings, async (site) => {
      const [carriedBy, approvedBy] = await findDeciders(site, args['approved-by']);
      if ([carriedBy, approvedBy].includes(args.person)) {
        throw new UnusableInput('nobody decides on their own data');
      }
      const order = { personId: args.person, basis, carriedBy, approvedBy, deciders: 2, requestId: null };
      const erased = await erasePerson(site, order);
      if (!erased.ok) {
        output.complain(`palang erase: ${erased.error.code}`);
        return EXIT.no;
      }
      const { id, openings, siteSeq } = erased.value;
      if (minutes !== undefined) {
        const page = await drawMinutes({
          title: 'BERITA ACARA PEMUSNAHAN DATA PRIBADI',
          site: settings.siteName,
          timeZone: settings.timeZone,
          at: site.clock.epochMs(),
          opening:
            'data pribadi seorang subjek data telah dimusnahkan dari sistem akses ruang server, beserta kunci sandinya, sehingga tidak dapat dibuka kembali.',
          rows: [
            ['Nomor pemusnahan', id],
            ['Dasar', BASIS_WORDS[basis]],
            ['Bukaan yang dimusnahkan', String(openings)],
            ['Catatan log situs', siteSeq === null ? 'nihil' : `nomor ${siteSeq}`],
            ['Cara', 'pemusnahan kunci sandi dan penghapusan baris'],
          ],
          closing:
            'Catatan peristiwa, akar pohon hash, dan tanda tangan tidak berubah. Keutuhannya dapat diperiksa siapa pun dengan perintah: palang verify.',
          signers: ['Pejabat pelindungan data pribadi', 'Pejabat yang menyetujui', 'Saksi'],
        });
        writeFileSync(minutes, page, { flag: 'wx', mode: 0o600 });
      }
      if (args.json === true) output.say(JSON.stringify({ id, openings, siteSeq }));
      else
        output.say(
          `erased: ${openings} openings are gone; ${id}; backups with keys still hold them until they end`,
        );
      return EXIT.done;
    });
  },
);
