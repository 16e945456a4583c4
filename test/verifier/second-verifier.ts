import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { DigestFile } from '#contract/digest-check';
import { findCommand } from '../../deploy/system-needs.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Why the second verifier cannot run here; null where it can. */
export const whyNoPython = (): string | null => (findCommand('python3') === undefined ? 'no python3' : null);

/** What the second verifier says. */
export type SecondVerdict =
  | {
      readonly ok: true;
      readonly counts?: unknown;
      readonly fingerprint?: string;
      readonly added?: number;
      readonly sizes?: readonly number[];
    }
  | { readonly ok: false; readonly file: string; readonly line: number | null; readonly reason: string };

type Files = ReadonlyMap<string, Uint8Array>;

/** The verifier in the other language, as one process for many questions. */
export interface SecondVerifier {
  /** Asks about a bundle. */
  verify(files: Files): Promise<SecondVerdict>;
  /** Asks whether a bundle extends an older one. */
  extend(newer: Files, older: Files): Promise<SecondVerdict>;
  /** Asks whether a bundle goes on from digests. */
  digests(files: Files, digests: readonly DigestFile[]): Promise<SecondVerdict>;
  proof(bytes: Uint8Array): Promise<SecondVerdict>;
  close(): Promise<void>;
}

const encoded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const encodedFiles = (files: Files): Record<string, string> =>
  Object.fromEntries(Array.from(files, ([path, bytes]) => [path, encoded(bytes)]));

/** @param base most bundles that are asked about differ from it in a file or two, and only those are sent */
export function openSecondVerifier(base: Files): SecondVerifier {
  const child = spawn('python3', ['-B', 'verify_many.py'], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const send = (question: unknown): void => void child.stdin.write(`${JSON.stringify(question)}\n`);
  const ask = async (question: unknown): Promise<SecondVerdict> => {
    send(question);
    const answer = await answers.next();
    if (answer.done === true) throw new Error('the second verifier has ended');
    return JSON.parse(answer.value) as SecondVerdict;
  };
  const changesTo = (files: Files): Record<string, string | null> => {
    const changes: Record<string, string | null> = {};
    for (const path of new Set([...base.keys(), ...files.keys()])) {
      const bytes = files.get(path);
      if (bytes !== base.get(path)) changes[path] = bytes === undefined ? null : encoded(bytes);
    }
    return changes;
  };
  send({ base: encodedFiles(base) });
  return {
    verify: (files) => ask({ change: changesTo(files) }),
    extend: (newer, older) => ask({ change: changesTo(newer), older: encodedFiles(older) }),
    digests: (files, digests) =>
      ask({ change: changesTo(files), digests: digests.map(({ name, bytes }) => [name, encoded(bytes)]) }),
    proof: (bytes) => ask({ proof: encoded(bytes) }),
    close: async () => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'close');
    },
  };
}
