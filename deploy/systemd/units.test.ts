import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const UNITS = readdirSync(FOLDER).filter((name) => name.endsWith('.service'));

/** What systemd has to say against a unit; an executable that this machine lacks does not count. */
function complaints(path: string): string[] {
  const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' });
  return `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line !== '' && !line.includes('is not executable'));
}

describe('systemd units', () => {
  const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
  const whyNot = 'no systemd-analyze; to run it: sudo apt-get install -y systemd';

  test.for(UNITS)('DP14: systemd has nothing to say against %s', (name, context) => {
    if (!hasSystemd) context.skip(whyNot);
    expect(complaints(join(FOLDER, name))).toEqual([]);
  });

  test('DP14: a misspelt key in a unit would be noticed', (context) => {
    if (!hasSystemd) context.skip(whyNot);
    const folder = mkdtempSync(join(tmpdir(), 'palang-units-'));
    const text = readFileSync(join(FOLDER, 'palang-gateway.service'), 'utf8');
    const seeded = join(folder, 'palang-gateway.service');
    writeFileSync(seeded, text.replace('NoNewPrivileges=', 'NoNewPriviledges='));
    expect(complaints(seeded).join('\n')).toContain('NoNewPriviledges');
    rmSync(folder, { recursive: true });
  });

  test.for(UNITS)(
    'DP15: %s comes back after any end, as an unprivileged user on a read-only system',
    (name) => {
      const lines = readFileSync(join(FOLDER, name), 'utf8').split('\n');
      for (const wanted of [
        'Restart=always',
        'NoNewPrivileges=yes',
        'ProtectSystem=strict',
        'KillMode=control-group',
      ]) {
        expect(lines).toContain(wanted);
      }
      expect(lines.find((line) => line.startsWith('User='))).not.toBe('User=root');
      expect(lines).toContain('CapabilityBoundingSet=');
    },
  );
});
