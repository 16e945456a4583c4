import type { SopContent } from '#contract/api-sop';

/** What all three templates rest on; an agency adds its own. */
export const LEGAL_BASIS: SopContent['legalBasis'] = [
  {
    id: 'Peraturan Presiden tentang Sistem Pemerintahan Berbasis Elektronik',
    en: 'Presidential regulation on electronic-based government',
  },
  {
    id: 'Peraturan Badan Siber dan Sandi Negara tentang manajemen keamanan informasi SPBE',
    en: 'Regulation of the cyber agency on information-security management',
  },
  { id: 'Undang-Undang tentang Pelindungan Data Pribadi', en: 'Law on the protection of personal data' },
  {
    id: 'Klasifikasi perencanaan daerah: sub-kegiatan pengelolaan pusat data pemerintah daerah',
    en: 'Regional planning classification: management of the local government’s data centre',
  },
];
