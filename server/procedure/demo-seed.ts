import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { demoSchema, type Demo, type RoleName } from '#contract/api';
import { Fault } from '#contract/result';
import { countPeople, findSignIn } from '../store/people.ts';
import { saveDoor, saveRoom } from '../store/places.ts';
import { ensureGateway, assignDoor } from '../store/gateways.ts';
import { enrolCard } from './cards.ts';
import { enrolPerson } from './enrol-person.ts';
import type { Site } from './site.ts';

/** The one room and door of a new site; an administrator's later entries add to them. */
export const FIRST_PLACE = {
  room: { id: 'ruang-server', name: 'Ruang Server 1' },
  door: { id: 'ruang-server', name: 'Ruang Server', roomId: 'ruang-server' },
  gatewayId: 'gw-ruang-server',
} as const;

interface DemoPerson {
  readonly username: string;
  readonly name: string;
  readonly organisation: string;
  readonly role: RoleName;
  readonly card: string | null;
}

// Invented people.
const PEOPLE: readonly DemoPerson[] = [
  {
    username: 'teknisi',
    name: 'Sari Wulandari',
    organisation: 'Bidang Infrastruktur TIK',
    role: 'technician',
    card: 'em:6F007B3972',
  },
  {
    username: 'teknisi2',
    name: 'Bagas Pranata',
    organisation: 'CV Contoh Jaringan',
    role: 'technician',
    card: 'em:6F007B4A11',
  },
  {
    username: 'atasan',
    name: 'Ratna Kusumawardhani',
    organisation: 'Bidang Infrastruktur TIK',
    role: 'supervisor',
    card: null,
  },
  {
    username: 'petugas',
    name: 'Yusuf Hidayatulloh',
    organisation: 'Bidang Infrastruktur TIK',
    role: 'officer',
    card: null,
  },
  {
    username: 'auditor',
    name: 'Hendra Saputro',
    organisation: 'Inspektorat',
    role: 'auditor',
    card: null,
  },
  {
    username: 'admin',
    name: 'Dewi Anggraini',
    organisation: 'Bidang Infrastruktur TIK',
    role: 'administrator',
    card: null,
  },
  {
    username: 'pdp',
    name: 'Lestari Handayani',
    organisation: 'Sekretariat',
    role: 'privacy-officer',
    card: null,
  },
];

const UNKNOWN_CARD = 'em:2A00C0FFEE';

// Easy to type from a screen: no letters that look like digits.
const PASSWORD_SIGNS = 'abcdefghjkmnpqrstuvwxyz23456789x';

function newPassword(site: Site): string {
  const signs = Array.from(site.random.bytes(12), (byte) => PASSWORD_SIGNS[byte % 32] ?? 'x');
  return [signs.slice(0, 4), signs.slice(4, 8), signs.slice(8)].map((part) => part.join('')).join('-');
}

/** Makes the first room, door and gateway of an empty site. */
export async function seedPlaces(site: Site): Promise<void> {
  await saveRoom(site.db, FIRST_PLACE.room);
  await saveDoor(site.db, FIRST_PLACE.door);
}

function newAccounts(site: Site, accountsFile: string): Demo {
  const demo: Demo = {
    accounts: PEOPLE.map(({ username, name, role }) => ({
      username,
      password: newPassword(site),
      role,
      name,
    })),
    cards: [
      ...PEOPLE.flatMap(({ card, name }) => (card === null ? [] : [{ card, label: name }])),
      { card: UNKNOWN_CARD, label: 'Kartu tak terdaftar' },
    ],
  };
  const draft = `${accountsFile}.new`;
  writeFileSync(draft, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, accountsFile);
  return demo;
}

async function ensurePerson(site: Site, person: DemoPerson, password: string): Promise<void> {
  const known = await findSignIn(site.db, person.username);
  let personId = known?.id;
  if (personId === undefined) {
    const { name, organisation, username, role } = person;
    const entered = await enrolPerson(site, { name, organisation, username, password, roles: [role] });
    // Somebody of that name who is no longer active stays so.
    if (!entered.ok) return;
    personId = entered.value.id;
  }
  // Refused as taken where the person has it already.
  if (person.card !== null) await enrolCard(site, { personId, card: person.card });
}

/**
 * Fills a database with the demonstration, with passwords made anew for it; goes on where an earlier start broke
 * off.
 * @param accountsFile where the accounts are kept for later starts, readable by its owner alone
 * @returns accounts and cards to be shown
 * @throws Fault `database-is-not-a-demonstration` where there are people and no such file
 */
export async function openDemo(site: Site, accountsFile: string): Promise<Demo> {
  const isNew = !existsSync(accountsFile);
  if (isNew && (await countPeople(site.db)) > 0) {
    throw new Fault('database-is-not-a-demonstration', { retryable: false });
  }
  const demo = isNew
    ? newAccounts(site, accountsFile)
    : demoSchema.parse(JSON.parse(readFileSync(accountsFile, 'utf8')));
  await ensureGateway(site.db, FIRST_PLACE.gatewayId);
  await assignDoor(site.db, FIRST_PLACE.door.id, FIRST_PLACE.gatewayId);
  for (const person of PEOPLE) {
    const account = demo.accounts.find(({ username }) => username === person.username);
    if (account !== undefined) await ensurePerson(site, person, account.password);
  }
  return demo;
}
