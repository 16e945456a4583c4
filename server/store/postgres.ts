import pg from 'pg';
import { CompiledQuery, PostgresDialect, PostgresDriver, type DatabaseConnection } from 'kysely';

/** Spells `palang`; every server and command on one database takes the same lock. */
const WRITER_LOCK = 0x70_61_6c_61_6e_67;

/**
 * One writing transaction at a time, as SQLite has it: every one of them that matters ends by moving the head of
 * the one site log, so two could never both commit anyway, and the losers would be torn down half-way instead of
 * waiting. The lock is the transaction's first statement, under READ COMMITTED, so that what is read after it is
 * what its predecessor left.
 */
class WritingDriver extends PostgresDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin isolation level read committed'));
    await connection.executeQuery(CompiledQuery.raw(`select pg_advisory_xact_lock(${WRITER_LOCK})`));
  }
}

class WritingDialect extends PostgresDialect {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    super({ pool });
    this.#pool = pool;
  }

  override createDriver(): PostgresDriver {
    return new WritingDriver({ pool: this.#pool });
  }
}

// Times and counts stay below 2^53 by the schemas that let them in; sums of them come as `numeric`.
const NUMBER_OIDS: readonly number[] = [pg.types.builtins.INT8, pg.types.builtins.NUMERIC];

const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    NUMBER_OIDS.includes(oid)
      ? Number
      : pg.types.getTypeParser(oid, format ?? 'text')) as typeof pg.types.getTypeParser,
};

/** How long a transaction waits for its turn to write before it gives up, ms. */
const TURN_MS = 30_000;

/** Makes the dialect of a PostgreSQL server; nothing is connected before the first statement. */
export function postgresDialect(url: string): PostgresDialect {
  const pool = new pg.Pool({
    connectionString: url,
    types,
    max: 10,
    // Said on every connection: a server whose default is `off` would answer before the disk does.
    options: `-c synchronous_commit=on -c timezone=UTC -c lock_timeout=${TURN_MS}`,
  });
  // An idle connection that breaks is replaced at the next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  return new WritingDialect(pool);
}
