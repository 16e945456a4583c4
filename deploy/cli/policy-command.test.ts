import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeBase64Url } from '#contract/bytes';
import { asEpochMs } from '#contract/clock';
import { carriedPolicySchema } from '#contract/policy';
import { runCaptured } from '../../test/contract/run-captured.ts';
import { openKeyStore } from '../../server/signing/key-store.ts';
import { openSite } from '../../server/procedure/open-site.ts';
import { createSystemClock } from '../all-in-one/system-clock.ts';
import { gatewayCommand } from './gateway-command.ts';
import { policyCommand } from './policy-command.ts';
import { createQuietLog, systemRandom } from './system-ports.ts';

const root = mkdtempSync(join(tmpdir(), 'palang-stick-'));
let home = '';
let count = 0;
const run = (...args: string[]) => runCaptured({ policy: policyCommand, gateway: gatewayCommand }, ...args);
const at = (name: string): string => join(home, name);

beforeEach(() => {
  home = join(root, String((count += 1)));
  vi.stubEnv('PALANG_HOME', home);
  vi.stubEnv('PALANG_SITE', 'dinas-contoh');
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(root, { recursive: true }));

/** A site on this machine, and a gateway that is enrolled with it. */
async function found(): Promise<void> {
  const options = { clock: createSystemClock(), random: systemRandom, log: createQuietLog('test') };
  const site = await openSite({
    id: 'dinas-contoh',
    timeZone: 'Asia/Jakarta',
    databaseUrl: `sqlite:${at('server.db')}`,
    keysDir: at('keys'),
    ...options,
  });
  await site.db.destroy();
  writeFileSync(at('trust.json'), JSON.stringify(site.rootChain));
  writeFileSync(
    at('gateway.key'),
    JSON.stringify({
      gateway: 'gw',
      site: 'dinas-contoh',
      issuer: site.signer.issuer,
      epoch: 1,
      privateKey: encodeBase64Url(systemRandom.bytes(32)),
      pepper: encodeBase64Url(systemRandom.bytes(32)),
    }),
  );
  writeFileSync(
    at('gateway.yaml'),
    [
      'id: gw',
      'server: { url: "https://palang.contoh", keyFile: gateway.key, trustFile: trust.json }',
      'dataDir: data',
      'doors:',
      '  - id: ruang-server',
      '    readers: { entry: { protocol: rdm6300, port: /dev/ttyX }, panel: { protocol: line, port: /dev/ttyY } }',
      '    lock: { driver: line, reader: panel, output: 0, releaseMs: 5000 }',
      '',
    ].join('\n'),
  );
}
const importPolicy = () => run('gateway', 'import-policy', at('usb'), '--config', at('gateway.yaml'));

describe('orders on a stick', () => {
  it('DC27: are written once, for their owner alone', async () => {
    expect((await run('policy', 'export', '--out', at('usb'))).exitCode).toBe(2);
    await found();
    const written = await run('policy', 'export', '--out', at('usb'));
    expect(written).toMatchObject({ exitCode: 0, errors: '' });
    const text = readFileSync(at('usb/policy.json'), 'utf8');
    expect(carriedPolicySchema.safeParse(JSON.parse(text)).success).toBe(true);
    expect(statSync(at('usb/policy.json')).mode & 0o077).toBe(0);
    expect((await run('policy', 'export', '--out', at('usb'))).exitCode).toBe(2);
    expect((await run('policy', 'import', '--out', at('usb'))).exitCode).toBe(2);
  });

  it('DC28: are left for the gateway if they are genuine', async () => {
    await found();
    await run('policy', 'export', '--out', at('usb'));
    const taken = await importPolicy();
    expect(taken).toMatchObject({ exitCode: 0, errors: '' });
    expect(taken.out).toContain('version 1');
    const left = readFileSync(at('data/policy/carried.json'), 'utf8');
    expect(left).toBe(readFileSync(at('usb/policy.json'), 'utf8'));
  });

  it('DC28: and not at all where anything in them is another, or they are of another site', async () => {
    await found();
    await run('policy', 'export', '--out', at('usb'));
    const text = readFileSync(at('usb/policy.json'), 'utf8');
    const changed = JSON.parse(text) as { body: { directory: string } };
    changed.body.directory = changed.body.directory.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    writeFileSync(at('usb/policy.json'), JSON.stringify(changed));
    expect(await importPolicy()).toMatchObject({ exitCode: 1, out: '' });
    writeFileSync(at('usb/policy.json'), '{');
    expect((await importPolicy()).exitCode).toBe(1);
    writeFileSync(at('usb/policy.json'), text);
    const strangers = openKeyStore(at('other'), {
      siteId: 'dinas-contoh',
      now: asEpochMs(1),
      random: systemRandom,
    });
    writeFileSync(at('trust.json'), JSON.stringify(strangers.rootChain));
    expect((await importPolicy()).exitCode).toBe(1);
  });

  it('DC28: an action that is none is refused', async () => {
    await found();
    expect((await run('gateway', 'import', '--config', at('gateway.yaml'))).exitCode).toBe(2);
    expect((await run('gateway', 'import-policy', '--config', at('gateway.yaml'))).exitCode).toBe(2);
  });
});
