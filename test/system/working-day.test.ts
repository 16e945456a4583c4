import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { playDay } from '../../deploy/story/play-day.ts';
import { openTestSite, type TestSite } from './test-site.ts';

let site: TestSite;
let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'palang-day-'));
  site = await openTestSite();
});
afterAll(async () => {
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

test(
  'DP20: a working day shows at the relay, in the journal and in the API, and its evidence can be verified',
  {
    timeout: 180_000,
  },
  async () => {
    const steps: string[] = [];
    await playDay(site, { bundleDir: join(folder, 'bundle'), scratchDir: join(folder, 'scratch') }, (step) =>
      steps.push(step.what),
    );
    expect(steps).toMatchInlineSnapshot(`
      [
        "asks to enter for 25 s",
        "presents the card before anybody approved: refused",
        "approves 001/IZIN-RS/11/2026; the gateway takes the permit over",
        "presents the card: granted",
        "opens the door",
        "is inside",
        "presents the card at the exit reader and leaves",
        "has an entry and an exit",
        "presents the same card after the window: refused",
        "asks to enter for two hours",
        "approves 002/IZIN-RS/11/2026; the gateway takes the permit over",
        "is killed",
        "enters and leaves by a permit that the gateway holds, without the server",
        "is back; what happened meanwhile arrives, each event exactly once",
        "exports the evidence",
        "verifies it on a machine of their own: yes",
        "changes one byte of one record: verification says no, and which",
      ]
    `);
  },
);
