import { dirname, resolve } from 'node:path';
import { LineCounter, isMap, isNode, isScalar, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { idSchema } from '#contract/record';
import { err, ok, type Result } from '#contract/result';
import { findReaderFault, parseTcpPath, plainProtocols } from '../firmware-bridge/bridge.ts';

/** Where the text is wrong, 1-based, and what is wrong there; values of the file are never repeated. */
export interface ConfigError {
  readonly line: number;
  readonly column: number;
  /** Dotted path, e.g. `doors.0.lock.driver`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
}

const LATER = {
  protocol: ['osdp'],
  driver: ['osdp-output'],
  preset: ['esphome', 'tasmota', 'shelly-gen1', 'shelly-gen2'],
} as const;

/** Tells a word that the manual knows from one that nobody knows. */
const chosenBy = (key: keyof typeof LATER, now: readonly string[]) => ({
  error: (issue: { readonly code?: string | undefined; readonly input?: unknown }): string | undefined => {
    if (issue.code !== 'invalid_union') return undefined;
    const input = issue.input as Readonly<Record<string, unknown>> | undefined;
    const known = LATER[key].find((word) => word === input?.[key]);
    const choice = `there are: ${now.join(', ')}`;
    return known === undefined ? `unknown ${key}; ${choice}` : `${known} is not in this version; ${choice}`;
  },
});

const text = z.string().min(1).max(1000);
const baud = z.number().int().min(300).max(921_600).optional();
/** A device of this machine, or a serial device server. */
const port = text.refine((path) => !path.startsWith('tcp://') || parseTcpPath(path) !== null, {
  error: 'a device path, or tcp://host:port',
});
/** What stands around the digits of a line; control characters are written as YAML escapes: "\x02", "\r\n". */
const edge = z.string().max(4).optional();
const fromZero = z.number().int().min(0);
const releaseMs = z.number().int().min(100).max(10_000);

const asciiSchema = z.strictObject({
  protocol: z.literal('ascii'),
  port,
  baud,
  prefix: edge,
  suffix: edge,
  radix: z.literal([10, 16]),
  length: z.number().int().min(4).max(32),
  check: z.enum(['none', 'xor']).optional(),
  media: z.enum(['em', 'mf', 'id']).optional(),
  bytes: z.number().int().min(2).max(10).optional(),
  order: z.enum(['air', 'reversed']).optional(),
});

const wiegandSchema = z.strictObject({
  protocol: z.literal('wiegand'),
  /** The controller that it is wired to, and the pair of terminals there. */
  reader: text,
  number: fromZero.max(3),
  format: z.enum(['h10301', 'wg34', 'c1000-35', 'h10302', 'h10304', 'c1000-48', 'raw']),
  bits: z.number().int().optional(),
  parity: z.enum(['checked', 'ignored']).optional(),
  keypad: z
    .union([
      z.enum(['none', '4-bit', '6-bit', '8-bit']),
      z.strictObject({ burst: z.literal('bcd') }),
      z.strictObject({ burst: z.literal('number'), facility: z.number().int(), digits: z.number().int() }),
    ])
    .optional(),
});

const readerSchema = z.discriminatedUnion(
  'protocol',
  [
    z.strictObject({ protocol: z.literal(plainProtocols), port, baud }),
    asciiSchema,
    z.strictObject({ protocol: z.literal('line'), port, baud }),
    wiegandSchema,
  ],
  chosenBy('protocol', [...plainProtocols, 'ascii', 'line', 'wiegand']),
);

/** Such a relay stays as it was told when this program dies, so something else has to end the pulse. */
const hardwareTimer = z.literal('external', {
  error: 'has no timer of its own: only with hardwareTimer: external, a one-shot behind the relay',
});

const lockSchema = z.discriminatedUnion(
  'driver',
  [
    z.strictObject({ driver: z.literal('line'), reader: text, output: fromZero.max(7), releaseMs }),
    z.strictObject({
      driver: z.literal('modbus-rtu'),
      port,
      baud,
      unit: z.number().int().min(1).max(247),
      relay: fromZero.max(255),
      releaseMs,
    }),
    z.strictObject({
      driver: z.literal('lcus'),
      port,
      baud,
      channel: z.number().int().min(1).max(8),
      hardwareTimer,
      releaseMs,
    }),
    z.strictObject({
      driver: z.literal('gpio'),
      /** The chip's label, as gpiodetect tells it; its number changes with the kernel. */
      chip: z
        .string()
        .max(64)
        .regex(/^[\w.:-]+$/),
      line: fromZero.max(1023),
      hardwareTimer,
      releaseMs,
    }),
  ],
  chosenBy('driver', ['line', 'modbus-rtu', 'lcus', 'gpio']),
);
type Lock = z.infer<typeof lockSchema>;

// No wildcards: a contact is one topic that the installer names.
const topicSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^+#\0]+$/, 'a topic without wildcards');
const words = z.array(z.string().min(1).max(40)).min(1).max(8);
const silence = z
  .number()
  .int()
  .min(1000)
  .max(7 * 86_400_000);

const contactSchema = z.discriminatedUnion(
  'preset',
  [
    z.strictObject({ preset: z.literal('zigbee2mqtt'), topic: topicSchema, maxSilenceMs: silence }),
    z.strictObject({
      preset: z.literal('custom'),
      topic: topicSchema,
      /** JSON pointer to the value; absent where the payload itself is the value. */
      pointer: z
        .string()
        .max(200)
        .regex(/^(\/[^/]+)+$/)
        .optional(),
      closed: words,
      open: words,
      availability: z.strictObject({ topic: topicSchema, online: words, offline: words }).optional(),
      maxSilenceMs: silence,
    }),
  ],
  chosenBy('preset', ['zigbee2mqtt', 'custom']),
);

/** How a door contact speaks over MQTT. */
export type ContactConfig = z.infer<typeof contactSchema>;

const doorSchema = z.strictObject({
  id: idSchema,
  /** A card at `exit` goes out; at any other reader it comes in. */
  readers: z.strictObject({
    entry: readerSchema,
    exit: readerSchema.optional(),
    panel: readerSchema.optional(),
  }),
  lock: lockSchema,
  contact: contactSchema.optional(),
  exitButton: z.strictObject({ reader: text, input: z.number().int().min(0).max(15) }).optional(),
  heldOpenMs: z.number().int().min(1000).max(3_600_000).default(30_000),
});

/** One door as the installer describes it. */
export type DoorConfig = z.infer<typeof doorSchema>;
type Reader = z.infer<typeof readerSchema>;

/** The readers that a door has, by name. */
export const readersOf = (door: Pick<DoorConfig, 'readers'>): readonly (readonly [string, Reader])[] =>
  Object.entries(door.readers).flatMap(([name, reader]) => (reader === undefined ? [] : [[name, reader]]));

const mqttSchema = z.strictObject({
  url: z.url({ protocol: /^mqtts?$/ }),
  caFile: text.optional(),
  certFile: text.optional(),
  keyFile: text.optional(),
});

/** Where the broker is and who we are to it. */
export type MqttConfig = z.infer<typeof mqttSchema>;

const configSchema = z
  .strictObject({
    id: idSchema,
    server: z.strictObject({ url: z.url({ protocol: /^https?$/ }), keyFile: text, trustFile: text }),
    dataDir: text,
    mqtt: mqttSchema.optional(),
    doors: z.array(doorSchema).min(1).max(16),
  })
  .superRefine((config, context) => {
    const complain = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    const ids = new Set<string>();
    const ports = new Set<string>();
    const takePort = (at: (string | number)[], device: { port: string; baud?: number | undefined }): void => {
      if (ports.has(device.port)) complain([...at, 'port'], 'this port is used twice');
      ports.add(device.port);
      if (device.baud !== undefined && parseTcpPath(device.port) !== null) {
        complain([...at, 'baud'], 'the rate of a tcp:// port is set at its device server');
      }
    };
    for (const [index, door] of config.doors.entries()) {
      const at = ['doors', index];
      if (ids.has(door.id)) complain([...at, 'id'], 'this door is described twice');
      ids.add(door.id);
      const readers = new Map(readersOf(door));
      const needsLine = (path: string[], name: string): void => {
        if (readers.get(name)?.protocol !== 'line') {
          complain([...at, ...path], 'must name a reader of this door whose protocol is line');
        }
      };
      const terminals = new Set<string>();
      for (const [name, reader] of readers) {
        const fault = findReaderFault(reader);
        if (fault !== null) complain([...at, 'readers', name, fault.key], fault.message);
        if (reader.protocol !== 'wiegand') takePort([...at, 'readers', name], reader);
        else {
          needsLine(['readers', name, 'reader'], reader.reader);
          const terminal = `${reader.reader} ${reader.number}`;
          if (terminals.has(terminal)) {
            complain([...at, 'readers', name, 'number'], 'these terminals are used twice');
          }
          terminals.add(terminal);
        }
      }
      if (door.lock.driver === 'line') needsLine(['lock', 'reader'], door.lock.reader);
      else if (door.lock.driver !== 'gpio') takePort([...at, 'lock'], door.lock);
      if (door.exitButton !== undefined) needsLine(['exitButton', 'reader'], door.exitButton.reader);
      if (door.contact !== undefined && config.mqtt === undefined) {
        complain([...at, 'contact'], 'a contact over MQTT needs the mqtt section');
      }
    }
  });

/** The whole configuration of a gateway. */
export type GatewayConfig = z.infer<typeof configSchema>;

type Path = readonly PropertyKey[];

/** Byte range of the node at a path, or of the nearest thing that encloses it. */
function offsetOf(document: Document, path: Path, unknownKey: string | undefined): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const node: unknown = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    if (!isNode(node)) continue;
    if (unknownKey !== undefined && depth === path.length && isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === unknownKey);
      if (pair !== undefined && isNode(pair.key)) return pair.key.range?.[0] ?? 0;
    }
    return node.range?.[0] ?? 0;
  }
  return 0;
}

/**
 * Checks the text of a configuration file against the schema; opens nothing. Unknown keys are errors.
 * @returns the configuration with its paths as written, or every fault with its line and column
 */
export function checkConfig(source: string): Result<GatewayConfig, readonly ConfigError[]> {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, version: '1.2' });
  const place = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (document.errors.length > 0) {
    return err(
      document.errors.map(({ pos, code }) => ({ ...place(pos[0]), path: '', message: `not YAML: ${code}` })),
    );
  }
  const checked = configSchema.safeParse(document.toJS({ maxAliasCount: 0 }) as unknown);
  if (checked.success) return ok(checked.data);
  return err(
    checked.error.issues.flatMap((issue) => {
      const keys = issue.code === 'unrecognized_keys' ? issue.keys : [undefined];
      return keys.map((key) => ({
        ...place(offsetOf(document, issue.path, key)),
        path: [...issue.path, ...(key === undefined ? [] : [key])].map(String).join('.'),
        message: key === undefined ? issue.message : 'unknown key',
      }));
    }),
  );
}

/** Makes every path of a configuration absolute, seen from the folder of its file; `tcp://` ports stay. */
export function resolvePaths(config: GatewayConfig, configFile: string): GatewayConfig {
  const folder = dirname(resolve(configFile));
  const at = (path: string): string => (path.startsWith('tcp://') ? path : resolve(folder, path));
  const mqtt = config.mqtt && {
    url: config.mqtt.url,
    ...(config.mqtt.caFile !== undefined && { caFile: at(config.mqtt.caFile) }),
    ...(config.mqtt.certFile !== undefined && { certFile: at(config.mqtt.certFile) }),
    ...(config.mqtt.keyFile !== undefined && { keyFile: at(config.mqtt.keyFile) }),
  };
  return {
    ...config,
    server: { ...config.server, keyFile: at(config.server.keyFile), trustFile: at(config.server.trustFile) },
    dataDir: at(config.dataDir),
    ...(mqtt !== undefined && { mqtt }),
    doors: config.doors.map((door) => ({
      ...door,
      readers: Object.fromEntries(
        readersOf(door).map(([name, reader]) => [
          name,
          reader.protocol === 'wiegand' ? reader : { ...reader, port: at(reader.port) },
        ]),
      ) as DoorConfig['readers'],
      lock: 'port' in door.lock ? { ...door.lock, port: at(door.lock.port) } : door.lock,
    })),
  };
}

const describeReader = (reader: Reader): string =>
  reader.protocol === 'wiegand'
    ? `wiegand ${reader.format} at terminals ${reader.number} of ${reader.reader}`
    : `${reader.protocol} at ${reader.port}`;

/** What a grant does, and what ends it should this program not. */
function describeLock(lock: Lock): string {
  const { releaseMs: ms } = lock;
  switch (lock.driver) {
    case 'line':
      return `a grant releases output ${lock.output} of ${lock.reader} for ${ms} ms`;
    case 'modbus-rtu':
      return `a grant releases relay ${lock.relay} of unit ${lock.unit} at ${lock.port} for ${ms} ms, which the board ends`;
    case 'lcus':
      return `a grant releases channel ${lock.channel} at ${lock.port} for ${ms} ms; should this program die, only the external timer ends it`;
    case 'gpio':
      return `a grant releases line ${lock.line} of ${lock.chip} for ${ms} ms; should its process die, only the external timer ends it`;
  }
}

/** Says in plain lines what a gateway with this configuration would do. */
export function describeConfig(config: GatewayConfig): readonly string[] {
  return [
    `gateway ${config.id} asks ${config.server.url} for permits and sends its journal there`,
    `keeps its journal in ${config.dataDir}`,
    ...config.doors.flatMap((door) => [
      `door ${door.id}: ${readersOf(door)
        .map(([name, reader]) => `${name} ${describeReader(reader)}`)
        .join(', ')}`,
      `door ${door.id}: ${describeLock(door.lock)}`,
      door.contact === undefined
        ? `door ${door.id}: no contact, so nobody can tell whether it was opened`
        : `door ${door.id}: contact ${door.contact.preset} on ${door.contact.topic}`,
      door.exitButton === undefined
        ? `door ${door.id}: no exit button is observed; leaving by it looks like a forced door`
        : `door ${door.id}: exit button is input ${door.exitButton.input} of ${door.exitButton.reader}, observed only`,
      `door ${door.id}: held open after ${door.heldOpenMs} ms`,
    ]),
  ];
}
