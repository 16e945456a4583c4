/** Which of the organisation's procedures a purpose belongs to. */
export type PurposeGroup = 'application' | 'network' | 'facility' | 'other';

/** Why somebody enters the server room. */
export interface PurposeRow {
  readonly code: string;
  readonly group: PurposeGroup;
  readonly nameId: string;
  readonly nameEn: string;
  /** Longest visit for it, in hours. */
  readonly maxHours: number;
}

const row = (
  code: string,
  group: PurposeGroup,
  maxHours: number,
  nameId: string,
  nameEn: string,
): PurposeRow => ({ code, group, nameId, nameEn, maxHours });

/**
 * The sixteen purposes of a visit, tied to the activities of the procedures for applications (SOP 1) and for the
 * network (SOP 2).
 */
export const PURPOSES: readonly PurposeRow[] = [
  row('APP-INS', 'application', 8, 'Instalasi dan konfigurasi aplikasi', 'Application installation'),
  row('APP-MIG', 'application', 12, 'Migrasi data', 'Data migration'),
  row('APP-OPS', 'application', 8, 'Pemeliharaan atau gangguan aplikasi', 'Application upkeep or fault'),
  row('APP-UPD', 'application', 8, 'Pembaruan aplikasi', 'Application update'),
  row('APP-DEC', 'application', 8, 'Pemutusan aplikasi dan hapus data', 'Application decommissioning'),
  row('NET-PLN', 'network', 4, 'Survei dan perencanaan kapasitas', 'Survey and capacity planning'),
  row('NET-INS', 'network', 8, 'Pemasangan dan konfigurasi jaringan', 'Network installation'),
  row('NET-MON', 'network', 4, 'Pemantauan atau inspeksi rutin', 'Monitoring or routine inspection'),
  row('NET-FW', 'network', 8, 'Pembaruan firmware', 'Firmware update'),
  row('NET-BKP', 'network', 12, 'Pencadangan, pemulihan, atau uji pulih', 'Backup, restore or restore drill'),
  row('NET-TRB', 'network', 12, 'Pemecahan masalah jaringan', 'Network troubleshooting'),
  row('FAS', 'facility', 8, 'AC, UPS, genset, atau pemadam', 'Cooling, UPS, generator or fire suppression'),
  row('BRS', 'facility', 2, 'Kebersihan', 'Cleaning'),
  row('AUD', 'other', 8, 'Audit atau penilaian', 'Audit or assessment'),
  row('TUR', 'other', 2, 'Kunjungan', 'Tour'),
  row('DRT', 'other', 24, 'Darurat', 'Emergency'),
];

/** Finds a purpose by its code. */
export const purposeOf = (code: string): PurposeRow | undefined =>
  PURPOSES.find((purpose) => purpose.code === code);
