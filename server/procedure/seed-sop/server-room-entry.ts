import type { SopContent } from '#contract/api-sop';
import { LEGAL_BASIS } from './legal-basis.ts';

/** How one enters the server room, with the house rules: a template. */
export const SERVER_ROOM_ENTRY: SopContent = {
  title: { id: 'Akses Ruang Server', en: 'Entering the server room' },
  approver: { id: 'Kepala Dinas', en: 'Head of the agency' },
  unit: { id: 'Bidang pengelola pusat data', en: 'Division in charge of the data centre' },
  purpose: {
    id: 'Menjaga keamanan informasi di ruang server dengan memastikan setiap orang yang masuk dikenal, berizin, didampingi bila perlu, dan tercatat.',
    en: 'To keep the information in the server room safe by knowing, permitting, escorting where needed and recording everybody who enters.',
  },
  scope: {
    id: 'Semua orang dan perangkat yang masuk ke atau keluar dari ruang server, termasuk keadaan darurat.',
    en: 'All people and devices that enter or leave the server room, emergencies included.',
  },
  legalBasis: LEGAL_BASIS,
  executorQualifications: [
    {
      id: 'Petugas memahami SOP ini dan cara memeriksa identitas',
      en: 'Officers know this procedure and how to check an identity',
    },
    {
      id: 'Pendamping memiliki hak akses tetap yang masih berlaku',
      en: 'Escorts have a standing right that is in force',
    },
    {
      id: 'Pejabat pemberi izin ditetapkan secara tertulis',
      en: 'Approving officials are appointed in writing',
    },
  ],
  linkedSops: [
    { id: 'SOP Pengelolaan Aplikasi', en: 'Managing applications' },
    { id: 'SOP Pengelolaan Jaringan Komputer', en: 'Managing the computer network' },
  ],
  equipment: [
    {
      id: 'Pembaca kartu, kunci elektrik, dan sensor pintu',
      en: 'Card readers, electric lock and door sensor',
    },
    { id: 'Kartu akses dan tanda pengenal pengunjung', en: 'Access cards and visitors’ badges' },
    { id: 'Layanan permohonan izin masuk', en: 'The entry request service' },
  ],
  warning: {
    id: 'Tanpa izin yang berlaku tidak seorang pun masuk. Jalan keluar tidak pernah dihalangi.',
    en: 'Nobody enters without a permit in force. The way out is never barred.',
  },
  recording: {
    id: 'Setiap permohonan, keputusan, masuk, dan keluar tercatat otomatis dan dapat dibuktikan keutuhannya; buku log ditandatangani setiap bulan.',
    en: 'Every request, decision, entry and exit is recorded by itself and can be proven whole; the log book is signed every month.',
  },
  steps: [
    {
      activity: {
        id: 'Mengajukan permohonan: keperluan, waktu, pintu, perangkat, dan dasar penugasan',
        en: 'File a request: purpose, time, door, devices and assignment',
      },
      executor: { id: 'Pemohon', en: 'Requester' },
      completeness: {
        id: 'Surat tugas, nomor perubahan atau tiket',
        en: 'Assignment letter, change or ticket number',
      },
      minutes: 10,
      output: { id: 'Permohonan bernomor', en: 'Numbered request' },
    },
    {
      activity: {
        id: 'Memeriksa kelengkapan dan identitas',
        en: 'Check that it is complete, and the identity',
      },
      executor: { id: 'Petugas ruang server', en: 'Room officer' },
      completeness: { id: 'Permohonan', en: 'The request' },
      minutes: 5,
      output: { id: 'Lembar verifikasi', en: 'Verification' },
    },
    {
      activity: {
        id: 'Menyetujui atau menolak dengan alasan; tidak untuk permohonan sendiri',
        en: 'Approve or refuse with a reason; never one’s own request',
      },
      executor: { id: 'Pejabat pemberi izin', en: 'Approving official' },
      completeness: { id: 'Permohonan yang terverifikasi', en: 'Verified request' },
      minutes: 15,
      output: { id: 'Izin masuk atau penolakan', en: 'Permit or refusal' },
    },
    {
      activity: {
        id: 'Membaca dan menyatakan memahami tata tertib yang berlaku',
        en: 'Read and acknowledge the house rules in force',
      },
      executor: { id: 'Pengunjung', en: 'Visitor' },
      completeness: { id: 'SOP versi terakhir', en: 'The procedure in its newest version' },
      minutes: 5,
      output: { id: 'Pernyataan tercatat', en: 'Recorded acknowledgement' },
    },
    {
      activity: {
        id: 'Menyerahkan tanda pengenal atau kartu; mencatat perangkat masuk dengan nomor seri',
        en: 'Hand out badge or card; record devices with their serial numbers',
      },
      executor: { id: 'Petugas ruang server', en: 'Room officer' },
      completeness: { id: 'Izin masuk dan identitas', en: 'Permit and identity' },
      minutes: 5,
      output: { id: 'Kartu terikat pada izin', en: 'Card bound to the permit' },
    },
    {
      activity: {
        id: 'Masuk dengan kartu sendiri dan bekerja sesuai izin, didampingi bila disyaratkan',
        en: 'Enter with one’s own card and work within the permit, escorted where asked for',
      },
      executor: { id: 'Pengunjung', en: 'Visitor' },
      completeness: { id: 'Kartu, izin yang berlaku', en: 'Card, permit in force' },
      minutes: 0,
      output: { id: 'Catatan masuk', en: 'Record of entry' },
    },
    {
      activity: {
        id: 'Mendampingi selama pengunjung berada di dalam, atau menyerahkan tugas kepada pendamping lain',
        en: 'Stay while the visitor is inside, or hand over to another escort',
      },
      executor: { id: 'Pendamping', en: 'Escort' },
      completeness: { id: 'Hak akses tetap', en: 'Standing right' },
      minutes: 0,
      output: { id: 'Catatan pendampingan', en: 'Record of the escort' },
    },
    {
      activity: {
        id: 'Lapor keluar: cocokkan perangkat, isi hasil pekerjaan, kembalikan kartu',
        en: 'Sign out: reconcile devices, say what was done, give the card back',
      },
      executor: { id: 'Pengunjung', en: 'Visitor' },
      completeness: { id: 'Daftar perangkat', en: 'List of devices' },
      minutes: 10,
      output: { id: 'Catatan keluar dan penutupan', en: 'Record of exit and closing' },
    },
    {
      activity: {
        id: 'Menangani keadaan darurat: masuk lebih dahulu, laporkan segera, persetujuan menyusul dalam 24 jam',
        en: 'Emergencies: enter first, tell at once, approval follows within 24 hours',
      },
      executor: { id: 'Petugas ruang server', en: 'Room officer' },
      completeness: { id: 'Alasan darurat, dua orang bila mungkin', en: 'Reason, two people where possible' },
      minutes: 1440,
      output: { id: 'Berita acara darurat', en: 'Record of the emergency' },
    },
    {
      activity: { id: 'Meninjau dan menandatangani buku log bulanan', en: 'Review and sign the monthly log' },
      executor: { id: 'Kepala Bidang', en: 'Head of the division' },
      completeness: { id: 'Laporan bulanan', en: 'Monthly report' },
      minutes: 60,
      output: { id: 'Buku log yang ditandatangani', en: 'Signed log' },
    },
  ],
  houseRules: [
    {
      id: 'Hanya yang berizin yang masuk. Satu kartu untuk satu orang; kartu tidak dipinjamkan.',
      en: 'Only who has a permit enters. One card, one person; cards are not lent.',
    },
    {
      id: 'Jangan membukakan pintu bagi orang lain dan jangan mengganjal pintu.',
      en: 'Do not let others in, and do not wedge the door.',
    },
    { id: 'Tanda pengenal selalu terlihat.', en: 'Badges are worn in sight.' },
    {
      id: 'Pengunjung selalu didampingi, dan pendamping bertanggung jawab atas pengunjungnya.',
      en: 'Visitors are always escorted, and the escort answers for them.',
    },
    {
      id: 'Dilarang makan, minum, merokok, atau membawa cairan.',
      en: 'No eating, drinking, smoking or liquids.',
    },
    {
      id: 'Dilarang memotret atau merekam tanpa izin tertulis.',
      en: 'No photographs or recordings without written leave.',
    },
    {
      id: 'Kardus dan bahan mudah terbakar dibuka dan ditinggalkan di luar ruangan.',
      en: 'Cardboard and whatever burns easily is unpacked and left outside.',
    },
    {
      id: 'Perangkat yang masuk dan keluar dicatat dengan nomor seri; media simpan lepas perlu izin.',
      en: 'Devices in and out are recorded by serial number; removable media need leave.',
    },
    {
      id: 'Jangan menyentuh rak, kabel, atau panel di luar lingkup izin, dan jangan mengubah suhu, daya, atau lantai.',
      en: 'Do not touch racks, cables or panels outside of the permit, nor change cooling, power or floor.',
    },
    { id: 'Gunakan hanya stopkontak yang ditunjuk.', en: 'Use only the sockets that are pointed out.' },
    {
      id: 'Rapikan tempat kerja, buang sampah, tutup dan kunci rak.',
      en: 'Tidy up, take waste away, close and lock the racks.',
    },
    { id: 'Kenakan pakaian rapi dan sepatu tertutup.', en: 'Wear proper clothes and closed shoes.' },
    {
      id: 'Laporkan segera kerusakan, kehilangan, dan kartu yang hilang.',
      en: 'Report damage, loss and lost cards at once.',
    },
    {
      id: 'Bila alarm kebakaran atau gas berbunyi, segera keluar. Pintu keluar selalu dapat dibuka.',
      en: 'When the fire or gas alarm sounds, leave at once. The way out is always free.',
    },
    {
      id: 'Lapor keluar dan kembalikan kartu pengunjung sebelum pulang.',
      en: 'Sign out and give the visitor’s card back before you go.',
    },
    {
      id: 'Pelanggaran berakibat teguran, pencabutan hak akses, dan laporan kepada atasan.',
      en: 'Breaches lead to a warning, the end of access rights, and a report to the superior.',
    },
  ],
};
