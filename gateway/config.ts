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

/** Names the choice where a word is not one of it. */
const chosenBy = (key: 'protocol' | 'driver' | 'preset', choice: readonly string[]) => ({
  error: (issue: { readonly code?: string | undefined }): string | undefined =>
    issue.code === 'invalid_union' ? `unknown ${key}; there are: ${choice.join(', ')}` : undefined,
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

const cardSchema = z.strictObject({
  format: z.enum(['h10301', 'wg34', 'c1000-35', 'h10302', 'h10304', 'c1000-48', 'raw']),
  bits: z.number().int().optional(),
  parity: z.enum(['checked', 'ignored']).optional(),
});

const osdpSchema = z.strictObject({
  protocol: z.literal('osdp'),
  port,
  baud,
  address: fromZero.max(126),
  /** Holds the key of its secure channel, 32 hex digits. */
  keyFile: text.optional(),
  /** Takes what a reader without a key says, which anybody on its wires can say as well. */
  allowClear: z.literal(true).optional(),
  card: cardSchema.optional(),
});

const wiegandSchema = z.strictObject({
  protocol: z.literal('wiegand'),
  /** The controller that it is wired to, and the pair of terminals there. */
  reader: text,
  number: fromZero.max(3),
  ...cardSchema.shape,
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
    osdpSchema,
  ],
  chosenBy('protocol', [...plainProtocols, 'ascii', 'line', 'wiegand', 'osdp']),
);

/** Such a relay stays as it was told when this program dies, so something else has to end the pulse. */
const hardwareTimer = z.literal('external', {
  error: 'has no timer of its own: only with hardwareTimer: external, a one-shot behind the relay',
});

/** The one-shot behind such a relay runs on, whatever the relay is told: there is nothing to choose. */
const neverRelocked = z
  .literal(false, { error: 'an external timer runs to its end: only false, or left out' })
  .optional();
/** False where the pulse is to last however early the leaf is open; true as it comes. */
const relockOnOpen = z.boolean().optional();

const lockSchema = z.discriminatedUnion(
  'driver',
  [
    z.strictObject({
      driver: z.literal('line'),
      reader: text,
      output: fromZero.max(7),
      releaseMs,
      relockOnOpen,
    }),
    z.strictObject({
      driver: z.literal('osdp-output'),
      relockOnOpen,
      reader: text,
      output: fromZero.max(15),
      /** The reader's timer counts in tenths of a second. */
      releaseMs: releaseMs.multipleOf(100),
    }),
    z.strictObject({
      driver: z.literal('modbus-rtu'),
      port,
      baud,
      unit: z.number().int().min(1).max(247),
      relay: fromZero.max(255),
      releaseMs,
      relockOnOpen,
    }),
    z.strictObject({
      driver: z.literal('lcus'),
      port,
      baud,
      channel: z.number().int().min(1).max(8),
      hardwareTimer,
      releaseMs,
      relockOnOpen: neverRelocked,
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
      relockOnOpen: neverRelocked,
    }),
  ],
  chosenBy('driver', ['line', 'osdp-output', 'modbus-rtu', 'lcus', 'gpio']),
);
type Lock = z.infer<typeof lockSchema>;

// No wildcards: a contact is one topic that the installer names.
const topicSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^+#\0]+$/, 'a topic without wildcards');
const words = z.array(z.string().min(1).max(40)).min(1).max(8);
const isAmbiguous = (some: readonly string[], others: readonly string[]): boolean =>
  some.some((word) => others.some((other) => other.toLowerCase() === word.toLowerCase()));
const silence = z
  .number()
  .int()
  .min(1000)
  .max(7 * 86_400_000);

/** True where the sensor says the opposite of what its preset expects, by its wiring. */
const inverted = z.boolean().optional();
/** Battery sensors repeat themselves about once in 50 minutes. */
const ZIGBEE_SILENCE_MS = 2 * 3_600_000;
/** Three times the period in which the device repeats itself, 300 s as it comes. */
const TASMOTA_SILENCE_MS = 900_000;
/** The device sleeps and reports its battery once or twice a day. */
const SLEEPER_SILENCE_MS = 25 * 3_600_000;

const contactSchema = z
  .discriminatedUnion(
    'preset',
    [
      z.strictObject({
        preset: z.literal('zigbee2mqtt'),
        topic: topicSchema,
        /** As `output` of zigbee2mqtt: one message with all values, or a topic for each. */
        output: z.enum(['json', 'attribute']).optional(),
        maxSilenceMs: silence.default(ZIGBEE_SILENCE_MS),
      }),
      z.strictObject({
        preset: z.literal('esphome'),
        topic: topicSchema.regex(
          /^.+\/binary_sensor\/[^/]+\/state$/,
          'must be PREFIX/binary_sensor/OBJECT_ID/state',
        ),
        inverted,
        // Speaks on change only; its last will tells when it is gone.
        maxSilenceMs: silence.optional(),
      }),
      z.strictObject({
        preset: z.literal('tasmota'),
        topic: topicSchema.regex(
          /^(?:tele\/.+\/SENSOR|stat\/.+\/RESULT)$/,
          'must be tele/TOPIC/SENSOR (SwitchMode 15) or stat/TOPIC/RESULT (SetOption114 1); POWER toggles and is no contact',
        ),
        /** Number of the switch, from 1. */
        switch: z.number().int().min(1).max(28).optional(),
        inverted,
        maxSilenceMs: silence.optional(),
      }),
      z.strictObject({
        preset: z.literal('shelly-gen1'),
        topic: topicSchema.regex(/^shellies\/[^/]+\/sensor\/state$/, 'must be shellies/DEVICE/sensor/state'),
        maxSilenceMs: silence.default(SLEEPER_SILENCE_MS),
      }),
      z.strictObject({
        preset: z.literal('shelly-gen2'),
        topic: topicSchema.regex(
          /^(?!.*\/(?:events|status|online|rpc)(?:\/|$))/,
          'must be the prefix of the device alone, e.g. shellyplus1-a8032abe54dc',
        ),
        input: fromZero.max(99).optional(),
        inverted,
        maxSilenceMs: silence.optional(),
      }),
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
    chosenBy('preset', ['zigbee2mqtt', 'esphome', 'tasmota', 'shelly-gen1', 'shelly-gen2', 'custom']),
  )
  .transform((contact) =>
    // In this form the device repeats itself; in the other it speaks on change only.
    contact.preset === 'tasmota' && contact.topic.endsWith('/SENSOR')
      ? { ...contact, maxSilenceMs: contact.maxSilenceMs ?? TASMOTA_SILENCE_MS }
      : contact,
  )
  .superRefine((contact, context) => {
    if (contact.preset !== 'custom') return;
    const complain = (path: string[]): void =>
      context.addIssue({ code: 'custom', path, message: 'a word that means the one and the other' });
    if (isAmbiguous(contact.closed, contact.open)) complain(['open']);
    const { availability } = contact;
    if (availability !== undefined && isAmbiguous(availability.online, availability.offline)) {
      complain(['availability', 'offline']);
    }
  });

/** How a door contact speaks over MQTT. */
export type ContactConfig = z.infer<typeof contactSchema>;

const inputNumber = z.number().int().min(0).max(15);
const wiredContactSchema = z.strictObject({
  reader: text,
  input: inputNumber,
  closedWhen: z.enum(['active', 'inactive']),
});

/** A door contact on the wires of a reader's input. */
export type WiredContactConfig = z.infer<typeof wiredContactSchema>;

/** Told apart by `reader`: a union would say of every fault that nothing fits, and nowhere in particular. */
const doorContactSchema = z
  .looseObject({})
  .transform((contact, context): ContactConfig | WiredContactConfig => {
    const checked = ('reader' in contact ? wiredContactSchema : contactSchema).safeParse(contact);
    if (checked.success) return checked.data;
    context.issues.push(...(checked.error.issues as typeof context.issues));
    return z.NEVER;
  });

const wiredFireSchema = z.strictObject({
  reader: text,
  input: inputNumber,
  activeWhen: z.enum(['active', 'inactive']),
});

/** The fire alarm on the wires of a reader's input. */
export type WiredFireConfig = z.infer<typeof wiredFireSchema>;

const topicFireSchema = z
  .strictObject({
    preset: z.literal('custom', { error: 'unknown preset; there are: custom' }),
    topic: topicSchema,
    /** JSON pointer to the value; absent where the payload itself is the value. */
    pointer: z
      .string()
      .max(200)
      .regex(/^(\/[^/]+)+$/)
      .optional(),
    active: words,
    clear: words,
  })
  .superRefine(({ active, clear }, context) => {
    if (!isAmbiguous(active, clear)) return;
    context.addIssue({ code: 'custom', path: ['clear'], message: 'a word that means the one and the other' });
  });

/** The fire alarm as something tells it over MQTT. */
export type TopicFireConfig = z.infer<typeof topicFireSchema>;

/** Told apart by `reader`, as contacts are. */
const fireInputSchema = z.looseObject({}).transform((fire, context): WiredFireConfig | TopicFireConfig => {
  const checked = ('reader' in fire ? wiredFireSchema : topicFireSchema).safeParse(fire);
  if (checked.success) return checked.data;
  context.issues.push(...(checked.error.issues as typeof context.issues));
  return z.NEVER;
});

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

const presenceSchema = z.strictObject({
  /** A second entry without an exit: `hard` is refused, `soft` is noted. */
  antiPassback: z.enum(['off', 'soft', 'hard']).default('soft'),
  /** After so long an entry without an exit counts no more: the exit was missed. */
  forgiveMs: z
    .number()
    .int()
    .min(60_000)
    .max(7 * DAY_MS)
    .default(12 * HOUR_MS),
  /** How many may be inside; left out, as many as come. */
  capacity: z.number().int().min(1).max(1000).optional(),
  /** How long after the end of the permit a stay is told to be too long. */
  overstayGraceMs: z.number().int().min(0).max(DAY_MS).default(900_000),
});

const doorSchema = z.strictObject({
  id: idSchema,
  /** A card at `exit` goes out; at any other reader it comes in. */
  readers: z.strictObject({
    entry: readerSchema,
    exit: readerSchema.optional(),
    panel: readerSchema.optional(),
  }),
  lock: lockSchema,
  contact: doorContactSchema.optional(),
  exitButton: z.strictObject({ reader: text, input: inputNumber }).optional(),
  /** Observed only: a fire that is told frees nobody's way, the fire panel does that by its own wires. */
  fireInput: fireInputSchema.optional(),
  heldOpenMs: z.number().int().min(1000).max(3_600_000).default(30_000),
  presence: presenceSchema.prefault({}),
});

/** One door as the installer describes it. */
export type DoorConfig = z.infer<typeof doorSchema>;
type Reader = z.infer<typeof readerSchema>;
type OsdpReader = z.infer<typeof osdpSchema>;

/** The readers that a door has, by name. */
export const readersOf = (door: Pick<DoorConfig, 'readers'>): readonly (readonly [string, Reader])[] =>
  Object.entries(door.readers).flatMap(([name, reader]) => (reader === undefined ? [] : [[name, reader]]));

/** Some fifty thousand records: weeks of those who leave, and of alarms. */
export const DEFAULT_BALLAST_MIB = 16;

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
    /** Another disk, on which the journal goes on when the first one fails. */
    spareDir: text.optional(),
    /** Another device, which remembers how far the journal was. */
    secondMedium: z.strictObject({ file: text }).optional(),
    /** Room that is held for the records of those who leave, and of alarms, when the disk is full. */
    ballastMiB: z.number().int().min(0).max(4096).optional(),
    /** Two doors of which only one may be open at a time. */
    interlock: z.tuple([idSchema, idSchema]).optional(),
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
      const needs = (path: string[], name: string, ...protocols: readonly Reader['protocol'][]): void => {
        if (!protocols.some((protocol) => readers.get(name)?.protocol === protocol)) {
          const choice = protocols.join(' or ');
          complain([...at, ...path], `must name a reader of this door whose protocol is ${choice}`);
        }
      };
      const terminals = new Set<string>();
      const lines = new Map<string, OsdpReader[]>();
      const takeOsdp = (path: (string | number)[], reader: OsdpReader): void => {
        if ((reader.keyFile === undefined) === (reader.allowClear === undefined)) {
          complain(path, 'needs a keyFile, or allowClear: true for a reader whose cards anybody can forge');
        }
        const line = lines.get(reader.port) ?? [];
        if (line.length === 0) takePort(path, reader);
        if (line.some(({ address }) => address === reader.address)) {
          complain([...path, 'address'], 'this address is used twice on its port');
        }
        if (line.some((other) => other.baud !== reader.baud)) {
          complain([...path, 'baud'], 'readers on one port have one rate');
        }
        lines.set(reader.port, [...line, reader]);
      };
      for (const [name, reader] of readers) {
        const fault = findReaderFault(reader);
        if (fault !== null) {
          const card = reader.protocol === 'osdp' ? ['card'] : [];
          complain([...at, 'readers', name, ...card, fault.key], fault.message);
        }
        if (reader.protocol === 'osdp') takeOsdp([...at, 'readers', name], reader);
        else if (reader.protocol !== 'wiegand') takePort([...at, 'readers', name], reader);
        else {
          needs(['readers', name, 'reader'], reader.reader, 'line');
          const terminal = `${reader.reader} ${reader.number}`;
          if (terminals.has(terminal)) {
            complain([...at, 'readers', name, 'number'], 'these terminals are used twice');
          }
          terminals.add(terminal);
        }
      }
      if (door.lock.driver === 'line') needs(['lock', 'reader'], door.lock.reader, 'line');
      else if (door.lock.driver === 'osdp-output') needs(['lock', 'reader'], door.lock.reader, 'osdp');
      else if (door.lock.driver !== 'gpio') takePort([...at, 'lock'], door.lock);
      if (door.exitButton !== undefined) {
        needs(['exitButton', 'reader'], door.exitButton.reader, 'line', 'osdp');
      }
      const { fireInput } = door;
      if (fireInput !== undefined && 'reader' in fireInput) {
        needs(['fireInput', 'reader'], fireInput.reader, 'line', 'osdp');
        const isOn = (other: { reader: string; input: number } | undefined): boolean =>
          other?.reader === fireInput.reader && other.input === fireInput.input;
        if (isOn(door.exitButton))
          complain([...at, 'fireInput', 'input'], 'the exit button is on this input');
        if (door.contact !== undefined && 'reader' in door.contact && isOn(door.contact)) {
          complain([...at, 'fireInput', 'input'], 'the contact is on this input');
        }
      } else if (fireInput !== undefined && config.mqtt === undefined) {
        complain([...at, 'fireInput'], 'a fire alarm over MQTT needs the mqtt section');
      }
      if (door.readers.exit === undefined) {
        const counts = 'needs a reader named exit: where nobody is seen to leave, nobody can be counted';
        const { antiPassback, capacity } = door.presence;
        if (antiPassback === 'hard') complain([...at, 'presence', 'antiPassback'], counts);
        if (capacity !== undefined) complain([...at, 'presence', 'capacity'], counts);
      }
      if (door.contact !== undefined && 'reader' in door.contact) {
        needs(['contact', 'reader'], door.contact.reader, 'line', 'osdp');
        const { exitButton } = door;
        if (exitButton?.reader === door.contact.reader && exitButton.input === door.contact.input) {
          complain([...at, 'contact', 'input'], 'the exit button is on this input');
        }
      } else if (door.contact !== undefined && config.mqtt === undefined) {
        complain([...at, 'contact'], 'a contact over MQTT needs the mqtt section');
      }
    }
    for (const [index, id] of (config.interlock ?? []).entries()) {
      const door = config.doors.find((each) => each.id === id);
      if (door === undefined) complain(['interlock', index], 'must name a door of this gateway');
      else if (door.contact === undefined) {
        complain(['interlock', index], 'a door without a contact is never known to be shut');
      }
    }
    if (config.interlock !== undefined && config.interlock[0] === config.interlock[1]) {
      complain(['interlock', 1], 'must name another door');
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
    ...(config.spareDir !== undefined && { spareDir: at(config.spareDir) }),
    ...(config.secondMedium !== undefined && { secondMedium: { file: at(config.secondMedium.file) } }),
    ...(mqtt !== undefined && { mqtt }),
    doors: config.doors.map((door) => ({
      ...door,
      readers: Object.fromEntries(
        readersOf(door).map(([name, reader]) => [
          name,
          reader.protocol === 'wiegand'
            ? reader
            : {
                ...reader,
                port: at(reader.port),
                ...('keyFile' in reader && reader.keyFile !== undefined && { keyFile: at(reader.keyFile) }),
              },
        ]),
      ) as DoorConfig['readers'],
      lock: 'port' in door.lock ? { ...door.lock, port: at(door.lock.port) } : door.lock,
    })),
  };
}

function describeReader(reader: Reader): string {
  if (reader.protocol === 'wiegand') {
    return `wiegand ${reader.format} at terminals ${reader.number} of ${reader.reader}`;
  }
  const at = `${reader.protocol} at ${reader.port}`;
  if (reader.protocol !== 'osdp') return at;
  const trust = reader.keyFile === undefined ? 'in clear, so its cards can be forged' : 'by secure channel';
  return `${at}, address ${reader.address}, ${trust}`;
}

/** What a grant does, and what ends it should this program not. */
function describeLock(lock: Lock): string {
  const { releaseMs: ms } = lock;
  switch (lock.driver) {
    case 'line':
      return `a grant releases output ${lock.output} of ${lock.reader} for ${ms} ms`;
    case 'osdp-output':
      return `a grant releases output ${lock.output} of ${lock.reader} for ${ms} ms, which the reader ends`;
    case 'modbus-rtu':
      return `a grant releases relay ${lock.relay} of unit ${lock.unit} at ${lock.port} for ${ms} ms, which the board ends`;
    case 'lcus':
      return `a grant releases channel ${lock.channel} at ${lock.port} for ${ms} ms; should this program die, only the external timer ends it`;
    case 'gpio':
      return `a grant releases line ${lock.line} of ${lock.chip} for ${ms} ms; should its process die, only the external timer ends it`;
  }
}

function describeRelock({ lock }: DoorConfig): string {
  const isSecured = lock.relockOnOpen !== false && !('hardwareTimer' in lock);
  return isSecured
    ? 'the lock is secured as soon as the leaf is open'
    : 'the lock stays released to the end of its pulse, also when the leaf is open';
}

function describeFire({ fireInput }: DoorConfig): string {
  if (fireInput === undefined) return 'no fire alarm is heard; leaving in a fire without a card looks forced';
  const from =
    'reader' in fireInput
      ? `input ${fireInput.input} of ${fireInput.reader}, ${fireInput.activeWhen} in a fire`
      : `topic ${fireInput.topic}`;
  return `fire alarm on ${from}, observed only: it suspends anti-passback and explains openings`;
}

function describePresence({ readers, presence }: DoorConfig): string {
  const { antiPassback, forgiveMs, capacity, overstayGraceMs } = presence;
  if (readers.exit === undefined) return 'no exit reader, so who is still inside is not known';
  const again = { off: 'is let in', soft: 'is let in, which is noted', hard: 'is refused' }[antiPassback];
  return [
    `who is inside and comes again ${again}, until ${forgiveMs} ms after the entry`,
    ...(capacity === undefined ? [] : [`at most ${capacity} may be inside`]),
    `a stay is too long ${overstayGraceMs} ms after its permit`,
  ].join('; ');
}

/** Says in plain lines what a gateway with this configuration would do. */
export function describeConfig(config: GatewayConfig): readonly string[] {
  return [
    `gateway ${config.id} asks ${config.server.url} for permits and sends its journal there`,
    `keeps its journal in ${config.dataDir}, and holds ${config.ballastMiB ?? DEFAULT_BALLAST_MIB} MiB there for bad days`,
    config.spareDir === undefined
      ? 'no spare disk: when this one fails nobody is let in'
      : `goes on in ${config.spareDir} when that disk fails`,
    config.secondMedium === undefined
      ? 'no second medium: an old copy of the disk is noticed by the door controller or the server only'
      : `remembers in ${config.secondMedium.file} how far the journal was`,
    ...config.doors.flatMap((door) => [
      `door ${door.id}: ${readersOf(door)
        .map(([name, reader]) => `${name} ${describeReader(reader)}`)
        .join(', ')}`,
      `door ${door.id}: ${describeLock(door.lock)}`,
      door.contact === undefined
        ? `door ${door.id}: no contact, so nobody can tell whether it was opened`
        : 'reader' in door.contact
          ? `door ${door.id}: contact on input ${door.contact.input} of ${door.contact.reader}, closed when ${door.contact.closedWhen}`
          : `door ${door.id}: contact ${door.contact.preset} on ${door.contact.topic}`,
      door.exitButton === undefined
        ? `door ${door.id}: no exit button is observed; leaving by it looks like a forced door`
        : `door ${door.id}: exit button is input ${door.exitButton.input} of ${door.exitButton.reader}, observed only`,
      `door ${door.id}: held open after ${door.heldOpenMs} ms, with a warning at two thirds of it`,
      `door ${door.id}: ${describeRelock(door)}`,
      `door ${door.id}: ${describeFire(door)}`,
      `door ${door.id}: ${describePresence(door)}`,
    ]),
    ...(config.interlock === undefined
      ? []
      : [`doors ${config.interlock.join(' and ')}: a card opens the one only while the other is seen shut`]),
  ];
}
