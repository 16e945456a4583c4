import { writeSync } from 'node:fs';
import { openJournal } from '../../gateway/journal/journal.ts';
import { DOOR, GATEWAY, SITE, TestSite, createFakeClock, createSeededRandom } from './gateway-world.ts';

// Run as a process of its own by a test that kills it: says the number of each record once its append returned.
const clock = createFakeClock();
const journal = openJournal(
  process.argv[2] ?? '',
  { site: SITE, gateway: GATEWAY, epoch: 1, signer: new TestSite().gateway },
  { clock, random: createSeededRandom('writer'), timeFloor: () => clock.floorMs() },
);
for (;;) {
  for (const { sq } of journal.append([{ ty: 'door.closed', door: DOOR }])) writeSync(1, `${sq}\n`);
}
