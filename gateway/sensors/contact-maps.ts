import { decodeUtf8 } from '#contract/bytes';
import type { ContactConfig } from '../config.ts';

/** What one message says of a door contact. */
export type ContactStatement =
  | { readonly kind: 'contact'; readonly contact: 'closed' | 'open' }
  /** `of` is the topic: the sensor and its bridge each have a word of their own. */
  | { readonly kind: 'availability'; readonly of: string; readonly isAvailable: boolean }
  /** The contact said something that has no meaning: that is a fault, and never `closed`. */
  | { readonly kind: 'unreadable' }
  /** Nothing about the contact, e.g. a report of the battery alone. */
  | { readonly kind: 'none' };

/** How the messages of one sensor are to be read. */
export interface ContactMap {
  /** Topics to subscribe to, none with a wildcard. */
  readonly topics: readonly string[];
  decode(topic: string, payload: Uint8Array): ContactStatement;
}

/** Larger messages come from no contact. */
export const MAX_PAYLOAD_BYTES = 4096;
const MAX_POINTER_DEPTH = 8;

interface Words {
  readonly closed: readonly string[];
  readonly open: readonly string[];
}

type Parsed = { readonly value: unknown } | undefined;

function parseJson(text: string): Parsed {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Follows a JSON pointer through own properties only: `__proto__` leads nowhere. */
function valueAt(value: unknown, pointer: string): Parsed {
  let at = value;
  for (const step of pointer.split('/').slice(1, MAX_POINTER_DEPTH + 1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[key];
  }
  return { value: at };
}

/** Writes a scalar as the word that the maps hold; null for anything else. */
const wordOf = (value: unknown): string | null =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value).trim().toLowerCase()
    : null;

const isOneOf = (words: readonly string[], word: string): boolean =>
  words.some((each) => each.toLowerCase() === word);

function readContact(payload: Uint8Array, pointer: string | undefined, words: Words): ContactStatement {
  const text = payload.length > MAX_PAYLOAD_BYTES ? undefined : decodeUtf8(payload);
  if (text?.ok !== true) return { kind: 'unreadable' };
  let value: unknown = text.value;
  if (pointer !== undefined) {
    const parsed = parseJson(text.value);
    if (parsed === undefined) return { kind: 'unreadable' };
    const found = valueAt(parsed.value, pointer);
    if (found === undefined) return { kind: 'none' };
    value = found.value;
  }
  const word = wordOf(value);
  if (word === null) return { kind: 'unreadable' };
  if (isOneOf(words.closed, word)) return { kind: 'contact', contact: 'closed' };
  return isOneOf(words.open, word) ? { kind: 'contact', contact: 'open' } : { kind: 'unreadable' };
}

function readAvailability(
  topic: string,
  payload: Uint8Array,
  { online, offline }: Pick<Availability, 'online' | 'offline'>,
): ContactStatement {
  const text = payload.length > MAX_PAYLOAD_BYTES ? undefined : decodeUtf8(payload);
  if (text?.ok !== true) return { kind: 'none' };
  // Zigbee2MQTT 2 says {"state":"online"}, version 1 and all others say a bare word.
  const state = valueAt(parseJson(text.value)?.value, '/state');
  const word = wordOf(state === undefined ? text.value : state.value);
  if (word === null) return { kind: 'none' };
  if (isOneOf(offline, word)) return { kind: 'availability', of: topic, isAvailable: false };
  return isOneOf(online, word) ? { kind: 'availability', of: topic, isAvailable: true } : { kind: 'none' };
}

interface Availability {
  readonly topics: readonly string[];
  readonly online: readonly string[];
  readonly offline: readonly string[];
}

/** Where a sensor speaks, and what its words mean. */
interface Shape {
  readonly contacts: readonly {
    readonly topic: string;
    /** Absent where the payload itself is the value. */
    readonly pointer?: string | undefined;
    readonly words: Words;
  }[];
  readonly availability: Availability;
}

const TRUE_IS_CLOSED: Words = { closed: ['true'], open: ['false'] };
const ON_IS_OPEN: Words = { closed: ['off'], open: ['on'] };

const turn = ({ closed, open }: Words, isInverted: boolean | undefined): Words =>
  isInverted === true ? { closed: open, open: closed } : { closed, open };

const NEVER: Availability = { topics: [], online: [], offline: [] };
const onlineAt = (...topics: readonly string[]): Availability => ({
  topics,
  online: ['online'],
  offline: ['offline'],
});

function shapeOf(config: ContactConfig): Shape {
  const { topic } = config;
  switch (config.preset) {
    case 'zigbee2mqtt': {
      const [base = ''] = topic.split('/');
      return {
        contacts: [
          config.output === 'attribute'
            ? { topic: `${topic}/contact`, words: TRUE_IS_CLOSED }
            : { topic, pointer: '/contact', words: TRUE_IS_CLOSED },
        ],
        availability: onlineAt(`${topic}/availability`, `${base}/bridge/state`),
      };
    }
    case 'esphome':
      return {
        contacts: [{ topic, words: turn(ON_IS_OPEN, config.inverted) }],
        availability: onlineAt(topic.replace(/\/binary_sensor\/[^/]+\/state$/, '/status')),
      };
    case 'tasmota': {
      const name = `/Switch${config.switch ?? 1}`;
      const pointer = topic.endsWith('/RESULT') ? `${name}/Action` : name;
      return {
        // TOGGLE and the other actions have no meaning here: a switch that drives POWER is no contact.
        contacts: [{ topic, pointer, words: turn(ON_IS_OPEN, config.inverted) }],
        availability: onlineAt(topic.replace(/^(?:tele|stat)(\/.+\/)(?:SENSOR|RESULT)$/, 'tele$1LWT')),
      };
    }
    case 'shelly-gen1':
      return {
        contacts: [{ topic, words: { closed: ['close'], open: ['open'] } }],
        // It sleeps and is offline most of the time: that says nothing, and its silence limit watches it alone.
        availability: NEVER,
      };
    case 'shelly-gen2': {
      const input = `input:${config.input ?? 0}`;
      const words = turn(TRUE_IS_CLOSED, config.inverted);
      return {
        contacts: [
          { topic: `${topic}/events/rpc`, pointer: `/params/${input}/state`, words },
          { topic: `${topic}/status/${input}`, pointer: '/state', words },
        ],
        availability: { topics: [`${topic}/online`], online: ['true'], offline: ['false'] },
      };
    }
    case 'custom': {
      const { availability, pointer } = config;
      return {
        contacts: [{ topic, pointer, words: config }],
        availability: availability === undefined ? NEVER : { ...availability, topics: [availability.topic] },
      };
    }
  }
}

/**
 * Creates the map of a preset: which topics a contact speaks on and what its words mean. Pure.
 * @see rules GS1 to GS4, GS12
 */
export function createContactMap(config: ContactConfig): ContactMap {
  const { contacts, availability } = shapeOf(config);
  return {
    topics: [...contacts.map(({ topic }) => topic), ...availability.topics],
    decode: (topic, payload) => {
      const contact = contacts.find((each) => each.topic === topic);
      if (contact !== undefined) return readContact(payload, contact.pointer, contact.words);
      return availability.topics.includes(topic)
        ? readAvailability(topic, payload, availability)
        : { kind: 'none' };
    },
  };
}
