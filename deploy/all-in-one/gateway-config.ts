import { join } from 'node:path';
import { stringify } from 'yaml';
import type { SiteHome } from './site-home.ts';

/** How a gateway reaches its broker. */
export interface GatewayMqtt {
  readonly url: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** Writes the configuration of the demonstration's gateway: one door, simulated, on real ports. */
export function gatewayConfigText(site: {
  readonly gateway: string;
  readonly door: string;
  readonly topic: string;
  readonly releaseMs: number;
  readonly serverUrl: string;
  readonly home: SiteHome;
  readonly mqtt: GatewayMqtt;
}): string {
  const port = (name: string): string => join(site.home.doorDir, name);
  return stringify({
    id: site.gateway,
    server: {
      url: site.serverUrl,
      keyFile: join(site.home.path, 'gateway.key'),
      trustFile: join(site.home.path, 'site-root.json'),
    },
    dataDir: site.home.gatewayDir,
    mqtt: site.mqtt,
    doors: [
      {
        id: site.door,
        readers: {
          entry: { protocol: 'rdm6300', port: port('entry') },
          exit: { protocol: 'rdm6300', port: port('exit') },
          panel: { protocol: 'line', port: port('panel') },
        },
        lock: { driver: 'line', reader: 'panel', output: 0, releaseMs: site.releaseMs },
        contact: { preset: 'zigbee2mqtt', topic: site.topic, maxSilenceMs: 7_200_000 },
        exitButton: { reader: 'panel', input: 0 },
        heldOpenMs: 30_000,
      },
    ],
  });
}
