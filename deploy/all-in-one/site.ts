import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  demoSchema,
  enrolmentTokenSchema,
  gatewaySchema,
  pageOf,
  type Demo,
  type RoleName,
} from '#contract/api';
import { waitFor } from '../story/wait-for.ts';
import { DOOR_TOPIC } from '../door/run-door.ts';
import { createApiClient, signIn, type ApiClient, type ServerAddress } from './api-client.ts';
import { openBroker, type BrokerUser } from './broker.ts';
import { findFreePort } from './free-port.ts';
import { gatewayConfigText, type GatewayMqtt } from './gateway-config.ts';
import { openProcessList } from './leftovers.ts';
import { programFile } from './program.ts';
import type { SiteHome } from './site-home.ts';
import { createSupervisedProcess, type SupervisedProcess } from './supervised-process.ts';

const START_MS = 30_000;
const ENROL_MS = 30_000;

/** The gateway and the door of the demonstration. */
export const DEMO_GATEWAY = 'gw-ruang-server';
export const DEMO_DOOR = 'ruang-server';

/** How a site is to be started. */
export interface SiteOptions {
  readonly home: SiteHome;
  readonly host: string;
  readonly port: number;
  /** The server's certificate, where it speaks TLS. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** Under which address others reach the server, where it is not its own. */
  readonly publicUrl?: string;
  /** True to start a part again whenever it ends by itself. */
  readonly isRestarted: boolean;
  /** A broker of the caller's own in place of the embedded one: whom the gateway and the sensors' bridge are there. */
  readonly broker?: { readonly gateway: GatewayMqtt; readonly bridge: GatewayMqtt };
  /** Address of a door that the caller has opened in the home's `doorDir`, in place of the process. */
  readonly doorUrl?: string;
  /** How long the lock is released, in ms (5000). */
  readonly releaseMs?: number;
  /** A real battery sensor tells again every hour or so that the door is shut; here nobody waits for it (5). */
  readonly contactRepeatS?: number;
  /** Runs once leftovers of a killed launcher are gone, before anything is started; what it throws stops the start. */
  readonly beforeParts?: () => Promise<void>;
  /** What a person at the terminal must hear. */
  readonly onTrouble: (part: string, text: string) => void;
}

/** A whole installation in processes of its own: server, gateway, simulated door, broker. */
export interface Site {
  readonly server: ServerAddress;
  readonly doorUrl: string;
  readonly demo: Demo;
  readonly home: SiteHome;
  /** How the sensors' bridge reaches the broker. */
  readonly bridge: GatewayMqtt;
  readonly parts: {
    readonly door: SupervisedProcess;
    readonly server: SupervisedProcess;
    readonly gateway: SupervisedProcess;
  };
  /** Signs in as the first demonstration account of a role, or as the account of this name. */
  signInAs(who: RoleName | { readonly username: string }): Promise<ApiClient>;
  /** Resolves when the server answers. */
  serverIsUp(): Promise<void>;
  /** Resolves when the gateway has spoken to the server since this was called. */
  gatewayIsUp(): Promise<void>;
  /** Stops every part, the gateway first: it locks its door before it goes. */
  close(): Promise<void>;
}

/**
 * Starts a site on its home: first the broker and the door, then the server, then, enrolled through the real
 * API where it is not yet, the gateway. What was started is stopped again where a step fails.
 */
export async function openSite(options: SiteOptions): Promise<Site> {
  const { home } = options;
  const started: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const part of started.splice(0).toReversed()) await part.close();
  };
  try {
    const list = await openProcessList(join(home.path, 'processes.json'));
    await options.beforeParts?.();
    const part = (
      name: string,
      args: readonly string[],
      env: Readonly<Record<string, string>>,
    ): SupervisedProcess => {
      const process_ = createSupervisedProcess({
        name,
        command: process.execPath,
        args: ['--enable-source-maps', programFile(), ...args],
        env,
        logFile: join(home.logDir, `${name}.log`),
        isRestarted: options.isRestarted,
        onTrouble: (text) => options.onTrouble(name, text),
        onPid: (pid) => list.note(name, pid),
      });
      started.push({ close: () => process_.stop() });
      return process_;
    };

    const held = await loadPorts(home);
    const broker = options.broker ?? (await startBroker(held, started));

    const door = part(
      'door',
      [
        'door',
        '--home',
        home.doorDir,
        '--control-port',
        String(held.doorPort),
        '--topic',
        DOOR_TOPIC,
        '--repeat-s',
        String(options.contactRepeatS ?? 5),
        ...doorMqttFlags(broker.bridge),
      ],
      { PALANG_DOOR_MQTT: broker.bridge.url },
    );
    if (options.doorUrl === undefined) door.start();
    const doorUrl = options.doorUrl ?? `http://127.0.0.1:${held.doorPort}`;
    await waitFor('the simulated door', START_MS, async () => {
      if (options.doorUrl === undefined) assertAlive(door, options);
      return (await isAnswering(`${doorUrl}/state`)) || undefined;
    });

    const scheme = options.tls === undefined ? 'http' : 'https';
    const url = `${scheme}://127.0.0.1:${options.port}`;
    const server: ServerAddress =
      options.tls === undefined ? { url } : { url, ca: readFileSync(options.tls.certFile, 'utf8') };
    const serverPart = part('server', ['server'], {
      PALANG_HOME: home.path,
      PALANG_WEB_DIR: join(dirname(programFile()), 'web'),
      PALANG_HOST: options.host,
      PORT: String(options.port),
      PALANG_DEMO: '1',
      PALANG_DEMO_DOOR_URL: doorUrl,
      ...(options.publicUrl === undefined ? {} : { PALANG_PUBLIC_URL: options.publicUrl }),
      ...(options.tls === undefined
        ? {}
        : { PALANG_TLS_CERT_FILE: options.tls.certFile, PALANG_TLS_KEY_FILE: options.tls.keyFile }),
    });
    serverPart.start();
    const nobody = createApiClient(server);
    const serverIsUp = (): Promise<void> =>
      waitFor('the server', START_MS, async () => {
        assertAlive(serverPart, options);
        const answer = await nobody.send('GET', '/readyz').catch(() => undefined);
        return answer?.status === 200 ? true : undefined;
      }).then(() => undefined);
    await serverIsUp();
    const demo = await nobody.get('/demo', demoSchema);
    const signInAs: Site['signInAs'] = (who) => {
      const account = demo.accounts.find((each) =>
        typeof who === 'string' ? each.role === who : each.username === who.username,
      );
      if (account === undefined) throw new Error('there is no such demonstration account');
      return signIn(server, account);
    };

    // The certificate of our own making is known to the gateway as an authority of its own.
    const gatewayEnv = options.tls === undefined ? {} : { NODE_EXTRA_CA_CERTS: options.tls.certFile };
    writeFileSync(
      home.gatewayConfig,
      gatewayConfigText({
        gateway: DEMO_GATEWAY,
        door: DEMO_DOOR,
        topic: DOOR_TOPIC,
        releaseMs: options.releaseMs ?? 5_000,
        serverUrl: url,
        home,
        mqtt: broker.gateway,
      }),
      { mode: 0o600 },
    );
    const administrator = await signInAs('administrator');
    if (!existsSync(join(home.path, 'gateway.key'))) await enrol(administrator, url, home, gatewayEnv);
    const gateway = part('gateway', ['gateway', '--config', home.gatewayConfig], gatewayEnv);
    gateway.start();
    const gatewayIsUp = async (): Promise<void> => {
      const sinceMs = Date.now();
      await waitFor('the gateway', START_MS, async () => {
        const { items } = await administrator.get('/gateways', pageOf(gatewaySchema));
        const seen = items.find((each) => each.id === DEMO_GATEWAY);
        return seen !== undefined && seen.seenAt !== null && Date.parse(seen.seenAt) >= sinceMs - 1_000
          ? true
          : undefined;
      });
    };
    return {
      server,
      doorUrl,
      demo,
      home,
      bridge: broker.bridge,
      parts: { door, server: serverPart, gateway },
      signInAs,
      serverIsUp,
      gatewayIsUp,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A part that ended, and that nobody starts again, will never answer: its own words tell why. */
function assertAlive(part: SupervisedProcess, { isRestarted }: SiteOptions): void {
  if (isRestarted || part.pid() !== undefined) return;
  throw new Error(`${part.name} ended before it answered; its last words: ${part.lastWords()}`);
}

interface HeldPorts {
  readonly brokerPort: number;
  readonly doorPort: number;
  readonly bridgePassword: string;
  readonly gatewayPassword: string;
}

/** The inner ports and passwords of an installation are kept: a gateway whose configuration changed says so in its journal. */
async function loadPorts(home: SiteHome): Promise<HeldPorts> {
  const file = join(home.path, 'inner.json');
  const held: Partial<HeldPorts> = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as HeldPorts)
    : {};
  const ports: HeldPorts = {
    brokerPort: await findFreePort(held.brokerPort),
    doorPort: await findFreePort(held.doorPort),
    bridgePassword: held.bridgePassword ?? randomBytes(18).toString('base64url'),
    gatewayPassword: held.gatewayPassword ?? randomBytes(18).toString('base64url'),
  };
  writeFileSync(file, JSON.stringify(ports), { mode: 0o600 });
  return ports;
}

async function startBroker(
  held: HeldPorts,
  started: { close(): Promise<void> }[],
): Promise<{ gateway: GatewayMqtt; bridge: GatewayMqtt }> {
  const bridge: BrokerUser = { name: 'sensor-bridge', password: held.bridgePassword, isSensorBridge: true };
  const gateway: BrokerUser = { name: DEMO_GATEWAY, password: held.gatewayPassword, isSensorBridge: false };
  const broker = await openBroker(held.brokerPort, [bridge, gateway]);
  started.push(broker);
  const urlOf = (user: BrokerUser): string => `mqtt://${user.name}:${user.password}@127.0.0.1:${broker.port}`;
  return { gateway: { url: urlOf(gateway) }, bridge: { url: urlOf(bridge) } };
}

function doorMqttFlags(mqtt: GatewayMqtt): string[] {
  const { caFile, certFile, keyFile } = mqtt;
  return [
    ...(caFile === undefined ? [] : ['--mqtt-ca', caFile]),
    ...(certFile === undefined ? [] : ['--mqtt-cert', certFile]),
    ...(keyFile === undefined ? [] : ['--mqtt-key', keyFile]),
  ];
}

async function enrol(
  administrator: ApiClient,
  url: string,
  home: SiteHome,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const { token } = await administrator.post(
    '/gateways',
    { id: DEMO_GATEWAY, doors: [DEMO_DOOR] },
    enrolmentTokenSchema,
  );
  const enrolling = execFile(
    process.execPath,
    [programFile(), 'enrol', '--server', url, '--token', '-', '--config', home.gatewayConfig],
    { env: { ...process.env, ...env }, timeout: ENROL_MS },
  );
  const ended = new Promise<number | null>((resolve, reject) => {
    enrolling.once('error', reject).once('exit', resolve);
  });
  // Not on the command line, which everybody on this machine can read.
  enrolling.stdin?.end(`${token}\n`);
  if ((await ended) !== 0) throw new Error('the gateway could not be enrolled');
}

async function isAnswering(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    // Not listening yet.
    return false;
  }
}
