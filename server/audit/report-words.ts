import type { RoleName } from '#contract/api';
import type { BasisKind, RevocationCause } from '#contract/api-people';
import type { AnomalyKind, ReviewDecision, RightsFlag } from '#contract/api-review';

/** How something is said, in Indonesian and in English. */
type Pair = readonly [id: string, en: string];

export const ROLE_WORDS: Readonly<Record<RoleName, Pair>> = {
  technician: ['Teknisi', 'Technician'],
  supervisor: ['Pejabat pemberi izin', 'Approving official'],
  officer: ['Petugas ruang server', 'Room officer'],
  auditor: ['Auditor', 'Auditor'],
  administrator: ['Administrator', 'Administrator'],
  'privacy-officer': ['Pejabat PDP', 'Data-protection officer'],
};

export const FLAG_WORDS: Readonly<Record<RightsFlag, Pair>> = {
  'unused-90-days': ['Tidak dipakai 90 hari', 'Not used for 90 days'],
  'contract-ended': ['Kontrak berakhir', 'Contract ended'],
  'moved-unit': ['Pindah unit', 'Moved to another unit'],
  'sop-not-acknowledged': ['SOP belum dinyatakan', 'Procedure not acknowledged'],
  'several-cards': ['Lebih dari satu kartu', 'More than one card'],
  'own-approver': ['Menyetujui sendiri', 'Approves for themselves'],
  'never-reviewed': ['Belum pernah ditinjau', 'Never reviewed'],
};

export const DECISION_WORDS: Readonly<Record<ReviewDecision | 'suspended', Pair>> = {
  keep: ['Tetap', 'Keep'],
  change: ['Ubah', 'Change'],
  revoke: ['Cabut', 'Revoke'],
  suspended: ['Ditangguhkan', 'Suspended'],
};

export const CAUSE_WORDS: Readonly<Record<RevocationCause, Pair>> = {
  left: ['Berhenti', 'Left'],
  moved: ['Mutasi', 'Moved'],
  'contract-ended': ['Kontrak berakhir', 'Contract ended'],
  review: ['Tinjauan hak akses', 'Access-rights review'],
};

export const BASIS_WORDS: Readonly<Record<BasisKind, Pair>> = {
  decree: ['Surat keputusan', 'Decree'],
  contract: ['Kontrak', 'Contract'],
  'assignment-letter': ['Surat tugas', 'Assignment letter'],
};

export const ANOMALY_WORDS: Readonly<Record<AnomalyKind, Pair>> = {
  'after-hours-access': ['Masuk di luar jam kerja', 'Access after hours'],
  'repeated-access-to-unusual-areas': [
    'Berulang ke tempat yang tidak biasa',
    'Repeated access to unusual areas',
  ],
  'access-for-unusual-length': ['Lebih lama daripada biasanya', 'Longer than usual'],
  'out-of-sequence-access': ['Urutan masuk dan keluar janggal', 'Entries and exits out of sequence'],
};

const MEASURE_WORDS: Readonly<Record<string, Pair>> = {
  minutes: ['menit', 'minutes'],
  usualMinutes: ['biasanya (menit)', 'usually (minutes)'],
  times: ['kali', 'times'],
  'entered-again-without-exit': ['masuk lagi tanpa keluar', 'entered again without an exit'],
  'left-without-entry': ['keluar tanpa masuk', 'left without an entry'],
  'in-two-places': ['di dua tempat sekaligus', 'in two places at once'],
};

type Say = (id: string, en: string) => string;

const sayName = (say: Say, name: string): string => say(...(MEASURE_WORDS[name] ?? ([name, name] as const)));

/** Says what makes an anomaly stand out: `126 menit, 60 biasanya (menit)`. */
export const sayMeasure = (say: Say, measure: Readonly<Record<string, number | string>>): string =>
  Object.entries(measure)
    .map(([name, value]) =>
      typeof value === 'number' ? `${value} ${sayName(say, name)}` : sayName(say, value),
    )
    .join(', ');
