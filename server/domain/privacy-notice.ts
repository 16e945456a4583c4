/** Day from which on this text is the one that is shown; a change of a word is a new version. */
export const NOTICE_VERSION = '2026-01';

/**
 * What people read before they file a request, in both languages. It names no agency: the site's name stands above
 * it, and what only the agency knows (contact of its data protection officer) stands on its own notice board.
 * @see UU 27/2022, article 21
 */
export const NOTICE_TEXTS = {
  id: `PEMBERITAHUAN PELINDUNGAN DATA PRIBADI

1. Siapa. Instansi pengelola ruang server adalah pengendali data pribadi Anda. Pertanyaan dan permintaan disampaikan lewat menu "Data saya" atau kepada pejabat pelindungan data pribadi instansi.
2. Untuk apa. Menjaga keamanan ruang server: menilai permohonan izin masuk, membuka pintu bagi yang berizin, mengetahui siapa berada di dalam bila terjadi keadaan darurat, dan membuktikan kepada pengawas apa yang terjadi.
3. Dasar. Kewajiban hukum pengendali data dan pelaksanaan tugas di bidang pelayanan publik. Kami tidak meminta persetujuan untuk hal yang memang wajib.
4. Data apa. Nama, instansi dan unit kerja, jabatan, nomor pegawai, surat tugas atau kontrak, jenis dan nomor identitas (disandikan, hanya empat angka terakhir yang ditampilkan), kartu, permohonan, serta waktu masuk dan keluar. Tidak ada biometrik, tidak ada pindaian KTP.
5. Siapa yang melihat. Pejabat pemberi izin, petugas ruang server, dan auditor, sejauh tugasnya memerlukan. Setiap kali data orang lain ditampilkan, hal itu dicatat, dan catatan itu dapat Anda minta.
6. Berapa lama. Peristiwa pintu 5 tahun; data tamu 1 tahun setelah kunjungan terakhir; permohonan yang tidak jadi 90 hari; kecuali jadwal retensi arsip instansi menentukan lain. Sesudah itu kuncinya dimusnahkan dan pemusnahannya dicatat.
7. Hak Anda. Meminta salinan, pembetulan, pembatasan, dan penghapusan data Anda; dijawab dalam 3 x 24 jam. Permintaan dapat ditolak bila undang-undang mewajibkan data itu disimpan; alasannya kami sampaikan tertulis.
`,
  en: `PRIVACY NOTICE

1. Who. The agency that runs the server room is the controller of your personal data. Questions and requests go through the menu "My data" or to the agency's data protection officer.
2. What for. Keeping the server room secure: judging requests for entry, opening the door to those who may, knowing who is inside in an emergency, and proving to the supervisory bodies what happened.
3. Legal basis. A legal duty of the controller and the performance of a public task. We do not ask for consent to what is a duty.
4. Which data. Name, organisation and unit, position, employee number, assignment letter or contract, kind and number of an identity document (encrypted; only the last four digits are shown), card, requests, and times of entry and exit. No biometrics, no scans of identity cards.
5. Who sees it. Approving officials, officers of the server room and auditors, as far as their work needs it. Each time data of others is shown it is recorded, and you may ask for that record.
6. How long. Events at doors 5 years; data of visitors 1 year after the last visit; requests that came to nothing 90 days; unless the agency's records-retention schedule says otherwise. Then its keys are destroyed, and the destruction is recorded.
7. Your rights. To ask for a copy, a correction, a restriction and the erasure of your data; answered within 3 times 24 hours. A request may be refused where the law obliges us to keep the data; you are told why in writing.
`,
} as const;
