#!/usr/bin/env node
import { existsSync } from 'node:fs';

// Node resolves links before it sets import.meta.url: this holds for node_modules/.bin/palang and for any folder.
const program = new URL('../../dist/palang.mjs', import.meta.url);

if (!existsSync(program)) {
  const { build } = await import('../build.mjs');
  await build();
}
process.setSourceMapsEnabled(true);
await import(program.href);
