import { beforeEach } from 'vitest';
import { askForPostgres } from './postgres.ts';

const answer = await askForPostgres();

// Named as skipped, one by one, with the reason: a run that left PostgreSQL out must not look like one that had it.
if ('why' in answer) beforeEach((context) => context.skip(`PostgreSQL cannot start here: ${answer.why}`));
