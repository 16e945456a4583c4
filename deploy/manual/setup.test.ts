import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkConfig } from '../../gateway/config.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

test('DP16: the setup page shows a configuration that the gateway takes and the broker knows', () => {
  const yaml = /```yaml\n([\s\S]*?)```/.exec(read('setup.md'))?.[1] ?? '';
  const config = checkConfig(yaml);
  expect(config).toMatchObject({ ok: true });
  if (!config.ok) return;
  const acl = read('../mosquitto/palang.acl');
  const { id, doors } = config.value;
  expect(acl).toContain(`\nuser ${id}\n`);
  expect(acl).toContain(`palang/+/${id}/online`);
  expect(acl).toContain(`palang/+/${doors[0]?.id}/state`);
});
