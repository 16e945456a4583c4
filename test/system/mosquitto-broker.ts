import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer, connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { connect, type MqttClient } from 'mqtt';
import { waitFor } from '../../deploy/story/wait-for.ts';

const CONFIG_FOLDER = fileURLToPath(new URL('../../deploy/mosquitto/', import.meta.url));
const START_MS = 10_000;
/** As it stands in the configuration that is shipped. */
const PORT = 8883;

/** Real Mosquitto on the configuration that is shipped, with certificates made as its manual says. */
export interface MosquittoBroker {
  readonly port: number;
  /** The files of a name: caFile, certFile, keyFile. */
  filesOf(name: string): { readonly caFile: string; readonly certFile: string; readonly keyFile: string };
  /** Connects under a certificate; null for none at all. Resolves with null where the broker refuses. */
  connectAs(name: string | null): Promise<MqttClient | null>;
  close(): Promise<void>;
}

/** Why Mosquitto cannot be tested here; null where it can. */
export async function whyNoMosquitto(): Promise<string | null> {
  for (const command of ['mosquitto', 'openssl']) {
    if (findCommand(command) === undefined) {
      return `no ${command}; to run it: sudo apt-get update && sudo apt-get install -y ${command}`;
    }
  }
  const isFree = await new Promise<boolean>((resolve) => {
    const probe = createServer()
      .once('error', () => resolve(false))
      .once('listening', () => probe.close(() => resolve(true)))
      .listen(PORT);
  });
  return isFree ? null : `port ${PORT} is in use`;
}

export async function openMosquitto(names: readonly string[]): Promise<MosquittoBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'palang-mosquitto-'));
  for (const file of ['palang.conf', 'palang.acl'])
    copyFileSync(join(CONFIG_FOLDER, file), join(folder, file));
  execFileSync(join(CONFIG_FOLDER, 'make-certificates.sh'), [folder, '127.0.0.1', ...names]);
  // Started by root, Mosquitto becomes the user mosquitto, who has to read all this.
  chmodSync(folder, 0o755);
  for (const file of readdirSync(folder)) chmodSync(join(folder, file), 0o644);

  const broker = spawn(findCommand('mosquitto') ?? 'mosquitto', ['-c', 'palang.conf'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const words: string[] = [];
  createInterface({ input: broker.stderr }).on('line', (line) => words.push(line));
  const ended = new Promise((resolve) => broker.once('exit', resolve));
  async function close(): Promise<void> {
    if (broker.exitCode === null && broker.signalCode === null) broker.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
  try {
    await waitFor('Mosquitto', START_MS, async () => {
      if (broker.exitCode !== null) throw new Error(`Mosquitto ended: ${words.join(' | ')}`);
      return (await answers(PORT)) || undefined;
    });
  } catch (error) {
    await close();
    throw error;
  }

  const filesOf = (name: string) => ({
    caFile: join(folder, 'ca.pem'),
    certFile: join(folder, `${name}.pem`),
    keyFile: join(folder, `${name}.key`),
  });
  return {
    port: PORT,
    filesOf,
    connectAs(name) {
      const files = name === null ? null : filesOf(name);
      const client = connect({
        protocol: 'mqtts',
        host: '127.0.0.1',
        port: PORT,
        ca: readFileSync(join(folder, 'ca.pem')),
        ...(files === null ? {} : { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) }),
        protocolVersion: 5,
        reconnectPeriod: 0,
      });
      return new Promise((resolve) => {
        client.once('connect', () => resolve(client));
        // A refused TLS 1.3 client certificate may show as a bare close after a seeming success.
        client.on('error', () => undefined);
        client.once('close', () => resolve(null));
      });
    },
    close,
  };
}

/** Daemons stand in sbin, which is not on an ordinary user's PATH on Debian. */
function findCommand(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket(port, '127.0.0.1')
      .once('connect', () => {
        socket.destroy();
        resolve(true);
      })
      .once('error', () => resolve(false));
  });
}
