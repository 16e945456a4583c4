/** What an official report of a visit is written from. */
export interface MinutesFacts {
  readonly number: string;
  readonly siteName: string;
  readonly room: string;
  readonly purpose: string;
  readonly description: string;
  readonly visitor: string;
  readonly organisation: string;
  readonly heads: number;
  readonly enteredAt: number | null;
  readonly leftAt: number | null;
  readonly approvers: readonly string[];
  readonly escort: string | null;
  readonly officer: string | null;
  readonly equipment: readonly {
    readonly kind: string;
    readonly serial: string;
    readonly outcome: string | null;
  }[];
  readonly report: readonly { readonly label: string; readonly value: string }[];
}

const OUTCOMES: Readonly<Record<string, string>> = {
  'taken-out': 'dibawa keluar',
  stays: 'tetap di ruang',
  destroyed: 'dimusnahkan',
};

function partsOf(at: number, timeZone: string): Readonly<Record<string, string>> {
  const format = new Intl.DateTimeFormat('id', {
    timeZone,
    weekday: 'long',
    day: '2-digit',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
}

/**
 * Writes the official report (berita acara) of a visit in Indonesian, ready to be printed and signed.
 * @param at when it is written, ms since 1970
 * @param timeZone IANA name
 * @see rule SD47
 */
export function writeMinutes(facts: MinutesFacts, at: number, timeZone: string): string {
  const { weekday, day, month, year } = partsOf(at, timeZone);
  const clock = (moment: number | null): string => {
    if (moment === null) return '-';
    const parts = partsOf(moment, timeZone);
    return `${parts['day']} ${parts['month']} ${parts['year']} pukul ${parts['hour']}.${parts['minute']}`;
  };
  const rows = [
    ['Nomor izin', facts.number],
    ['Ruang', facts.room],
    ['Keperluan', facts.purpose],
    ['Uraian pekerjaan', facts.description],
    ['Pengunjung', `${facts.visitor} (${facts.organisation})`],
    ['Jumlah orang', String(facts.heads)],
    ['Jam masuk', clock(facts.enteredAt)],
    [
      'Jam keluar',
      facts.leftAt === null && facts.enteredAt !== null ? 'masih di dalam' : clock(facts.leftAt),
    ],
    ['Pemberi izin', facts.approvers.join(', ') || '-'],
    ['Pendamping', facts.escort ?? '-'],
    ...facts.report.map(({ label, value }) => [label, value]),
  ];
  const equipment =
    facts.equipment.length === 0
      ? ['Perangkat: nihil.']
      : [
          'Perangkat:',
          ...facts.equipment.map(
            ({ kind, serial, outcome }, index) =>
              `${index + 1}. ${kind}, nomor seri ${serial}: ${OUTCOMES[outcome ?? ''] ?? 'belum dipertanggungjawabkan'}`,
          ),
        ];
  return [
    'BERITA ACARA',
    `Nomor: ${facts.number}`,
    '',
    `Pada hari ini, ${weekday}, tanggal ${day} ${month} ${year}, yang bertanda tangan di bawah ini menerangkan ` +
      `bahwa di ${facts.siteName} telah dilaksanakan kunjungan ke ruang server dengan rincian sebagai berikut:`,
    '',
    ...rows.map(([label, value]) => `${label}: ${value}`),
    '',
    ...equipment,
    '',
    'Demikian berita acara ini dibuat dengan sebenarnya untuk dipergunakan sebagaimana mestinya.',
    '',
    `Pengunjung: ${facts.visitor}`,
    `Pendamping: ${facts.escort ?? '-'}`,
    `Petugas ruang server: ${facts.officer ?? '-'}`,
  ].join('\n');
}
