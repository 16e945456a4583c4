/** The format of journal.db; a file of an unknown number is not opened. */
export const JOURNAL_FORMAT = 2;

/**
 * What has to be set on every connection. `synchronous` stands after `journal_mode` because this build of SQLite
 * falls back to NORMAL at the first write after the change to WAL unless it was set explicitly.
 */
export const JOURNAL_PRAGMAS = [
  'journal_mode = WAL',
  'synchronous = FULL',
  'foreign_keys = ON',
  'trusted_schema = OFF',
  'cell_size_check = ON',
  'secure_delete = ON',
  'wal_autocheckpoint = 1000',
  'journal_size_limit = 16777216',
  'busy_timeout = 2000',
] as const;

/** What each of them reads as afterwards: a setting that was not taken is not there. */
export const PRAGMAS_READ: Readonly<Record<string, unknown>> = {
  journal_mode: 'wal',
  synchronous: 2,
  foreign_keys: 1,
  trusted_schema: 0,
  cell_size_check: 1,
  secure_delete: 1,
  wal_autocheckpoint: 1000,
  journal_size_limit: 16_777_216,
  busy_timeout: 2000,
};

/** The kinds of records that tell who is inside, as SQL; the index over them is used only by these very words. */
export const PASSAGE_TYPES = `'access.outcome', 'exit.recorded', 'visit.overstayed', 'presence.reset'`;

/** The kinds of records that tell what people ordered and what a fire did, as SQL, for the index over them. */
export const ORDER_TYPES = `'operator.command', 'lockdown.started', 'lockdown.ended', 'hold-open.started', 'hold-open.ended', 'fire.active', 'fire.cleared'`;

/** Made at each start where it is missing: it changes nothing that is kept. */
export const JOURNAL_INDEXES = `
  DROP INDEX IF EXISTS passages;
  CREATE INDEX IF NOT EXISTS stays ON records (sq) WHERE ty IN (${PASSAGE_TYPES});
  CREATE INDEX IF NOT EXISTS orders ON records (sq) WHERE ty IN (${ORDER_TYPES})`;

/**
 * Where the records of each epoch stand: record n of it is at place `base` + n. A base below zero is of an epoch whose
 * file was damaged: its records are not in this one.
 */
export const EPOCH_TABLE = `
  CREATE TABLE epochs (
    ep INTEGER PRIMARY KEY,
    base INTEGER NOT NULL
  ) STRICT;
`;

/**
 * `head` and `settings` change; `records` only grows; `openings` may be erased. In `records` and `openings`, `sq` is the
 * place over all epochs; `ty` of a record that was reclaimed from another file is the kind of the original.
 */
export const JOURNAL_TABLES = `
  CREATE TABLE records (
    sq INTEGER PRIMARY KEY,
    ty TEXT NOT NULL,
    body BLOB NOT NULL,
    hash BLOB NOT NULL
  ) STRICT;
  CREATE TRIGGER records_never_change BEFORE UPDATE ON records
    BEGIN SELECT RAISE(ABORT, 'records never change'); END;
  CREATE TRIGGER records_never_go BEFORE DELETE ON records
    BEGIN SELECT RAISE(ABORT, 'records never go'); END;
  CREATE TABLE openings (
    sq INTEGER NOT NULL,
    field TEXT NOT NULL,
    salt BLOB NOT NULL,
    value TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (sq, field)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    size INTEGER NOT NULL,
    peaks BLOB NOT NULL,
    boot INTEGER NOT NULL,
    floor_ms INTEGER NOT NULL,
    intents TEXT NOT NULL
  ) STRICT;
  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  ${EPOCH_TABLE}
`;
