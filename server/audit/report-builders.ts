import { BASIS_KINDS } from '#contract/api-people';
import type { Report, ReportKind, ReportSection } from '#contract/api-review';
import { asEpochMs } from '#contract/clock';
import type { EventType } from '#contract/event';
import { encodeBase64Url } from '#contract/bytes';
import { frontierRoot } from '#contract/merkle';
import { siteLogOrigin } from '#contract/record';
import { findAnomalies, type FoundAnomaly } from '../domain/anomalies.ts';
import { figuresOf } from '../domain/figures.ts';
import { createSiteCalendar, createSiteTime } from '../domain/site-day.ts';
import { satisfactionIndex } from '../domain/visit-closing.ts';
import { surveysOf } from '../store/attendances.ts';
import { figureFacts } from '../store/figures.ts';
import { listHolidays } from '../store/site-rules.ts';
import {
  acknowledgementRegister,
  allEvents,
  anomalyRows,
  cardHistory,
  cardRegister,
  equipmentByRequest,
  escortRegister,
  personNames,
  reportVisits,
  vendorRegister,
  type ReportPeriod,
} from '../store/report-rows.ts';
import { listCampaigns, listLogReviews } from '../store/reviews.ts';
import { listRevocations } from '../store/revocations.ts';
import { listRights } from '../store/rights.ts';
import { siteLogHead } from '../store/site-log.ts';
import { sha256 } from '../signing/node-crypto.ts';
import type { Site } from '../procedure/site.ts';
import { checkIntegrity } from './evidence-desk.ts';
import {
  ANOMALY_WORDS,
  BASIS_WORDS,
  CAUSE_WORDS,
  DECISION_WORDS,
  FLAG_WORDS,
  ROLE_WORDS,
  sayMeasure,
} from './report-words.ts';

/** What a report is asked for. */
export interface ReportOrder extends ReportPeriod {
  readonly language: 'id' | 'en';
  readonly version: string;
}

/** The part of a report that differs by kind. */
export type ReportContent = Pick<Report, 'title' | 'summary' | 'sections' | 'notes'>;

type Cell = string | number | null;

/** How long before a period says what is usual. */
const USUAL_MS = 90 * 86_400_000;

interface Tools {
  readonly site: Site;
  readonly order: ReportOrder;
  readonly say: (id: string, en: string) => string;
  readonly time: (at: number | string | null) => string | null;
}

const section = (
  title: string,
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
): ReportSection => ({
  title,
  columns: ['No', ...columns],
  rows: rows.map((row, at) => [at + 1, ...row]),
});

const minutesOf = (ms: number): number => Math.round(ms / 60_000);

const countOf = <T>(items: readonly T[], is: (item: T) => boolean): number => items.filter(is).length;

/** Finds the anomalies of a period. */
export async function anomaliesOf(site: Site, period: ReportPeriod): Promise<readonly FoundAnomaly[]> {
  const rows = await anomalyRows(site.db, { ...period, usualFrom: period.from - USUAL_MS });
  const holidays = new Set((await listHolidays(site.db)).map(({ day }) => day));
  return findAnomalies({
    ...rows,
    from: period.from,
    until: period.until,
    now: site.clock.epochMs(),
    momentOf: createSiteCalendar(site.timeZone),
    holidays,
  }).filter(({ doorId }) => period.doorId === undefined || doorId === period.doorId);
}

const eventsOf = async ({ site, order }: Tools, type: EventType) => {
  const { from, until, doorId } = order;
  return allEvents(site.db, { from, until, type, ...(doorId === undefined ? {} : { doorId }) });
};

async function logBook(tools: Tools): Promise<ReportContent> {
  const { site, order, say, time } = tools;
  const visits = await reportVisits(site.db, order);
  const equipment = await equipmentByRequest(site.db);
  const isLate = (visit: (typeof visits)[number]): boolean =>
    visit.valid_until !== null && visit.left_at !== null && visit.left_at > visit.valid_until;
  const rows = visits.map((visit): readonly Cell[] => {
    const lasted =
      visit.entered_at === null || visit.left_at === null
        ? null
        : minutesOf(visit.left_at - visit.entered_at);
    const exit =
      time(visit.left_at) ??
      (visit.phase === 'inside'
        ? say('masih di dalam', 'still inside')
        : say('keluar tidak tercatat', 'exit not recorded'));
    const identity =
      visit.identity_last_four === null ? '' : `${visit.identity_kind} ····${visit.identity_last_four}`;
    return [
      visit.name ?? say('(dihapus atau tidak dikenal)', '(erased or unknown)'),
      visit.organisation,
      identity,
      visit.kind ?? '',
      visit.door_name,
      visit.number,
      visit.purpose,
      time(visit.entered_at),
      exit,
      lasted,
      visit.decider_name,
      visit.escort_name,
      (equipment.get(visit.request_id ?? '') ?? []).join('; '),
      visit.badge_number,
      isLate(visit) ? 'T' : '',
    ];
  });
  const lengths = visits.flatMap((visit) =>
    visit.entered_at === null || visit.left_at === null ? [] : [visit.left_at - visit.entered_at],
  );
  const total = lengths.reduce((sum, each) => sum + each, 0);
  const [denied, forced, held, emergencies] = [
    await eventsOf(tools, 'access.denied'),
    await eventsOf(tools, 'door.forced'),
    await eventsOf(tools, 'door.held-open'),
    await eventsOf(tools, 'emergency.used'),
  ];
  return {
    title: say('LAPORAN BULANAN AKSES RUANG SERVER', 'MONTHLY REPORT OF ACCESS TO THE SERVER ROOM'),
    summary: [
      { label: say('Jumlah kunjungan', 'Visits'), value: visits.length },
      {
        label: say('Orang', 'People'),
        value: new Set(visits.map((visit) => visit.person_id ?? visit.id)).size,
      },
      { label: say('Jam-orang', 'Person-hours'), value: Math.round(total / 360_000) / 10 },
      {
        label: say('Rata-rata durasi (menit)', 'Mean duration (minutes)'),
        value: lengths.length === 0 ? null : minutesOf(total / lengths.length),
      },
      { label: say('Ditolak', 'Refused'), value: denied.length },
      { label: say('Darurat', 'Emergencies'), value: emergencies.length },
      { label: say('Telat keluar', 'Left late'), value: countOf(visits, isLate) },
      { label: say('Pintu dibuka paksa', 'Door forced'), value: forced.length },
      { label: say('Pintu terlalu lama terbuka', 'Door held open'), value: held.length },
    ],
    sections: [
      section(
        say('Buku log', 'Log book'),
        [
          say('Nama', 'Name'),
          say('Instansi', 'Organisation'),
          say('Identitas', 'Identity'),
          say('Jenis', 'Kind'),
          say('Pintu', 'Door'),
          say('No. izin', 'Permit no.'),
          say('Keperluan', 'Purpose'),
          say('Jam masuk', 'Time in'),
          say('Jam keluar', 'Time out'),
          say('Durasi (menit)', 'Duration (minutes)'),
          say('Pemberi izin', 'Approved by'),
          say('Pendamping', 'Escort'),
          say('Perangkat masuk/keluar', 'Equipment in/out'),
          say('Tanda pengenal', 'Badge'),
          say('Ket.', 'Note'),
        ],
        rows,
      ),
    ],
    notes: [
      say('T: keluar setelah masa izin berakhir.', 'T: left after the permit had ended.'),
      say(
        'Kunjungan tanpa catatan keluar tidak pernah ditulis berdurasi nol.',
        'A visit without a recorded exit is never written as one of no length.',
      ),
    ],
  };
}

async function exceptions(tools: Tools): Promise<ReportContent> {
  const { site, order, say, time } = tools;
  const names = await personNames(site.db);
  const columns = [
    say('Waktu', 'Time'),
    say('Pintu', 'Door'),
    say('Subjek', 'Subject'),
    say('Peristiwa/alasan', 'Event/reason'),
    say('Bukti', 'Evidence'),
  ];
  const anomalies = await anomaliesOf(site, order);
  const ofTypes = async (types: readonly EventType[], reasons: readonly string[] | null = null) => {
    const found = [];
    for (const type of types) found.push(...(await eventsOf(tools, type)));
    return found
      .filter(({ event }) => reasons === null || reasons.includes(event.reason ?? ''))
      .sort((a, b) => a.cursor.at - b.cursor.at || a.cursor.position - b.cursor.position)
      .map(({ event }): readonly Cell[] => [
        time(event.at),
        event.doorId,
        event.personName,
        event.reason === null ? event.type : `${event.type}: ${event.reason}`,
        event.id,
      ]);
  };
  const ofAnomalies = (kind: FoundAnomaly['kind']) =>
    anomalies
      .filter((each) => each.kind === kind)
      .map((each): readonly Cell[] => [
        time(each.at),
        each.doorId,
        names.get(each.personId ?? '') ?? null,
        [say(...ANOMALY_WORDS[each.kind]), sayMeasure(say, each.measure)]
          .filter((part) => part !== '')
          .join(': '),
        each.visitId,
      ]);
  const visits = await reportVisits(site.db, order);
  const unpermitted = visits
    .filter((visit) => visit.permit_id === null || visit.person_id === null)
    .map((visit): readonly Cell[] => [
      time(visit.entered_at ?? visit.began_at),
      visit.door_id,
      visit.name,
      say('tanpa izin yang dikenal', 'no permit that is known'),
      visit.id,
    ]);
  const sections = [
    section(say('I Akses ditolak', 'I Access refused'), columns, await ofTypes(['access.denied'])),
    section(say('II Pintu dibuka paksa', 'II Door forced'), columns, await ofTypes(['door.forced'])),
    section(
      say('III Pintu terlalu lama terbuka', 'III Door held open'),
      columns,
      await ofTypes(['door.held-open']),
    ),
    section(say('IV Melebihi waktu izin', 'IV Overstays'), columns, await ofTypes(['visit.overstayed'])),
    section(say('V Masuk tanpa izin', 'V Entries without a permit'), columns, unpermitted),
    section(say('VI Akses darurat', 'VI Emergency access'), columns, await ofTypes(['emergency.used'])),
    section(say('VII Urutan masuk dan keluar', 'VII Anti-passback'), columns, [
      ...(await ofTypes(['access.denied'], ['already-inside', 'not-inside'])),
      ...(await ofTypes(['presence.reset'])),
      ...ofAnomalies('out-of-sequence-access'),
    ]),
    section(say('VIII Pengunjung tanpa pendamping', 'VIII Visitors without an escort'), columns, [
      ...(await ofTypes(['escort.left'])),
      ...(await ofTypes(['access.denied'], ['escort-required'])),
    ]),
    section(
      say('IX Perangkat tidak cocok', 'IX Equipment not accounted for'),
      columns,
      await ofTypes(['access.denied'], ['equipment-open']),
    ),
    section(say('X Di luar jam kerja dan gangguan', 'X After hours and faults'), columns, [
      ...ofAnomalies('after-hours-access'),
      ...ofAnomalies('access-for-unusual-length'),
      ...ofAnomalies('repeated-access-to-unusual-areas'),
      ...(await ofTypes([
        'reader.tamper',
        'reader.offline',
        'lock.fault',
        'clock.rollback',
        'clock.jump',
        'disk.low',
        'disk.full',
        'door.contact-unknown',
      ])),
    ]),
  ];
  return {
    title: say('LAPORAN PENGECUALIAN', 'REPORT OF EXCEPTIONS'),
    summary: sections.map(({ title, rows }) => ({ label: title, value: rows.length })),
    sections,
    notes: [
      say(
        'Sinyal ancaman tidak dimuat di sini; lampirannya terbatas.',
        'Duress signals are not shown here; their annex is restricted.',
      ),
    ],
  };
}

async function rightsReview({ site, order, say, time }: Tools): Promise<ReportContent> {
  const campaigns = (await listCampaigns(site.db)).filter(
    ({ openedAt }) => Date.parse(openedAt) >= order.from && Date.parse(openedAt) < order.until,
  );
  const columns = [
    say('Nama', 'Name'),
    say('Instansi', 'Organisation'),
    say('Jabatan/unit', 'Position/unit'),
    say('Peran', 'Roles'),
    say('Kartu', 'Cards'),
    say('Dasar', 'Basis'),
    say('Diberikan', 'Granted'),
    say('Berlaku s.d.', 'Valid until'),
    say('Terakhir dipakai', 'Last used'),
    say('Akses periode', 'Uses in period'),
    say('SOP dipahami', 'SOP acknowledged'),
    say('Tanda', 'Flags'),
    say('Keputusan', 'Decision'),
    say('Alasan', 'Reason'),
    say('Peninjau', 'Reviewer'),
    say('Waktu', 'Time'),
  ];
  type Facts = (typeof campaigns)[number]['people'][number]['facts'];
  // The kind of the basis stands before its number.
  const basis = (text: string | null): string | null => {
    const kind = BASIS_KINDS.find((each) => text?.startsWith(`${each} `) === true);
    return kind === undefined || text === null ? text : say(...BASIS_WORDS[kind]) + text.slice(kind.length);
  };
  const cells = (name: string, facts: Facts): readonly Cell[] => [
    name,
    facts.organisation,
    [facts.position, facts.unit].filter((part) => part !== null).join(' / '),
    facts.roles.map((role) => say(...ROLE_WORDS[role])).join(', '),
    facts.cards.map((card) => `····${card}`).join(' '),
    basis(facts.basis),
    time(facts.grantedAt),
    time(facts.rightsEndAt),
    time(facts.lastUsedAt),
    facts.usesInPeriod,
    facts.acknowledgedSops.join('; '),
    facts.flags.map((flag) => say(...FLAG_WORDS[flag])).join(', '),
  ];
  const now = site.clock.epochMs();
  const current = await listRights(site.db, {}, { now, usedFrom: order.from });
  return {
    title: say('TINJAUAN HAK AKSES', 'REVIEW OF ACCESS RIGHTS'),
    summary: campaigns.flatMap((campaign) => [
      { label: campaign.title, value: `${campaign.decided}/${campaign.items}` },
      ...campaign.pace.map((pace) => ({
        label: `${say('Laju', 'Pace')}: ${pace.reviewerName}`,
        value: `${pace.medianSeconds ?? '-'} s${pace.isTooFast ? say(' (terlalu cepat)', ' (too fast)') : ''}`,
      })),
    ]),
    sections: [
      ...campaigns.map((campaign) =>
        section(
          campaign.title,
          columns,
          campaign.people.map((each) => [
            ...cells(each.personName, each.facts),
            each.decision === null ? null : say(...DECISION_WORDS[each.decision]),
            each.reason,
            each.decidedByName,
            time(each.decidedAt),
          ]),
        ),
      ),
      section(
        say('Hak akses saat ini', 'Rights at present'),
        columns.slice(0, 12),
        current.map((row) => cells(row.personName, row.facts)),
      ),
    ],
    notes: [
      say(
        'Yang tidak diputus sampai tenggat ditangguhkan.',
        'About whom nobody decides by the deadline is suspended.',
      ),
    ],
  };
}

async function evaluation(tools: Tools): Promise<ReportContent> {
  const { site, order, say } = tools;
  const { from, until, doorId } = order;
  const facts = await figureFacts(site.db, { from, until, ...(doorId === undefined ? {} : { doorId }) });
  const figures = figuresOf({
    from: asEpochMs(from),
    until: asEpochMs(until),
    timeZone: site.timeZone,
    ...facts,
  });
  const count = async (type: EventType): Promise<number> => (await eventsOf(tools, type)).length;
  const denied = figures.denials.reduce((sum, each) => sum + each.count, 0);
  const granted = await count('access.granted');
  const visits = figures.visits.reduce((sum, each) => sum + each.count, 0);
  const campaigns = (await listCampaigns(site.db)).filter(
    ({ openedAt }) => Date.parse(openedAt) >= from && Date.parse(openedAt) < until,
  );
  const [items, decided] = [
    campaigns.reduce((sum, each) => sum + each.items, 0),
    campaigns.reduce((sum, each) => sum + each.decided, 0),
  ];
  const signed = (await listLogReviews(site.db)).filter(
    ({ at }) => Date.parse(at) >= from && Date.parse(at) < until,
  ).length;
  const integrity = await checkIntegrity(site, order.version);
  const revocations = await listRevocations(site.db, { from, until });
  const slowest = revocations.length === 0 ? null : Math.max(...revocations.map((each) => each.minutes));
  const survey = satisfactionIndex(await surveysOf(site.db, from, until));
  const share = (part: number, whole: number): number | null =>
    whole === 0 ? null : Math.round((1000 * part) / whole) / 10;
  const rows: readonly (readonly Cell[])[] = [
    [say('Kunjungan', 'Visits'), visits, ''],
    [
      say('Waktu sampai keputusan, median', 'Time to decision, median'),
      figures.leadTimes.medianMinutes,
      say('menit', 'minutes'),
    ],
    [
      say('Waktu sampai keputusan, 90 %', 'Time to decision, 90 %'),
      figures.leadTimes.p90Minutes,
      say('menit', 'minutes'),
    ],
    [say('Melebihi waktu izin', 'Overstays'), await count('visit.overstayed'), ''],
    [say('Tingkat penolakan', 'Refusal rate'), share(denied, denied + granted), '%'],
    [say('Penyelesaian tinjauan hak', 'Rights reviews completed'), share(decided, items), '%'],
    [say('Buku log ditandatangani', 'Months of the log signed'), signed, ''],
    [
      say('Pencabutan terlama', 'Slowest revocation'),
      slowest,
      say('menit sejak berlaku', 'minutes from when it was due'),
    ],
    [
      say('Indeks kepuasan', 'Satisfaction index'),
      survey?.index ?? null,
      survey === null ? '' : `${survey.grade}, n = ${survey.answers}`,
    ],
    [say('Rantai catatan utuh', 'Logs intact'), integrity.isIntact ? 1 : 0, '1/0'],
    [say('Peristiwa tercatat', 'Records held'), integrity.logs.reduce((sum, log) => sum + log.size, 0), ''],
    [say('Gateway dimulai ulang', 'Gateway restarts'), await count('boot'), ''],
    [say('Pembaca luring', 'Readers offline'), await count('reader.offline'), ''],
  ];
  return {
    title: say('EVALUASI KINERJA TAHUNAN', 'YEARLY EVALUATION'),
    summary: rows.map(([label, value]) => ({ label: String(label), value: value ?? null })),
    sections: [
      section(
        say('Indikator', 'Indicators'),
        [say('Indikator', 'Indicator'), say('Nilai', 'Value'), say('Satuan', 'Unit')],
        rows,
      ),
    ],
    notes: [],
  };
}

async function cards({ site, say, time }: Tools): Promise<ReportContent> {
  const rows = await cardRegister(site.db);
  const history = await cardHistory(site.db);
  const lastOf = (id: string, act: string, after?: string): number | null =>
    history.findLast(
      (each) =>
        each.subject === id &&
        each.act === act &&
        (after === undefined || (JSON.parse(each.facts) as { after?: string }).after === after),
    )?.at ?? null;
  return {
    title: say('REGISTER KARTU AKSES', 'REGISTER OF ACCESS CARDS'),
    summary: (['active', 'suspended', 'lost', 'returned'] as const).map((state) => ({
      label: state,
      value: countOf(rows, (row) => row.state === state),
    })),
    sections: [
      section(
        say('Kartu', 'Cards'),
        [
          say('Pemegang', 'Holder'),
          say('Instansi', 'Organisation'),
          say('Media', 'Medium'),
          say('Akhir nomor', 'Last four'),
          say('Status', 'State'),
          say('Diberikan', 'Issued'),
          say('Berlaku s.d.', 'Valid until'),
          say('Hilang', 'Lost'),
          say('Dikembalikan', 'Returned'),
        ],
        rows.map((row) => [
          row.name,
          row.organisation,
          row.media,
          row.last_four,
          row.state,
          time(row.enrolled_at),
          time(row.expires_at),
          time(lastOf(row.id, 'card.state-changed', 'lost')),
          time(lastOf(row.id, 'card.returned')),
        ]),
      ),
    ],
    notes: [],
  };
}

async function escorts(tools: Tools): Promise<ReportContent> {
  const { site, order, say, time } = tools;
  const visits = await escortRegister(site.db, order);
  const events = [
    ...(await eventsOf(tools, 'escort.handed-over')),
    ...(await eventsOf(tools, 'escort.left')),
  ].sort((a, b) => a.cursor.at - b.cursor.at || a.cursor.position - b.cursor.position);
  return {
    title: say('REGISTER PENDAMPING', 'REGISTER OF ESCORTS'),
    summary: [
      { label: say('Kunjungan didampingi', 'Escorted visits'), value: visits.length },
      {
        label: say('Serah terima', 'Handed over'),
        value: countOf(events, ({ event }) => event.type === 'escort.handed-over'),
      },
      {
        label: say('Pendamping keluar', 'Escort left'),
        value: countOf(events, ({ event }) => event.type === 'escort.left'),
      },
    ],
    sections: [
      section(
        say('Pendampingan', 'Escorts'),
        [
          say('Pendamping', 'Escort'),
          say('Pengunjung', 'Visitor'),
          say('Instansi', 'Organisation'),
          say('Pintu', 'Door'),
          say('No. izin', 'Permit no.'),
          say('Mulai', 'From'),
          say('Selesai', 'Until'),
        ],
        visits.map((row) => [
          row.escort_name,
          row.visitor_name,
          row.organisation,
          row.door_id,
          row.number,
          time(row.began_at),
          time(row.left_at),
        ]),
      ),
      section(
        say('Peristiwa', 'Events'),
        [
          say('Waktu', 'Time'),
          say('Pintu', 'Door'),
          say('Orang', 'Person'),
          say('Peristiwa', 'Event'),
          say('Bukti', 'Evidence'),
        ],
        events.map(({ event }) => [time(event.at), event.doorId, event.personName, event.type, event.id]),
      ),
    ],
    notes: [],
  };
}

async function vendors({ site, say, time }: Tools): Promise<ReportContent> {
  const rows = await vendorRegister(site.db);
  const now = site.clock.epochMs();
  const isOver = (row: (typeof rows)[number]): boolean =>
    row.rights_end_at !== null && row.rights_end_at <= now;
  return {
    title: say('REGISTER PENYEDIA', 'REGISTER OF VENDORS'),
    summary: [
      { label: say('Teknisi penyedia', 'Vendor technicians'), value: rows.length },
      { label: say('Kontrak berakhir', 'Contract ended'), value: countOf(rows, isOver) },
    ],
    sections: [
      section(
        say('Penyedia', 'Vendors'),
        [
          say('Perusahaan', 'Company'),
          say('Nama', 'Name'),
          say('Jabatan', 'Position'),
          say('Dasar', 'Basis'),
          say('Nomor', 'Number'),
          say('Berlaku s.d.', 'Valid until'),
          say('Status', 'State'),
        ],
        rows.map((row) => [
          row.organisation,
          row.name,
          row.position,
          row.basis_kind,
          row.basis_number,
          time(row.rights_end_at),
          row.is_active === 0
            ? say('nonaktif', 'inactive')
            : isOver(row)
              ? say('berakhir', 'ended')
              : say('berlaku', 'in force'),
        ]),
      ),
    ],
    notes: [],
  };
}

async function acknowledgements({ site, order, say, time }: Tools): Promise<ReportContent> {
  const rows = await acknowledgementRegister(site.db, order);
  return {
    title: say('REGISTER PERNYATAAN MEMAHAMI SOP', 'REGISTER OF SOP ACKNOWLEDGEMENTS'),
    summary: [{ label: say('Pernyataan', 'Acknowledgements'), value: rows.length }],
    sections: [
      section(
        say('Pernyataan', 'Acknowledgements'),
        [
          say('Nama', 'Name'),
          say('Instansi', 'Organisation'),
          say('Versi', 'Version'),
          say('Hash naskah', 'Text hash'),
          say('Waktu', 'Time'),
        ],
        rows.map((row) => [row.name, row.organisation, row.version, row.sop_hash, time(row.at)]),
      ),
    ],
    notes: [],
  };
}

async function revocationsReport({ site, order, say, time }: Tools): Promise<ReportContent> {
  const rows = (await listRevocations(site.db, order)).toReversed();
  return {
    title: say('LAPORAN PENCABUTAN HAK AKSES', 'REPORT OF REVOKED RIGHTS'),
    summary: [
      { label: say('Pencabutan', 'Revocations'), value: rows.length },
      {
        label: say('Terlama (menit)', 'Slowest (minutes)'),
        value: rows.length === 0 ? null : Math.max(...rows.map(({ minutes }) => minutes)),
      },
    ],
    sections: [
      section(
        say('Pencabutan', 'Revocations'),
        [
          say('Nama', 'Name'),
          say('Sebab', 'Cause'),
          say('Berlaku sejak', 'Due from'),
          say('Dilaksanakan', 'Done'),
          say('Menit', 'Minutes'),
          say('Izin', 'Permits'),
          say('Permohonan', 'Requests'),
          say('Kartu', 'Cards'),
          'PIN',
          say('Sesi', 'Sessions'),
          say('Delegasi', 'Delegations'),
          say('Peran', 'Roles'),
          say('Berlaku di gateway', 'Obeyed at the gateways'),
          say('Oleh', 'By'),
        ],
        rows.map((row) => [
          row.personName,
          say(...CAUSE_WORDS[row.cause]),
          time(row.effectiveAt),
          time(row.doneAt),
          row.minutes,
          row.counts.permits,
          row.counts.requests,
          row.counts.cards,
          row.counts.pins,
          row.counts.sessions,
          row.counts.delegations,
          row.counts.roles.map((role) => say(...ROLE_WORDS[role])).join(', '),
          row.gateways.map((each) => `${each.gatewayId} ${time(each.appliedAt) ?? '-'}`).join('; '),
          row.byName,
        ]),
      ),
    ],
    notes: [],
  };
}

async function anomalyReport({ site, order, say, time }: Tools): Promise<ReportContent> {
  const names = await personNames(site.db);
  const found = await anomaliesOf(site, order);
  return {
    title: say('LAPORAN ANOMALI AKSES', 'REPORT OF ACCESS ANOMALIES'),
    summary: [{ label: say('Anomali', 'Anomalies'), value: found.length }],
    sections: [
      section(
        say('Anomali', 'Anomalies'),
        [
          say('Jenis', 'Kind'),
          say('Waktu', 'Time'),
          say('Pintu', 'Door'),
          say('Orang', 'Person'),
          say('Ukuran', 'Measure'),
          say('Bukti', 'Evidence'),
        ],
        found.map((each) => [
          say(...ANOMALY_WORDS[each.kind]),
          time(each.at),
          each.doorId,
          names.get(each.personId ?? '') ?? null,
          sayMeasure(say, each.measure),
          each.visitId,
        ]),
      ),
    ],
    notes: [],
  };
}

async function integrityStatement({ site, order, say, time }: Tools): Promise<ReportContent> {
  const integrity = await checkIntegrity(site, order.version);
  const head = await siteLogHead(site.db);
  const events = await allEvents(site.db, { from: order.from, until: order.until });
  const [first, last] = [events[0]?.event.id ?? null, events.at(-1)?.event.id ?? null];
  const count = (type: EventType): number => countOf(events, ({ event }) => event.type === type);
  return {
    title: say('PERNYATAAN KEUTUHAN BUKTI', 'STATEMENT OF EVIDENCE INTEGRITY'),
    summary: [
      { label: say('Utuh', 'Intact'), value: integrity.isIntact ? say('ya', 'yes') : say('TIDAK', 'NO') },
      { label: say('Diperiksa', 'Checked at'), value: time(integrity.checkedAt) },
      { label: say('Peristiwa dalam periode', 'Events in the period'), value: events.length },
      { label: say('Peristiwa pertama', 'First event'), value: first },
      { label: say('Peristiwa terakhir', 'Last event'), value: last },
      { label: say('Kepala catatan situs', 'Head of the site log'), value: `${head.size} ${head.head}` },
      {
        label: say('Akar catatan situs', 'Root of the site log'),
        value: encodeBase64Url(frontierRoot(sha256, head.frontier)),
      },
      { label: say('Gateway dimulai ulang', 'Gateway restarts'), value: count('boot') },
      {
        label: say('Perubahan jam', 'Clock changes'),
        value: count('clock.jump') + count('clock.rollback'),
      },
      { label: say('Versi perangkat lunak', 'Software version'), value: order.version },
    ],
    sections: [
      section(
        say('Catatan', 'Logs'),
        [
          say('Catatan', 'Log'),
          say('Jumlah', 'Records'),
          say('Akar', 'Root'),
          say('Ditandatangani sampai', 'Signed up to'),
          say('Waktu tanda tangan', 'Signed at'),
          say('Temuan', 'Finding'),
        ],
        integrity.logs.map((log) => [
          log.origin,
          log.size,
          log.root,
          log.signedSize,
          time(log.signedAt),
          log.finding === null
            ? say('tidak ada', 'none')
            : `${log.finding.file}:${log.finding.line ?? '-'} ${log.finding.reason}`,
        ]),
      ),
    ],
    notes: [
      say(
        `Asal catatan situs ${siteLogOrigin(site.id)}. Siapa pun dapat memeriksa sendiri: palang verify BERKAS.zip`,
        `The site log is ${siteLogOrigin(site.id)}. Anybody can check for themselves: palang verify BUNDLE.zip`,
      ),
    ],
  };
}

const BUILDERS: Readonly<Record<ReportKind, (tools: Tools) => Promise<ReportContent>>> = {
  'log-book': logBook,
  exceptions,
  'rights-review': rightsReview,
  evaluation,
  cards,
  escorts,
  vendors,
  'sop-acknowledgements': acknowledgements,
  revocations: revocationsReport,
  anomalies: anomalyReport,
  integrity: integrityStatement,
};

/** Builds what differs by kind: over the whole period, in an order that is the same each time. */
export function buildContent(site: Site, kind: ReportKind, order: ReportOrder): Promise<ReportContent> {
  const write = createSiteTime(site.timeZone);
  return BUILDERS[kind]({
    site,
    order,
    say: (id, en) => (order.language === 'id' ? id : en),
    time: (at) => (at === null ? null : write(asEpochMs(typeof at === 'number' ? at : Date.parse(at)))),
  });
}
