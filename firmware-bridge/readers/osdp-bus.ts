import type { DriverWorld } from '../driver-world.ts';
import type { OsdpReaderConfig } from '../hardware.ts';
import type { LinkConfig } from '../protocol/osdp/link-state.ts';
import { superviseLink } from '../transport/supervised-link.ts';
import { createDiagnostics } from './diagnostics.ts';
import { createOsdpLine } from './osdp-line.ts';
import { createOsdpDevice, type OsdpDevice, type OsdpReader } from './osdp-device.ts';

export type { OsdpReader } from './osdp-device.ts';

const osdpBaud = 9600;
/** One reader is asked more often than each of several, which share the line. */
const pollMs = { alone: 50, among: 100 };

type Configs = ReadonlyMap<string, OsdpReaderConfig>;

/**
 * Opens the OSDP readers of a door: one line for each port, whatever the number of readers on it.
 * @throws Error for readers that do not fit together (the configuration was to be checked before).
 * @see RULES.md FB120-FB125
 */
export function openOsdpReaders(configs: Configs, world: DriverWorld): ReadonlyMap<string, OsdpReader> {
  const lines = new Map<string, Map<string, OsdpReaderConfig>>();
  for (const [name, config] of configs) {
    const line = lines.get(config.port) ?? new Map<string, OsdpReaderConfig>();
    lines.set(config.port, line.set(name, config));
  }
  return new Map([...lines].flatMap(([path, line]) => [...openLine(path, line, world)]));
}

function openLine(path: string, configs: Configs, world: DriverWorld): ReadonlyMap<string, OsdpReader> {
  const { clock, openLink } = world;
  const rates = new Set([...configs.values()].map((config) => config.baud ?? osdpBaud));
  const [baud = osdpBaud] = rates;
  if (rates.size > 1) throw new Error('readers on one port have one rate');
  const devices = new Map<number, OsdpDevice>();
  const pace = configs.size === 1 ? pollMs.alone : pollMs.among;
  const links = [...configs.values()].map((config) => linkOf(config, pace));
  const bus = createOsdpLine({ baud, links }, world, (event) => {
    if (event.type === 'line-noise') noise.count(event.damaged > 0 ? 'bad-crc' : 'noise');
    else devices.get(event.address)?.take(event);
  });
  const readers = new Map<string, OsdpReader>();
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    await supervised.close();
    bus.stop();
    noise.stop();
    for (const device of devices.values()) device.stop();
  };
  for (const [name, config] of configs) {
    const device = createOsdpDevice(
      name,
      config,
      (command, notAfterMs) => bus.request(config.address, command, notAfterMs),
      world,
    );
    devices.set(config.address, device);
    readers.set(name, { ...device.reader, close: () => (closing ??= close()) });
  }
  // Bytes that are no frame belong to nobody on the line, so they are told of the first.
  const [firstName = ''] = readers.keys();
  const noise = createDiagnostics(firstName, clock, world.emit);

  const supervised = superviseLink({ path, baud }, openLink, clock, {
    onUp: (opened) => bus.takeUp(opened),
    onDown: (reason) => {
      bus.letGo();
      for (const device of devices.values()) device.tellPortDown(reason);
    },
  });
  return readers;
}

function linkOf({ address, key, allowClear }: OsdpReaderConfig, pace: number): LinkConfig {
  if (key !== undefined) return { address, security: { mode: 'paired', key }, pollMs: pace };
  if (allowClear !== true) throw new Error('a reader without a key needs allowClear');
  return { address, security: { mode: 'clear' }, pollMs: pace };
}
