import type { SopContent } from '#contract/api-sop';
import { LEGAL_BASIS } from './legal-basis.ts';

/** How applications are managed, from the need to the end: a template. */
export const MANAGING_APPLICATIONS: SopContent = {
  title: { id: 'Pengelolaan Aplikasi', en: 'Managing applications' },
  approver: { id: 'Kepala Dinas', en: 'Head of the agency' },
  unit: { id: 'Bidang pengelola pusat data', en: 'Division in charge of the data centre' },
  purpose: {
    id: 'Memastikan setiap aplikasi dibangun karena ada kebutuhan, dijalankan dengan aman, dinilai berkala, dan diakhiri tanpa meninggalkan data.',
    en: 'To make sure that every application is built because it is needed, runs safely, is evaluated, and ends without leaving data behind.',
  },
  scope: {
    id: 'Semua aplikasi yang berjalan di pusat data, dari identifikasi kebutuhan sampai pemutusan.',
    en: 'All applications that run in the data centre, from the need to decommissioning.',
  },
  legalBasis: LEGAL_BASIS,
  executorQualifications: [
    {
      id: 'Memahami proses bisnis unit pemilik aplikasi',
      en: 'Knows the business of the unit that owns the application',
    },
    {
      id: 'Mampu menguji fungsi dan keamanan aplikasi',
      en: 'Can test function and security of an application',
    },
  ],
  linkedSops: [
    { id: 'SOP Pengelolaan Jaringan Komputer', en: 'Managing the computer network' },
    { id: 'SOP Akses Ruang Server', en: 'Entering the server room' },
  ],
  equipment: [
    {
      id: 'Lingkungan pengembangan dan uji yang terpisah dari produksi',
      en: 'Development and test environment apart from production',
    },
    { id: 'Sistem tiket dan permohonan izin masuk', en: 'Ticket system and entry requests' },
  ],
  warning: {
    id: 'Pekerjaan di server produksi di luar jendela pemeliharaan dapat menghentikan layanan bagi masyarakat.',
    en: 'Work on production servers outside of the maintenance window can stop services to the public.',
  },
  recording: {
    id: 'Dokumen tiap tahap, nomor perubahan, dan nomor izin masuk disimpan bersama aplikasi selama aplikasi digunakan dan menurut jadwal retensi sesudahnya.',
    en: 'The papers of each stage, change numbers and entry permits are kept with the application while it is in use, and by the retention schedule afterwards.',
  },
  steps: [
    {
      activity: {
        id: 'Mengidentifikasi kebutuhan: analisis proses dan survei pengguna',
        en: 'Identify the need: analyse the process and ask users',
      },
      executor: { id: 'Pengelola aplikasi', en: 'Application owner' },
      completeness: { id: 'Usulan unit kerja', en: 'Proposal of the unit' },
      minutes: 2400,
      output: { id: 'Dokumen kebutuhan', en: 'Statement of needs' },
    },
    {
      activity: {
        id: 'Merencanakan waktu, biaya, orang, risiko, dan cara menguranginya',
        en: 'Plan time, cost, people, risks and what reduces them',
      },
      executor: { id: 'Pengelola aplikasi', en: 'Application owner' },
      completeness: { id: 'Dokumen kebutuhan', en: 'Statement of needs' },
      minutes: 2400,
      output: { id: 'Rencana dan daftar risiko', en: 'Plan and risk register' },
    },
    {
      activity: { id: 'Menyetujui rencana', en: 'Approve the plan' },
      executor: { id: 'Kepala Bidang', en: 'Head of the division' },
      completeness: { id: 'Rencana dan daftar risiko', en: 'Plan and risk register' },
      minutes: 480,
      output: { id: 'Persetujuan atau catatan perbaikan', en: 'Approval or remarks' },
    },
    {
      activity: {
        id: 'Membangun menurut rancangan dan menguji mutu serta keamanan',
        en: 'Build to the design, and test quality and security',
      },
      executor: { id: 'Pengelola aplikasi', en: 'Application owner' },
      completeness: { id: 'Rancangan yang disetujui', en: 'Approved design' },
      minutes: 9600,
      output: { id: 'Hasil uji', en: 'Test results' },
    },
    {
      activity: {
        id: 'Menerapkan: memasang, memindahkan data, melatih pengguna, dalam jendela pemeliharaan',
        en: 'Put in place: install, migrate data, train users, within the maintenance window',
      },
      executor: { id: 'Administrator sistem', en: 'System administrator' },
      completeness: {
        id: 'Hasil uji, nomor perubahan, izin masuk',
        en: 'Test results, change number, entry permit',
      },
      minutes: 480,
      output: { id: 'Berita acara penerapan', en: 'Record of the installation' },
    },
    {
      activity: {
        id: 'Mengoperasikan: memantau ketersediaan, memperbaiki gangguan, memperbarui menurut kebutuhan dan peraturan',
        en: 'Operate: watch availability, mend faults, update to needs and law',
      },
      executor: { id: 'Administrator sistem', en: 'System administrator' },
      completeness: { id: 'Tiket dan catatan pemantauan', en: 'Tickets and monitoring records' },
      minutes: 60,
      output: { id: 'Catatan operasi', en: 'Record of operation' },
    },
    {
      activity: {
        id: 'Menilai berkala, dengan survei kepuasan, sekurang-kurangnya setahun sekali',
        en: 'Evaluate with a satisfaction survey, at least once a year',
      },
      executor: { id: 'Pengelola aplikasi', en: 'Application owner' },
      completeness: { id: 'Catatan operasi dan hasil survei', en: 'Records and survey results' },
      minutes: 2400,
      output: { id: 'Laporan evaluasi', en: 'Evaluation report' },
    },
    {
      activity: {
        id: 'Memutus layanan: mengekspor arsip, menghapus data, memusnahkan media dengan saksi',
        en: 'Decommission: export archives, delete data, destroy media before a witness',
      },
      executor: { id: 'Administrator sistem', en: 'System administrator' },
      completeness: { id: 'Keputusan pemutusan', en: 'Decision to end it' },
      minutes: 960,
      output: { id: 'Berita acara pemusnahan', en: 'Record of destruction' },
    },
  ],
  houseRules: [],
};
