import { writeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { openJournal } from '../../gateway/journal/journal.ts';
import {
  CARD,
  DOOR,
  GATEWAY,
  SARI,
  SITE,
  TestSite,
  createFakeClock,
  createSeededRandom,
} from './gateway-world.ts';

// Run as a process of its own under strace: DIR, FULL or NORMAL, number of entries. Says `pulse SQ` where the lock
// would be released, and `size N` once N records are promised to be on the disk.
const [, , dir = '', synchronous = 'FULL', entries = '20'] = process.argv;
const site = new TestSite();
const clock = createFakeClock();
let db: Database.Database | undefined;
const journal = openJournal(
  dir,
  { site: SITE, gateway: GATEWAY, epoch: 1, signer: site.gateway },
  {
    clock,
    random: createSeededRandom('crash'),
    timeFloor: () => clock.floorMs(),
    openDatabase: (path) => (db = new Database(path)),
  },
);
// Often enough that a short run crosses several checkpoints, in which WAL and main file change together.
db?.pragma('wal_autocheckpoint = 12');
// The mistake that this test must find: the journal itself refuses to open like this.
db?.pragma(`synchronous = ${synchronous}`);

const say = (line: string): void => void writeSync(1, `${line}\n`);
journal.beginBoot('1');
say(`size ${journal.size()}`);
for (let served = 1; served <= Number(entries); served += 1) {
  const c = { sub: SARI, cred: site.handleOf(CARD) };
  const [grant] = journal.append([{ ty: 'access.granted', door: DOOR, dir: 'in', c }], {
    served: String(served),
  });
  const of = grant?.sq ?? -1;
  say(`pulse ${of}`);
  say(`size ${journal.size()}`);
  // Every fourth entry stays without an outcome, as where the power went in between.
  if (served % 4 !== 0) {
    journal.append([
      { ty: 'door.opened', door: DOOR, x: { cause: 'granted', of } },
      { ty: 'access.outcome', rs: 'entered', door: DOOR, c: { sub: SARI }, x: { of } },
    ]);
    say(`size ${journal.size()}`);
  }
}
journal.close();
