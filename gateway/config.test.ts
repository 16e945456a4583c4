import { describe, expect, it } from 'vitest';
import { checkConfig, describeConfig, resolvePaths, type GatewayConfig } from './config.ts';

const GOOD = `id: gw-ruang-server
server: { url: "https://palang.example.go.id", keyFile: gateway.key, trustFile: site-root.json }
dataDir: data
mqtt: { url: "mqtt://127.0.0.1:1883" }
doors:
  - id: ruang-server
    readers:
      entry: { protocol: rdm6300, port: /dev/serial/by-id/usb-A }
      exit:  { protocol: rdm6300, port: tcp://10.0.0.9:4001 }
      panel: { protocol: line, port: /dev/serial/by-id/usb-B }
    lock: { driver: line, reader: panel, output: 0, releaseMs: 5000 }
    contact: { preset: zigbee2mqtt, topic: zigbee2mqtt/pintu-ruang-server, maxSilenceMs: 7200000 }
    exitButton: { reader: panel, input: 0 }
`;

function faultsOf(source: string): readonly string[] {
  const checked = checkConfig(source);
  if (checked.ok) return [];
  return checked.error.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`);
}
const change = (from: string, to: string): readonly string[] => {
  expect(GOOD).toContain(from);
  return faultsOf(GOOD.replace(from, to));
};

const withLock = (lock: string): string => GOOD.replace('driver: line, reader: panel, output: 0', lock);
const lockFaults = (lock: string): readonly string[] => faultsOf(withLock(lock));
/** The faults with such a reader at the exit. */
const exitFaults = (reader: string): readonly string[] =>
  change('protocol: rdm6300, port: tcp://10.0.0.9:4001', reader);

const good = (): GatewayConfig => {
  const checked = checkConfig(GOOD);
  if (!checked.ok) throw new Error(JSON.stringify(checked.error));
  return checked.value;
};

describe('checkConfig', () => {
  it('GC1: a good configuration is taken, with the default of what is left out', () => {
    expect(good()).toMatchObject({ id: 'gw-ruang-server', doors: [{ heldOpenMs: 30_000 }] });
  });

  it('GC1: each fault has its line and column', () => {
    expect(change('releaseMs: 5000', 'releaseMs: 60000')).toEqual([
      '11:64 doors.0.lock.releaseMs: Too big: expected number to be <=10000',
    ]);
    expect(change('id: gw-ruang-server', 'id: GW')).toEqual([
      expect.stringMatching(/^1:5 id: Invalid string/),
    ]);
    expect(change('dataDir: data\n', '')).toEqual([expect.stringMatching(/^1:1 dataDir: /)]);
  });

  it('GC1: a file that is not YAML, or gives a key twice, is told where', () => {
    expect(faultsOf('id: [')).toEqual([expect.stringMatching(/^1:6 : not YAML: /)]);
    expect(change('dataDir: data', 'dataDir: data\ndataDir: data')).toEqual([
      '4:1 : not YAML: DUPLICATE_KEY',
    ]);
    expect(faultsOf('')).toEqual([expect.stringMatching(/^1:1 : /)]);
  });

  it('GC1: no fault repeats a value of the file', () => {
    const secret = 'rahasia-sekali';
    const sources = [
      GOOD.replace('releaseMs: 5000', `releaseMs: ${secret}`),
      GOOD.replace('protocol: line', `protocol: ${secret}`),
      GOOD.replace('dataDir: data', `dataDir: [${secret}]`),
      GOOD.replace('"mqtt://127.0.0.1:1883"', `"http://${secret}"`),
    ];
    for (const source of sources) {
      expect(faultsOf(source)).not.toEqual([]);
      expect(faultsOf(source).join()).not.toContain(secret);
    }
  });

  it('GC2: an unknown key is an error where it stands', () => {
    expect(change('output: 0', 'output: 0, unlockMs: 1')).toEqual([
      '11:53 doors.0.lock.unlockMs: unknown key',
    ]);
    expect(change('dataDir: data', 'dataDir: data\nextra: 1')).toEqual(['4:1 extra: unknown key']);
  });

  it('GC2: what another version knows is not taken for a slip of the pen', () => {
    const protocols = 'rdm6300, id12, em18, gwiot7941, gwiot7941w, pn532, ascii, line, wiegand, osdp';
    const drivers = 'line, osdp-output, modbus-rtu, lcus, gpio';
    expect(change('driver: line', 'driver: strike')).toContain(
      `11:21 doors.0.lock.driver: unknown driver; there are: ${drivers}`,
    );
    expect(change('preset: zigbee2mqtt', 'preset: wled')).toContain(
      '12:24 doors.0.contact.preset: unknown preset; there are: zigbee2mqtt, esphome, tasmota, shelly-gen1, shelly-gen2, custom',
    );
    expect(change('protocol: line', 'protocol: x')).toContain(
      `10:26 doors.0.readers.panel.protocol: unknown protocol; there are: ${protocols}`,
    );
  });

  it('GC3: parts that do not fit together are refused', () => {
    expect(change('lock: { driver: line, reader: panel', 'lock: { driver: line, reader: entry')).toEqual([
      '11:35 doors.0.lock.reader: must name a reader of this door whose protocol is line',
    ]);
    expect(change('exitButton: { reader: panel', 'exitButton: { reader: nowhere')).toEqual([
      '13:27 doors.0.exitButton.reader: must name a reader of this door whose protocol is line or osdp',
    ]);
    expect(change('usb-B', 'usb-A')).toEqual(['10:38 doors.0.readers.panel.port: this port is used twice']);
    expect(change('mqtt: { url: "mqtt://127.0.0.1:1883" }\n', '')).toEqual([
      '11:14 doors.0.contact: a contact over MQTT needs the mqtt section',
    ]);
    expect(change('topic: zigbee2mqtt/pintu-ruang-server', 'topic: "zigbee2mqtt/#"')).toHaveLength(1);
  });

  it('GC3: every protocol and driver of the manual is taken', () => {
    for (const reader of [
      ...['rdm6300', 'id12', 'em18', 'gwiot7941', 'gwiot7941w', 'pn532'].map(
        (protocol) => `protocol: ${protocol}, port: /dev/ttyS1, baud: 9600`,
      ),
      'protocol: ascii, port: /dev/ttyS1, radix: 10, length: 10, suffix: "\\r\\n"',
      'protocol: ascii, port: "tcp://[::1]:4001", prefix: "\\x02", suffix: "\\x03", radix: 16, length: 10, check: xor, media: em',
      'protocol: wiegand, reader: panel, number: 0, format: h10301, keypad: 4-bit',
      'protocol: wiegand, reader: panel, number: 3, format: wg34, parity: ignored',
      'protocol: wiegand, reader: panel, number: 1, format: raw, bits: 37, keypad: { burst: bcd }',
      'protocol: osdp, port: /dev/ttyS1, baud: 9600, address: 1, keyFile: exit.scbk',
      'protocol: osdp, port: tcp://10.0.0.9:4001, address: 0, allowClear: true, card: { format: h10301 }',
    ])
      expect(exitFaults(reader), `${reader}`).toEqual([]);
    for (const lock of [
      'driver: modbus-rtu, port: /dev/ttyS1, unit: 1, relay: 0, baud: 19200',
      'driver: lcus, port: /dev/ttyS1, channel: 1, hardwareTimer: external',
      'driver: gpio, chip: pinctrl-rp1, line: 17, hardwareTimer: external',
    ])
      expect(lockFaults(lock), `${lock}`).toEqual([]);
  });

  it('GC3 (fault 21): a lock without a timer of its own is refused unless one stands behind it', () => {
    const message = 'has no timer of its own: only with hardwareTimer: external, a one-shot behind the relay';
    expect(lockFaults('driver: lcus, port: /dev/ttyS1, channel: 1')).toEqual([
      `11:11 doors.0.lock.hardwareTimer: ${message}`,
    ]);
    expect(lockFaults('driver: gpio, chip: pinctrl-rp1, line: 17, hardwareTimer: none')).toEqual([
      `11:71 doors.0.lock.hardwareTimer: ${message}`,
    ]);
  });

  it('GC3: ports, terminals and profiles that contradict each other are refused where they stand', () => {
    expect(lockFaults('driver: modbus-rtu, port: /dev/serial/by-id/usb-A, unit: 1, relay: 0')).toEqual([
      '11:39 doors.0.lock.port: this port is used twice',
    ]);
    expect(exitFaults('protocol: id12, port: tcp://10.0.0.9')).toEqual([
      '9:38 doors.0.readers.exit.port: a device path, or tcp://host:port',
    ]);
    expect(exitFaults('protocol: id12, port: tcp://10.0.0.9:4001, baud: 9600')).toEqual([
      '9:65 doors.0.readers.exit.baud: the rate of a tcp:// port is set at its device server',
    ]);
    expect(exitFaults('protocol: ascii, port: /dev/ttyS1, radix: 10, length: 10, bytes: 5')).toEqual([
      '9:70 doors.0.readers.exit.length: so many digits are no card number of that medium and size',
    ]);
    expect(exitFaults('protocol: wiegand, reader: entry, number: 0, format: raw')).toEqual([
      '9:14 doors.0.readers.exit.bits: bits belong to the format raw, and raw needs them',
      '9:43 doors.0.readers.exit.reader: must name a reader of this door whose protocol is line',
    ]);
    const twice = '{ protocol: wiegand, reader: panel, number: 0, format: h10301 }';
    const source = GOOD.replace('{ protocol: rdm6300, port: /dev/serial/by-id/usb-A }', twice).replace(
      '{ protocol: rdm6300, port: tcp://10.0.0.9:4001 }',
      twice,
    );
    expect(faultsOf(source)).toEqual(['9:58 doors.0.readers.exit.number: these terminals are used twice']);
  });

  const osdp = (entry: string, exit: string, more = ''): string =>
    GOOD.replace('protocol: rdm6300, port: /dev/serial/by-id/usb-A', `protocol: osdp, ${entry}`)
      .replace('protocol: rdm6300, port: tcp://10.0.0.9:4001', `protocol: osdp, ${exit}`)
      .replace(
        'driver: line, reader: panel, output: 0',
        `driver: osdp-output, reader: entry, output: 0${more}`,
      );

  it('GC3: OSDP readers share a port, each at its own address, with one rate', () => {
    const port = 'port: /dev/ttyS1, keyFile: a.scbk';
    expect(faultsOf(osdp(`${port}, address: 1`, `${port}, address: 2`))).toEqual([]);
    expect(faultsOf(osdp(`${port}, address: 1`, `${port}, address: 1`))).toEqual([
      '9:76 doors.0.readers.exit.address: this address is used twice on its port',
    ]);
    expect(faultsOf(osdp(`${port}, address: 1, baud: 9600`, `${port}, address: 2, baud: 19200`))).toEqual([
      '9:85 doors.0.readers.exit.baud: readers on one port have one rate',
    ]);
    expect(faultsOf(osdp(`${port}, address: 1`, `${port}, address: 127`))).toEqual([
      '9:76 doors.0.readers.exit.address: Too big: expected number to be <=126',
    ]);
    expect(
      faultsOf(osdp(`${port.replace('ttyS1', 'serial/by-id/usb-B')}, address: 1`, `${port}, address: 2`)),
    ).toEqual(['10:38 doors.0.readers.panel.port: this port is used twice']);
  });

  it('GC3: an OSDP reader has a key or is said to be one whose cards can be forged', () => {
    const message = 'needs a keyFile, or allowClear: true for a reader whose cards anybody can forge';
    const good = 'port: /dev/ttyS1, address: 2, keyFile: a.scbk';
    expect(faultsOf(osdp('port: /dev/ttyS2, address: 1', good))).toEqual([
      `8:14 doors.0.readers.entry: ${message}`,
    ]);
    expect(faultsOf(osdp('port: /dev/ttyS2, address: 1, allowClear: true, keyFile: b.scbk', good))).toEqual([
      `8:14 doors.0.readers.entry: ${message}`,
    ]);
    expect(faultsOf(osdp('port: /dev/ttyS2, address: 1, allowClear: false', good))).toEqual([
      expect.stringMatching(/^8:74 doors\.0\.readers\.entry\.allowClear: /),
    ]);
    expect(
      faultsOf(osdp(`port: /dev/ttyS2, address: 1, allowClear: true, card: { format: raw }`, good)),
    ).toEqual(['8:86 doors.0.readers.entry.card.bits: bits belong to the format raw, and raw needs them']);
  });

  it('GC3: a lock at an output of a reader needs that reader, and a time that its timer can count', () => {
    expect(lockFaults('driver: osdp-output, reader: entry, output: 0')).toEqual([
      '11:42 doors.0.lock.reader: must name a reader of this door whose protocol is osdp',
    ]);
    const readers = [
      'port: /dev/ttyS1, address: 1, keyFile: a',
      'port: /dev/ttyS2, address: 1, keyFile: a',
    ] as const;
    expect(faultsOf(osdp(...readers))).toEqual([]);
    expect(faultsOf(osdp(...readers).replace('releaseMs: 5000', 'releaseMs: 5050'))).toEqual([
      '11:71 doors.0.lock.releaseMs: Invalid number: must be a multiple of 100',
    ]);
  });

  it('GC3: a contact on the wires of a reader needs that reader, an input of its own and no broker', () => {
    const preset = 'preset: zigbee2mqtt, topic: zigbee2mqtt/pintu-ruang-server, maxSilenceMs: 7200000';
    const wired = (contact: string): string =>
      GOOD.replace('mqtt: { url: "mqtt://127.0.0.1:1883" }\n', '').replace(preset, contact);
    expect(faultsOf(wired('reader: panel, input: 1, closedWhen: active'))).toEqual([]);
    expect(faultsOf(wired('reader: entry, input: 1, closedWhen: active'))).toEqual([
      '11:24 doors.0.contact.reader: must name a reader of this door whose protocol is line or osdp',
    ]);
    expect(faultsOf(wired('reader: panel, input: 0, closedWhen: active'))).toEqual([
      '11:38 doors.0.contact.input: the exit button is on this input',
    ]);
    expect(faultsOf(wired('reader: panel, input: 99, closedWhen: active'))).toEqual([
      '11:38 doors.0.contact.input: Too big: expected number to be <=15',
    ]);
    expect(faultsOf(wired('reader: panel, input: 1, closedWhen: active, topic: x'))).toEqual([
      '11:61 doors.0.contact.topic: unknown key',
    ]);
    const checked = checkConfig(wired('reader: panel, input: 1, closedWhen: active'));
    expect(checked.ok && describeConfig(checked.value)).toContain(
      'door ruang-server: contact on input 1 of panel, closed when active',
    );
  });

  const withPresence = (presence: string): string =>
    GOOD.replace('exitButton:', `presence: ${presence}\n    exitButton:`);

  it('GC8: presence has its defaults, each of which can be set', () => {
    const defaults = { antiPassback: 'soft', forgiveMs: 43_200_000, overstayGraceMs: 900_000 };
    expect(good().doors[0]?.presence).toEqual(defaults);
    const set = { antiPassback: 'hard', forgiveMs: 3_600_000, capacity: 4, overstayGraceMs: 0 };
    const checked = checkConfig(withPresence(JSON.stringify(set)));
    expect(checked.ok && checked.value.doors[0]?.presence).toEqual(set);
  });

  it('GC8: presence that is out of range is refused', () => {
    expect(faultsOf(withPresence('{ antiPassback: maybe }'))).toEqual([
      expect.stringMatching(/^13:31 doors\.0\.presence\.antiPassback: /),
    ]);
    for (const presence of [
      '{ forgiveMs: 59999 }',
      '{ forgiveMs: 604800001 }',
      '{ capacity: 0 }',
      '{ capacity: 1.5 }',
      '{ overstayGraceMs: -1 }',
      '{ overstayGraceMs: 86400001 }',
      '{ zone: a }',
    ]) {
      expect(faultsOf(withPresence(presence))).toHaveLength(1);
    }
  });

  it('GC8: where no exit is seen nobody can be counted', () => {
    const counts = 'needs a reader named exit: where nobody is seen to leave, nobody can be counted';
    const withoutExit = (presence: string): string => withPresence(presence).replace(/ {6}exit: .*\n/, '');
    expect(faultsOf(withoutExit('{ antiPassback: hard, capacity: 4 }'))).toEqual([
      `12:31 doors.0.presence.antiPassback: ${counts}`,
      `12:47 doors.0.presence.capacity: ${counts}`,
    ]);
    expect(faultsOf(withoutExit('{ antiPassback: soft }'))).toEqual([]);
  });

  it('GC4: what presence does is said in plain lines', () => {
    expect(said(withPresence('{ antiPassback: hard, capacity: 4 }'))).toContain(
      'who is inside and comes again is refused, until 43200000 ms after the entry; at most 4 may be inside',
    );
    expect(said(GOOD)).toContain('is let in, which is noted');
    expect(said(GOOD.replace(/ {6}exit: .*\n/, ''))).toContain('no exit reader');
  });

  const said = (source: string): string => {
    const checked = checkConfig(source);
    if (!checked.ok) throw new Error(JSON.stringify(checked.error));
    return describeConfig(checked.value).join('\n');
  };
  const withFire = (fire: string): string =>
    GOOD.replace('exitButton:', `fireInput: ${fire}\n    exitButton:`);

  it('GC13: the lock is secured when the leaf is open, unless that is set otherwise, and check-config says so', () => {
    expect(said(GOOD)).toContain('the lock is secured as soon as the leaf is open');
    expect(said(GOOD.replace('releaseMs: 5000', 'releaseMs: 5000, relockOnOpen: false'))).toContain(
      'stays released to the end of its pulse',
    );
    expect(change('releaseMs: 5000', 'releaseMs: 5000, relockOnOpen: 1')).toEqual([
      expect.stringMatching(/^11:84 doors\.0\.lock\.relockOnOpen: /),
    ]);
  });

  it('GC14: an external timer cannot be told to end early', () => {
    const lcus = 'driver: lcus, port: /dev/ttyS1, channel: 1, hardwareTimer: external';
    expect(lockFaults(`${lcus}, relockOnOpen: true`)).toEqual([
      expect.stringContaining('relockOnOpen: an external timer runs to its end: only false, or left out'),
    ]);
    expect(said(withLock(lcus))).toContain('stays released to the end of its pulse');
    expect(lockFaults(`${lcus}, relockOnOpen: false`)).toEqual([]);
  });

  it('GC15: a fire alarm may come by wire or by topic, and is observed only', () => {
    expect(said(withFire('{ reader: panel, input: 2, activeWhen: inactive }'))).toContain(
      'fire alarm on input 2 of panel, inactive in a fire, observed only',
    );
    const topic = '{ preset: custom, topic: gedung/api, pointer: /state, active: [ON], clear: [OFF] }';
    expect(said(withFire(topic))).toContain('fire alarm on topic gedung/api, observed only');
    expect(said(GOOD)).toContain('no fire alarm is heard');
  });

  it('GC16: a fire alarm that shares its input, has no reader, or means both is refused where it stands', () => {
    expect(faultsOf(withFire('{ reader: panel, input: 0, activeWhen: active }'))).toEqual([
      '13:40 doors.0.fireInput.input: the exit button is on this input',
    ]);
    expect(faultsOf(withFire('{ reader: entry, input: 2, activeWhen: active }'))).toEqual([
      '13:26 doors.0.fireInput.reader: must name a reader of this door whose protocol is line or osdp',
    ]);
    expect(faultsOf(withFire('{ reader: panel, input: 2 }'))).toEqual([
      expect.stringMatching(/^13:16 doors\.0\.fireInput\.activeWhen: /),
    ]);
    expect(faultsOf(withFire('{ preset: custom, topic: a, active: [ON], clear: [on] }'))).toEqual([
      '13:65 doors.0.fireInput.clear: a word that means the one and the other',
    ]);
    expect(faultsOf(withFire('{ preset: tasmota, topic: a, active: [ON], clear: [off] }'))).toEqual([
      '13:26 doors.0.fireInput.preset: unknown preset; there are: custom',
    ]);
    const contact = 'contact: { reader: panel, input: 1, closedWhen: active }\n    exitButton:';
    const wired = GOOD.replace(/ {4}contact: .*\n/, '').replace('exitButton:', contact);
    const fire = 'fireInput: { reader: panel, input: 1, activeWhen: active }\n    exitButton:';
    expect(faultsOf(wired.replace('exitButton:', fire))).toEqual([
      expect.stringContaining('doors.0.fireInput.input: the contact is on this input'),
    ]);
    const unheard = withFire('{ preset: custom, topic: a, active: [ON], clear: [off] }')
      .replace(/ {4}contact: .*\n/, '')
      .replace(/mqtt: .*\n/, '');
    expect(faultsOf(unheard)).toEqual([
      expect.stringContaining('doors.0.fireInput: a fire alarm over MQTT needs the mqtt section'),
    ]);
  });

  const SECOND = `  - id: gudang
    readers: { entry: { protocol: line, port: /dev/ttyS7 } }
    lock: { driver: line, reader: entry, output: 0, releaseMs: 5000 }
    contact: { reader: entry, input: 1, closedWhen: active }
`;

  it('GC17: two doors with contacts may be interlocked', () => {
    expect(said(`${GOOD}${SECOND}interlock: [ruang-server, gudang]\n`)).toContain(
      'doors ruang-server and gudang: a card opens the one only while the other is seen shut',
    );
  });

  it('GC18: an interlock with a door that is not there, has no contact, or is the same one is refused', () => {
    expect(faultsOf(`${GOOD}interlock: [ruang-server, gudang]\n`)).toEqual([
      '14:27 interlock.1: must name a door of this gateway',
    ]);
    const blind = SECOND.replace(/ {4}contact: .*\n/, '');
    expect(faultsOf(`${GOOD}${blind}interlock: [ruang-server, gudang]\n`)).toEqual([
      '17:27 interlock.1: a door without a contact is never known to be shut',
    ]);
    expect(faultsOf(`${GOOD}interlock: [ruang-server, ruang-server]\n`)).toEqual([
      '14:27 interlock.1: must name another door',
    ]);
    expect(faultsOf(`${GOOD}interlock: [ruang-server]\n`)).toHaveLength(1);
  });

  it('GC4: paths are seen from the folder of the file', () => {
    const config = resolvePaths(good(), '/etc/palang/gateway.yaml');
    expect(config.server.keyFile).toBe('/etc/palang/gateway.key');
    expect(config.dataDir).toBe('/etc/palang/data');
    expect(config.doors[0]?.readers).toMatchObject({
      entry: { port: '/dev/serial/by-id/usb-A' },
      exit: { port: 'tcp://10.0.0.9:4001' },
    });
    const reader = 'port: /dev/ttyS1, address: 1, keyFile: entry.scbk';
    const keyed = checkConfig(osdp(reader, 'port: tcp://10.0.0.9:4001, address: 1, allowClear: true'));
    const resolved = keyed.ok ? resolvePaths(keyed.value, '/etc/palang/gateway.yaml') : undefined;
    expect(resolved?.doors[0]?.readers).toMatchObject({
      entry: { port: '/dev/ttyS1', keyFile: '/etc/palang/entry.scbk' },
      exit: { port: 'tcp://10.0.0.9:4001', allowClear: true },
    });
    expect(resolved && describeConfig(resolved).join('\n')).toMatch(
      /entry osdp at \/dev\/ttyS1, address 1, by secure channel, exit osdp .* can be forged[\s\S]*which the reader ends/,
    );
    const board = checkConfig(withLock('driver: modbus-rtu, port: relay, unit: 1, relay: 0'));
    expect(board.ok && resolvePaths(board.value, '/etc/palang/gateway.yaml').doors[0]?.lock).toMatchObject({
      port: '/etc/palang/relay',
    });
  });

  it('GC4: what would happen is said in plain lines', () => {
    expect(describeConfig(good())).toContain(
      'door ruang-server: a grant releases output 0 of panel for 5000 ms',
    );
    const described = (lock: string): string => {
      const checked = checkConfig(withLock(lock));
      return checked.ok ? describeConfig(checked.value).join('\n') : '';
    };
    expect(described('driver: modbus-rtu, port: /dev/ttyS1, unit: 1, relay: 0')).toContain(
      'which the board ends',
    );
    expect(described('driver: lcus, port: /dev/ttyS1, channel: 1, hardwareTimer: external')).toContain(
      'only the external timer ends it',
    );
    expect(described('driver: gpio, chip: pinctrl-rp1, line: 17, hardwareTimer: external')).toContain(
      'releases line 17 of pinctrl-rp1',
    );
    const wired = GOOD.replace(
      'protocol: rdm6300, port: tcp://10.0.0.9:4001',
      'protocol: wiegand, reader: panel, number: 1, format: wg34',
    );
    const checked = checkConfig(wired);
    expect(checked.ok && describeConfig(checked.value).join('\n')).toContain(
      'exit wiegand wg34 at terminals 1 of panel',
    );
    const bare = checkConfig(GOOD.replace(/ {4}contact: .*\n {4}exitButton: .*\n/, ''));
    expect(bare.ok && describeConfig(bare.value).join('\n')).toMatch(/no contact[\s\S]*no exit button/);
  });
});
