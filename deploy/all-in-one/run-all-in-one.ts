import { hostname, networkInterfaces } from 'node:os';
import { parseArgs } from 'node:util';
import { bannerText } from './banner.ts';
import { isPortFree } from './free-port.ts';
import { loadLanCertificate } from './lan-certificate.ts';
import { openSiteHome } from './site-home.ts';
import { openSite } from './site.ts';

const HELP = `palang all-in-one [--lan]      (npm start [-- --lan])

Runs everything on this machine: server, gateway, embedded MQTT broker and a simulated server-room door.
  --lan           serves the local network too, over TLS with a certificate of its own making
  PORT            port of the server (8080)
  PALANG_HOME     folder of everything it keeps (./.palang)
`;

const DEFAULT_PORT = 8080;
/** Parts that do not stop when asked are killed after 6 s each; beyond this the launcher itself gives up. */
const CLOSE_MS = 25_000;

/** Runs `palang all-in-one` until a signal stops it. @returns the exit code: 0 stopped, 1 failed, 2 unusable input */
export async function runAllInOne(args: readonly string[]): Promise<number> {
  let options: { lan?: boolean; help?: boolean };
  try {
    options = parseArgs({
      args: [...args],
      options: { lan: { type: 'boolean' }, help: { type: 'boolean' } },
    }).values;
  } catch {
    return refuse('unknown option; see --help');
  }
  if (options.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const port = Number(process.env['PORT'] ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return refuse('PORT is a number from 1 to 65535');
  const isLan = options.lan === true;
  const host = isLan ? '0.0.0.0' : '127.0.0.1';

  const opened = openSiteHome(process.env['PALANG_HOME'] ?? '.palang');
  if (!opened.ok) return refuse('another start is using this PALANG_HOME; stop it, or choose another folder');
  const home = opened.value;

  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
  try {
    const addresses = isLan ? lanAddresses() : [];
    const certificate = isLan
      ? await loadLanCertificate(
          { certFile: home.certFile, keyFile: home.certKeyFile },
          { hosts: ['localhost', hostname()], addresses: ['127.0.0.1', ...addresses] },
          Date.now(),
        )
      : undefined;
    process.stdout.write('Starting server, gateway, broker and a simulated door.\n');
    const site = await openSite({
      home,
      host,
      port,
      isRestarted: true,
      onTrouble: (part, text) => process.stderr.write(`[${part}] ${text}\n`),
      beforeParts: async () => {
        if (!(await isPortFree(port, host))) throw new PortInUse();
      },
      ...(certificate === undefined ? {} : { tls: certificate }),
      ...(addresses[0] === undefined ? {} : { publicUrl: `https://${addresses[0]}:${port}` }),
    });
    try {
      // A signal during the start is obeyed as soon as every part that came up can be stopped.
      const isUp = await Promise.race([site.gatewayIsUp().then(() => true), stopped.then(() => false)]);
      if (isUp) {
        const lan = certificate && {
          urls: addresses.map((address) => `https://${address}:${port}/`),
          fingerprint: certificate.fingerprint,
        };
        process.stdout.write(
          bannerText({
            url: `${site.server.url}/`,
            homePath: home.path,
            demo: site.demo,
            isColoured: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
            ...(lan && { lan }),
          }),
        );
        await stopped;
        process.stdout.write('Stopping.\n');
      }
    } finally {
      const lastResort = setTimeout(() => process.exit(1), CLOSE_MS);
      await site.close();
      clearTimeout(lastResort);
    }
    return 0;
  } catch (error) {
    if (error instanceof PortInUse) {
      return refuse(`port ${port} is in use; choose another one: PORT=${port + 1} npm start`);
    }
    process.stderr.write(
      `palang: the start failed: ${error instanceof Error ? error.message : 'unknown'}; see ${home.logDir}\n`,
    );
    return 1;
  } finally {
    home.close();
  }
}

class PortInUse extends Error {}

function refuse(text: string): number {
  process.stderr.write(`palang: ${text}\n`);
  return 2;
}

/** The addresses under which phones of the local network reach this machine, private ones first. */
function lanAddresses(): string[] {
  const isPrivate = (address: string): boolean =>
    /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/.test(address);
  return Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter((each) => each.family === 'IPv4' && !each.internal)
    .map((each) => each.address)
    .toSorted((a, b) => Number(isPrivate(b)) - Number(isPrivate(a)));
}
