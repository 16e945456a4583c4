import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCaptured } from '../../test/contract/run-captured.ts';
import { checkConfigCommand } from './check-config-command.ts';
import { gatewayCommand } from './gateway-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'palang-config-'));
const file = join(folder, 'gateway.yaml');
const run = (...args: string[]) =>
  runCaptured({ 'check-config': checkConfigCommand, gateway: gatewayCommand }, ...args);
const good = `id: gw-ruang-server
server: { url: "https://palang.example.go.id", keyFile: gateway.key, trustFile: site-root.json }
dataDir: data
doors:
  - id: ruang-server
    readers:
      entry: { protocol: rdm6300, port: /dev/nowhere-a }
      panel: { protocol: line, port: /dev/nowhere-b }
    lock: { driver: line, reader: panel, output: 0, releaseMs: 5000 }
`;

afterAll(() => rmSync(folder, { recursive: true }));

describe('palang check-config', () => {
  it('DC7: says what the gateway would do, with ports that do not exist', async () => {
    writeFileSync(file, good);
    const { exitCode, out, errors } = await run('check-config', file);
    expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: '' });
    expect(out).toContain('gw-ruang-server');
    expect(out).toContain('/dev/nowhere-a');
    expect(out).toContain(join(folder, 'data'));
    expect(JSON.parse((await run('check-config', file, '--json')).out)).toMatchObject({ ok: true });
  });

  it('DC7: names line and column of every fault', async () => {
    writeFileSync(file, good.replace('rdm6300', 'osdp').replace('releaseMs: 5000', 'relaseMs: 5000'));
    const { exitCode, out } = await run('check-config', file);
    expect(exitCode).toBe(1);
    expect(out.trimEnd().split('\n').length).toBeGreaterThanOrEqual(2);
    for (const line of out.trimEnd().split('\n')) expect(line).toMatch(/gateway\.yaml:[79]:\d+: doors\.0\./);
    const json = JSON.parse((await run('check-config', file, '--json')).out) as { errors: unknown[] };
    expect(json).toMatchObject({ ok: false });
    expect(json.errors[0]).toMatchObject({ line: 7 });
  });

  it('DC7: a file that cannot be read, and a gateway that would start on a wrong one, are refused', async () => {
    expect(await run('check-config', join(folder, 'nowhere'))).toMatchObject({ exitCode: 2, out: '' });
    writeFileSync(file, 'id: [');
    const { exitCode, errors } = await run('gateway', '--config', file);
    expect(exitCode).toBe(2);
    expect(errors).toMatch(/^palang gateway: [^\n]+gateway\.yaml:1:\d+: [^\n]+\n$/);
  });
});
