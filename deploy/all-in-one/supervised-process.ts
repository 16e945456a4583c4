import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, renameSync, statSync, type WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** How long a process may take to stop by itself before it is killed. */
const STOP_MS = 6_000;
const FIRST_RESTART_MS = 500;
const LAST_RESTART_MS = 10_000;
/** A process that lived this long did start: its next end begins a new row of waits. */
const STEADY_MS = 30_000;
const MAX_LOG_BYTES = 5_000_000;
const LAST_WORDS = 5;

/** What to run, and where its words go. */
export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** True to start it again whenever it ends by itself. */
  readonly isRestarted: boolean;
  /** Each line it prints, as it comes. */
  readonly onLine?: (line: string) => void;
  /** What a person at the terminal must hear. */
  readonly onTrouble: (text: string) => void;
  /** The process ids in force, so that a later launcher can end what outlived this one. */
  readonly onPid?: (pid: number | undefined) => void;
}

/** A process of its own that is kept alive, or ended for good. */
export interface SupervisedProcess {
  readonly name: string;
  pid(): number | undefined;
  /** Starts it; does nothing while it runs. The environment given here is added to that of the description. */
  start(extraEnv?: Readonly<Record<string, string>>): void;
  /** Asks it to stop, kills it where it does not within 6 s, and does not start it again. */
  stop(): Promise<void>;
  /** Ends it at once, as a power cut would, and does not start it again. */
  kill(): Promise<void>;
  /** Resolves with how the present process ended. */
  ended(): Promise<ProcessEnd>;
  /** The last lines that the present process, or the one before, has printed. */
  lastWords(): string;
}

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

// A launcher that ends by a fault of its own must not leave parts behind that nobody watches.
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Describes a process that `start` brings to life. */
export function createSupervisedProcess(spec: ProcessSpec): SupervisedProcess {
  let child: ChildProcess | undefined;
  let end: Promise<ProcessEnd> = Promise.resolve({ code: null, signal: null });
  let isWanted = false;
  let restartMs = FIRST_RESTART_MS;
  let restartTimer: NodeJS.Timeout | undefined;
  let log: WriteStream | undefined;
  let lastWords: string[] = [];

  function launch(extraEnv: Readonly<Record<string, string>>): void {
    log ??= openLog(spec.logFile);
    const startedMs = performance.now();
    const words: string[] = [];
    lastWords = words;
    const started = spawn(spec.command, spec.args, {
      env: { ...process.env, ...spec.env, ...extraEnv },
      stdio: ['ignore', 'pipe', 'pipe'],
      // In a group of its own: Ctrl-C at the terminal must reach the launcher alone, which then stops the parts in order.
      detached: true,
    });
    child = started;
    running.add(started);
    spec.onPid?.(started.pid);
    for (const stream of [started.stdout, started.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        log?.write(`${line}\n`);
        words.push(line);
        if (words.length > LAST_WORDS) words.shift();
        spec.onLine?.(line);
        const trouble = troubleOf(line);
        if (trouble !== undefined) spec.onTrouble(trouble);
      });
    }
    end = new Promise((resolve) => {
      started.once('error', () => resolve({ code: null, signal: null }));
      // `close` and not `exit`: the last words have then been read.
      started.once('close', (code, signal) => resolve({ code, signal }));
    });
    void end.then(({ code, signal }) => {
      running.delete(started);
      if (child !== started) return;
      child = undefined;
      spec.onPid?.(undefined);
      if (!isWanted) return;
      isWanted = spec.isRestarted;
      spec.onTrouble(`ended (${signal ?? `exit ${code}`}); its last words: ${words.join(' | ')}`);
      if (!spec.isRestarted) return;
      if (performance.now() - startedMs > STEADY_MS) restartMs = FIRST_RESTART_MS;
      restartTimer = setTimeout(() => launch(extraEnv), restartMs);
      restartMs = Math.min(restartMs * 2, LAST_RESTART_MS);
    });
  }

  async function finish(signal: NodeJS.Signals): Promise<void> {
    isWanted = false;
    clearTimeout(restartTimer);
    const ending = child;
    if (ending !== undefined) {
      ending.kill(signal);
      const killer = setTimeout(() => ending.kill('SIGKILL'), STOP_MS);
      await end;
      clearTimeout(killer);
    }
    const closing = log;
    log = undefined;
    await new Promise<void>((resolve) => (closing === undefined ? resolve() : closing.end(resolve)));
  }

  return {
    name: spec.name,
    pid: () => child?.pid,
    start(extraEnv = {}) {
      if (isWanted) return;
      isWanted = true;
      restartMs = FIRST_RESTART_MS;
      launch(extraEnv);
    },
    stop: () => finish('SIGTERM'),
    kill: () => finish('SIGKILL'),
    ended: () => end,
    lastWords: () => lastWords.join(' | '),
  };
}

/** The words of a log line that somebody at the terminal must see: errors of the program, not the rest. */
function troubleOf(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    // A line cut by the end of its process.
    return undefined;
  }
  if (typeof entry !== 'object' || entry === null || !('level' in entry)) return undefined;
  const isError = typeof entry.level === 'number' ? entry.level >= 50 : entry.level === 'error';
  return isError && 'msg' in entry ? String(entry.msg) : undefined;
}

function openLog(path: string): WriteStream {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > MAX_LOG_BYTES) renameSync(path, `${path}.1`);
  return createWriteStream(path, { flags: 'a', mode: 0o600 });
}
