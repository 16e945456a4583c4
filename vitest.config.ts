import { defineConfig } from 'vitest/config';

const SLOW = ['test/system/**/*.test.ts', 'test/browser/**/*.test.ts'];
const NEVER = ['**/node_modules/**', '**/dist/**', '**/.palang/**'];

export default defineConfig({
  test: {
    // Native modules (better-sqlite3, node-pty) and signals want processes, not threads.
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: ['**/*.test.ts', '**/*.test.tsx'],
          exclude: [...NEVER, ...SLOW, '**/*-postgres.test.ts'],
          testTimeout: 10_000,
          hookTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          // The suites of the server once more, on a real PostgreSQL server that the first of them starts.
          name: 'postgres',
          include: ['test/suites/server-*.test.ts'],
          exclude: [...NEVER, '**/*-sqlite.test.ts'],
          env: { PALANG_TEST_DATABASE: 'postgres' },
          globalSetup: ['test/suites/postgres-setup.ts'],
          setupFiles: ['test/suites/postgres-project.ts'],
          testTimeout: 20_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'slow',
          include: SLOW,
          exclude: NEVER,
          // Real servers, gateways and browsers: one file at a time, after the fast ones, so that their own
          // timers are not starved by a neighbour.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 90_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
