/** Which of the organisation's procedures a purpose belongs to. */
export type PurposeGroup = 'application' | 'network' | 'facility' | 'other';

/** A name in both languages of the site. */
export interface Naming {
  readonly nameId: string;
  readonly nameEn: string;
}

/** Something to look at before the visit is closed. */
export interface ChecklistItem extends Naming {
  readonly key: string;
}

/** Something that the closing report says. */
export interface ClosingField extends Naming {
  readonly key: string;
  readonly kind: 'text' | 'number' | 'yes-no' | 'passed-failed';
}

/** Why somebody enters the server room, and what the procedure asks for it. */
export interface PurposeRow extends Naming {
  readonly code: string;
  readonly group: PurposeGroup;
  /** Longest visit for it, in hours. */
  readonly maxHours: number;
  /** How many officials approve it. */
  readonly approvals: 1 | 2;
  readonly needsChangeNumber: boolean;
  readonly needsEscort: boolean;
  readonly needsTwoPersons: boolean;
  /** True where a signed report (berita acara) belongs to it. */
  readonly needsMinutes: boolean;
  /** True where an answer is due within 15 minutes. */
  readonly isFastTrack: boolean;
  /** Kinds of equipment that usually come along. */
  readonly equipment: readonly string[];
  readonly checklist: readonly ChecklistItem[];
  readonly closing: readonly ClosingField[];
  readonly isActive: boolean;
}

const item = (key: string, nameId: string, nameEn: string): ChecklistItem => ({ key, nameId, nameEn });
const field = (key: string, kind: ClosingField['kind'], nameId: string, nameEn: string): ClosingField => ({
  key,
  kind,
  nameId,
  nameEn,
});

const TIDY = [
  item('area-tidy', 'Area dirapikan dan sampah dibuang', 'The area is tidy and waste is gone'),
  item('rack-locked', 'Rak ditutup dan dikunci', 'The rack is closed and locked'),
];
const CONSOLE = item('console-locked', 'Konsol dikunci', 'The console is locked');
const SERVICE = item('service-checked', 'Layanan diperiksa berjalan', 'The service was seen to run');
const WITNESS = field('witnessName', 'text', 'Nama saksi', 'Name of the witness');
const DOWNTIME = [
  field('downtimeMinutes', 'number', 'Lama layanan terhenti (menit)', 'Downtime (minutes)'),
  field('rootCause', 'text', 'Penyebab', 'Cause'),
];
const NET_TOOLS = ['laptop', 'kabel konsol'];

interface RowExtra extends Partial<Omit<PurposeRow, 'code' | 'group' | 'maxHours' | 'nameId' | 'nameEn'>> {
  readonly approvals?: 1 | 2;
}

const row = (
  code: string,
  group: PurposeGroup,
  maxHours: number,
  nameId: string,
  nameEn: string,
  extra: RowExtra = {},
): PurposeRow => ({
  code,
  group,
  nameId,
  nameEn,
  maxHours,
  approvals: 1,
  needsChangeNumber: false,
  needsEscort: false,
  needsTwoPersons: false,
  needsMinutes: false,
  isFastTrack: false,
  equipment: [],
  checklist: TIDY,
  closing: [],
  isActive: true,
  ...extra,
});

const planned: RowExtra = {
  needsChangeNumber: true,
  equipment: ['laptop'],
  checklist: [...TIDY, CONSOLE, SERVICE],
};

/**
 * The sixteen purposes of a visit as a new site has them, tied to the activities of the procedures for
 * applications (SOP 1) and for the network (SOP 2). An administrator edits the site's own copy.
 */
export const PURPOSES: readonly PurposeRow[] = [
  row('APP-INS', 'application', 8, 'Instalasi dan konfigurasi aplikasi', 'Application installation', planned),
  row('APP-MIG', 'application', 12, 'Migrasi data', 'Data migration', {
    ...planned,
    closing: [field('migrationResult', 'text', 'Hasil migrasi', 'Result of the migration')],
  }),
  row('APP-OPS', 'application', 8, 'Pemeliharaan atau gangguan aplikasi', 'Application upkeep or fault', {
    isFastTrack: true,
    equipment: ['laptop'],
    checklist: [...TIDY, CONSOLE, SERVICE],
    closing: DOWNTIME,
  }),
  row('APP-UPD', 'application', 8, 'Pembaruan aplikasi', 'Application update', planned),
  row('APP-DEC', 'application', 8, 'Pemutusan aplikasi dan hapus data', 'Application decommissioning', {
    ...planned,
    approvals: 2,
    needsMinutes: true,
    checklist: [...TIDY, CONSOLE],
    closing: [
      field('mediaSerials', 'text', 'Nomor seri media simpan', 'Serial numbers of the media'),
      field('destructionMethod', 'text', 'Cara penghapusan atau pemusnahan', 'How it was wiped or destroyed'),
      WITNESS,
    ],
  }),
  row('NET-PLN', 'network', 4, 'Survei dan perencanaan kapasitas', 'Survey and capacity planning'),
  row('NET-INS', 'network', 8, 'Pemasangan dan konfigurasi jaringan', 'Network installation', {
    ...planned,
    equipment: [...NET_TOOLS, 'perangkat jaringan'],
    closing: [field('rackUnit', 'text', 'Rak dan posisi U', 'Rack and unit')],
  }),
  row('NET-MON', 'network', 4, 'Pemantauan atau inspeksi rutin', 'Monitoring or routine inspection'),
  row('NET-FW', 'network', 8, 'Pembaruan firmware', 'Firmware update', {
    needsTwoPersons: true,
    equipment: NET_TOOLS,
    checklist: [...TIDY, CONSOLE, SERVICE],
    closing: [
      field('firmwareBefore', 'text', 'Versi firmware sebelum', 'Firmware version before'),
      field('firmwareAfter', 'text', 'Versi firmware sesudah', 'Firmware version after'),
      field('backupTaken', 'yes-no', 'Cadangan konfigurasi dibuat', 'The configuration was backed up'),
      field('rollbackPlan', 'text', 'Cara kembali ke versi lama', 'Way back to the old version'),
    ],
  }),
  row(
    'NET-BKP',
    'network',
    12,
    'Pencadangan, pemulihan, atau uji pulih',
    'Backup, restore or restore drill',
    {
      needsMinutes: true,
      checklist: [...TIDY, CONSOLE],
      closing: [
        field('backupSet', 'text', 'Set cadangan', 'Backup set'),
        field('restoreMinutes', 'number', 'Waktu pulih (menit)', 'Time to restore (minutes)'),
        field('restoreResult', 'passed-failed', 'Hasil uji pulih', 'Result of the restore drill'),
        WITNESS,
      ],
    },
  ),
  row('NET-TRB', 'network', 12, 'Pemecahan masalah jaringan', 'Network troubleshooting', {
    isFastTrack: true,
    equipment: NET_TOOLS,
    checklist: [...TIDY, CONSOLE, SERVICE],
    closing: DOWNTIME,
  }),
  row('FAS', 'facility', 8, 'AC, UPS, genset, atau pemadam', 'Cooling, UPS, generator or fire suppression', {
    equipment: ['alat kerja'],
  }),
  row('BRS', 'facility', 2, 'Kebersihan', 'Cleaning', { needsEscort: true }),
  row('AUD', 'other', 8, 'Audit atau penilaian', 'Audit or assessment', { needsEscort: true }),
  row('TUR', 'other', 2, 'Kunjungan', 'Tour', { needsEscort: true }),
  row('DRT', 'other', 24, 'Darurat', 'Emergency', {
    approvals: 2,
    isFastTrack: true,
    needsMinutes: true,
    closing: [
      field('reason', 'text', 'Alasan darurat', 'Reason of the emergency'),
      field('actionTaken', 'text', 'Tindakan yang diambil', 'What was done'),
    ],
  }),
];
