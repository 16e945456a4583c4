import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildIfStale } from '../system/test-site.ts';

const WEB = fileURLToPath(new URL('../../dist/web/', import.meta.url));
const BUDGET_BYTES = 60 * 1024;

/** A row of the build's manifest. */
interface Chunk {
  readonly file: string;
  readonly imports?: readonly string[];
}

/** What a role loads before its first page stands: the app, the page, and what those import. */
const FIRST_PAGES = {
  technician: ['index.html', 'pages/technician.tsx'],
  supervisor: ['index.html', 'pages/supervisor.tsx'],
  'technician, new request': ['index.html', 'pages/technician.tsx', 'pages/new-request.tsx'],
  'supervisor, in English': ['index.html', 'pages/supervisor.tsx', 'words/en.ts'],
  auditor: ['index.html', 'pages/auditor.tsx'],
} as const;

describe('first load', () => {
  let manifest: Readonly<Record<string, Chunk>> = {};

  beforeAll(async () => {
    await buildIfStale();
    manifest = JSON.parse(readFileSync(`${WEB}.vite/manifest.json`, 'utf8')) as Record<string, Chunk>;
  }, 120_000);

  function filesOf(names: readonly string[]): ReadonlySet<string> {
    const files = new Set<string>();
    const add = (name: string): void => {
      const chunk = manifest[name];
      if (chunk === undefined) throw new Error(`the build has no ${name}`);
      if (files.has(chunk.file)) return;
      files.add(chunk.file);
      chunk.imports?.forEach(add);
    };
    names.forEach(add);
    return files;
  }

  const bytesOf = (files: ReadonlySet<string>): number =>
    [...files].reduce((sum, file) => sum + gzipSync(readFileSync(`${WEB}${file}`)).length, 0);

  it('W10: technician and supervisor load at most 60 KB of gzipped JavaScript', () => {
    const sizes = Object.entries(FIRST_PAGES).map(
      ([role, names]) => [role, bytesOf(filesOf(names))] as const,
    );
    console.log(
      sizes.map(([role, bytes]) => `first load, ${role}: ${(bytes / 1024).toFixed(1)} KB gzipped`).join('\n'),
    );
    for (const [, bytes] of sizes) expect(bytes).toBeLessThanOrEqual(BUDGET_BYTES);
  });

  it('W10: schemas and cryptography are in no first load', () => {
    const lazy = filesOf(['evidence-check.ts']);
    expect(bytesOf(lazy)).toBeGreaterThan(20 * 1024);
    for (const names of Object.values(FIRST_PAGES)) {
      const text = [...filesOf(names)].map((file) => readFileSync(`${WEB}${file}`, 'utf8')).join('');
      expect(text).not.toContain('invalid_union');
      expect(filesOf(names).has(manifest['evidence-check.ts']?.file ?? '')).toBe(false);
    }
  });

  it('W45: the words of the desk are in no first load', () => {
    for (const names of Object.values(FIRST_PAGES)) {
      const text = [...filesOf(names)].map((file) => readFileSync(`${WEB}${file}`, 'utf8')).join('');
      expect(text).not.toContain('Upacara kunci');
      expect(text).not.toContain('Key ceremonies');
    }
  });

  it('W21: the page has nothing inline and asks nobody else for anything', () => {
    const html = readFileSync(`${WEB}index.html`, 'utf8');
    expect(html).not.toMatch(/<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\bsrc=)/);
    expect(html).not.toMatch(/https?:\/\//);
  });
});
