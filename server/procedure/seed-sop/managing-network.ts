import type { SopContent } from '#contract/api-sop';
import { LEGAL_BASIS } from './legal-basis.ts';

/** How the computer network is managed: a template. */
export const MANAGING_NETWORK: SopContent = {
  title: { id: 'Pengelolaan Jaringan Komputer', en: 'Managing the computer network' },
  approver: { id: 'Kepala Dinas', en: 'Head of the agency' },
  unit: { id: 'Bidang pengelola pusat data', en: 'Division in charge of the data centre' },
  purpose: {
    id: 'Menjaga jaringan tersedia, aman, dan dapat dipulihkan.',
    en: 'To keep the network available, safe and restorable.',
  },
  scope: {
    id: 'Perangkat jaringan, jalur, dan layanan jaringan di pusat data dan unit kerja.',
    en: 'Network devices, lines and services in the data centre and the units.',
  },
  legalBasis: LEGAL_BASIS,
  executorQualifications: [
    {
      id: 'Mampu mengonfigurasi perangkat jaringan menurut panduan pembuatnya',
      en: 'Can configure network devices by their maker’s guide',
    },
    { id: 'Mampu memulihkan konfigurasi dari cadangan', en: 'Can restore a configuration from a backup' },
  ],
  linkedSops: [
    { id: 'SOP Pengelolaan Aplikasi', en: 'Managing applications' },
    { id: 'SOP Akses Ruang Server', en: 'Entering the server room' },
  ],
  equipment: [
    { id: 'Sistem pemantauan jaringan', en: 'Network monitoring' },
    { id: 'Penyimpanan cadangan di lokasi lain', en: 'Backup storage elsewhere' },
    { id: 'Diagram topologi dan rencana alamat yang mutakhir', en: 'Current topology and address plan' },
  ],
  warning: {
    id: 'Pembaruan firmware tanpa cadangan dan jalan kembali dapat memutus seluruh layanan.',
    en: 'A firmware update without a backup and a way back can cut off every service.',
  },
  recording: {
    id: 'Versi firmware sebelum dan sesudah, hasil uji pemulihan, penyebab dan lama gangguan dicatat pada penutupan kunjungan.',
    en: 'Firmware before and after, results of restore drills, cause and length of faults are recorded when a visit is closed.',
  },
  steps: [
    {
      activity: {
        id: 'Merencanakan kapasitas, topologi, protokol, dan memberi tahu unit yang terdampak',
        en: 'Plan capacity, topology and protocols, and tell the units concerned',
      },
      executor: { id: 'Teknisi jaringan', en: 'Network technician' },
      completeness: { id: 'Data pemantauan', en: 'Monitoring data' },
      minutes: 960,
      output: { id: 'Rencana jaringan', en: 'Network plan' },
    },
    {
      activity: {
        id: 'Menyetujui rencana dan jendela pemeliharaan',
        en: 'Approve the plan and the maintenance window',
      },
      executor: { id: 'Kepala Bidang', en: 'Head of the division' },
      completeness: { id: 'Rencana jaringan', en: 'Network plan' },
      minutes: 240,
      output: { id: 'Nomor perubahan', en: 'Change number' },
    },
    {
      activity: {
        id: 'Memasang dan mengonfigurasi menurut panduan pembuat; mencatat nomor seri dan letak rak',
        en: 'Install and configure by the maker’s guide; record serial number and rack',
      },
      executor: { id: 'Teknisi jaringan', en: 'Network technician' },
      completeness: {
        id: 'Nomor perubahan, izin masuk, perangkat',
        en: 'Change number, entry permit, device',
      },
      minutes: 240,
      output: { id: 'Berita acara serah terima', en: 'Handover record' },
    },
    {
      activity: { id: 'Memantau kinerja setiap hari kerja', en: 'Watch performance every working day' },
      executor: { id: 'Teknisi jaringan', en: 'Network technician' },
      completeness: { id: 'Dasbor pemantauan', en: 'Monitoring dashboard' },
      minutes: 15,
      output: { id: 'Catatan pemantauan', en: 'Monitoring record' },
    },
    {
      activity: {
        id: 'Memperbarui firmware: cadangkan, perbarui, uji, dan kembalikan bila gagal',
        en: 'Update firmware: back up, update, test, and go back if it fails',
      },
      executor: { id: 'Teknisi jaringan', en: 'Network technician' },
      completeness: { id: 'Cadangan, catatan rilis, dua orang', en: 'Backup, release notes, two people' },
      minutes: 120,
      output: { id: 'Versi sebelum dan sesudah', en: 'Version before and after' },
    },
    {
      activity: {
        id: 'Mencadangkan konfigurasi dan menguji pemulihan setiap triwulan',
        en: 'Back up configurations and drill the restore every quarter',
      },
      executor: { id: 'Teknisi jaringan', en: 'Network technician' },
      completeness: { id: 'Jadwal cadangan', en: 'Backup schedule' },
      minutes: 180,
      output: { id: 'Berita acara uji pemulihan', en: 'Record of the drill' },
    },
    {
      activity: {
        id: 'Memecahkan masalah: kenali, pulihkan layanan, temukan penyebab',
        en: 'Solve faults: find, restore service, find the cause',
      },
      executor: { id: 'Teknisi jaringan', en: 'Network technician' },
      completeness: { id: 'Tiket gangguan', en: 'Fault ticket' },
      minutes: 240,
      output: { id: 'Penyebab dan lama gangguan', en: 'Cause and downtime' },
    },
    {
      activity: {
        id: 'Memperbarui SOP ini bersama pimpinan dan unit sekurang-kurangnya setahun sekali',
        en: 'Renew this procedure with management and units at least once a year',
      },
      executor: { id: 'Kepala Bidang', en: 'Head of the division' },
      completeness: { id: 'Masukan dan temuan audit', en: 'Feedback and findings' },
      minutes: 480,
      output: { id: 'Versi SOP yang baru', en: 'New version' },
    },
  ],
  houseRules: [],
};
