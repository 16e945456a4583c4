import { decodeUtf8 } from '#contract/bytes';
import type { ContactConfig } from '../config.ts';

/** What one message says of a door contact. */
export type ContactStatement =
  | { readonly kind: 'contact'; readonly contact: 'closed' | 'open' }
  | { readonly kind: 'availability'; readonly isAvailable: boolean }
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
  payload: Uint8Array,
  online: readonly string[],
  offline: readonly string[],
): ContactStatement {
  const text = payload.length > MAX_PAYLOAD_BYTES ? undefined : decodeUtf8(payload);
  if (text?.ok !== true) return { kind: 'none' };
  // Zigbee2MQTT 2 says {"state":"online"}, version 1 says online.
  const state = valueAt(parseJson(text.value)?.value, '/state');
  const word = wordOf(state === undefined ? text.value : state.value);
  if (word === null) return { kind: 'none' };
  if (isOneOf(offline, word)) return { kind: 'availability', isAvailable: false };
  return isOneOf(online, word) ? { kind: 'availability', isAvailable: true } : { kind: 'none' };
}

const ZIGBEE_WORDS: Words = { closed: ['true'], open: ['false'] };

/**
 * Creates the map of a preset: which topics a contact speaks on and what its words mean. Pure.
 * @see rules GS1 to GS4
 */
export function createContactMap(config: ContactConfig): ContactMap {
  switch (config.preset) {
    case 'zigbee2mqtt': {
      const [base = ''] = config.topic.split('/');
      const availability = [`${config.topic}/availability`, `${base}/bridge/state`];
      return {
        topics: [config.topic, ...availability],
        decode: (topic, payload) => {
          if (topic === config.topic) return readContact(payload, '/contact', ZIGBEE_WORDS);
          return availability.includes(topic)
            ? readAvailability(payload, ['online'], ['offline'])
            : { kind: 'none' };
        },
      };
    }
    case 'custom': {
      const { availability } = config;
      return {
        topics: [config.topic, ...(availability === undefined ? [] : [availability.topic])],
        decode: (topic, payload) => {
          if (topic === config.topic) return readContact(payload, config.pointer, config);
          return topic === availability?.topic
            ? readAvailability(payload, availability.online, availability.offline)
            : { kind: 'none' };
        },
      };
    }
  }
}
