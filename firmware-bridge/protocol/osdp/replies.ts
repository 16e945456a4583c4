import { malformed, parsed, type Parsed } from '../result.ts';
import { joinBytes, littleEndian, octet, readLittleEndian } from './byte-order.ts';
import { recordsOf, textOf, type OfType, type PayloadCodec, type PayloadFault } from './payload.ts';

export interface CapabilityRecord {
  readonly function: number;
  readonly compliance: number;
  readonly count: number;
}

export interface Identity {
  /** Vendor OUI, 3 bytes. */
  readonly vendor: Uint8Array;
  readonly model: number;
  readonly version: number;
  readonly serial: number;
  /** major, minor, build. */
  readonly firmware: readonly [number, number, number];
}

export type Reply =
  | { readonly type: 'ACK' | 'BUSY' }
  | { readonly type: 'NAK'; readonly reason: number; readonly more: Uint8Array }
  | { readonly type: 'PDID'; readonly identity: Identity }
  | { readonly type: 'PDCAP'; readonly records: readonly CapabilityRecord[] }
  /** Status bytes are kept as sent: makers use values above 1 for faults of a supervised line. */
  | { readonly type: 'LSTATR'; readonly tamper: number; readonly power: number }
  | { readonly type: 'ISTATR'; readonly inputs: Uint8Array }
  | { readonly type: 'OSTATR'; readonly outputs: Uint8Array }
  | { readonly type: 'RSTATR'; readonly readers: Uint8Array }
  | {
      readonly type: 'RAW';
      readonly reader: number;
      /** 0 unspecified, 1 Wiegand with parity. */
      readonly format: number;
      readonly bitCount: number;
      /** First bit = highest bit of the first byte; the bits past `bitCount` are 0. */
      readonly bits: Uint8Array;
    }
  | { readonly type: 'FMT'; readonly reader: number; readonly isReversed: boolean; readonly text: string }
  | { readonly type: 'KEYPAD'; readonly reader: number; readonly keys: Uint8Array }
  | { readonly type: 'COM'; readonly address: number; readonly baud: number }
  | {
      readonly type: 'CCRYPT';
      readonly clientUid: Uint8Array;
      readonly rndB: Uint8Array;
      readonly cryptogram: Uint8Array;
    }
  | { readonly type: 'RMAC_I'; readonly rMac: Uint8Array }
  /** A reply without a layout here, kept as it came. */
  | { readonly type: 'OTHER'; readonly code: number; readonly data: Uint8Array };

export type ReplyType = Reply['type'];

const bare = <const T extends 'ACK' | 'BUSY'>(type: T, code: number): PayloadCodec<{ readonly type: T }> => ({
  code,
  encode: () => new Uint8Array(0),
  parse: (data) => (data.length === 0 ? { type } : 'length'),
});

/** Clears the padding behind the last bit, so that one card has one form. */
function withoutPadding(bits: Uint8Array, bitCount: number): Uint8Array {
  const clean = bits.slice();
  const spare = (8 - (bitCount % 8)) % 8;
  const last = clean.length - 1;
  clean[last] = ((clean[last] ?? 0) >> spare) << spare;
  return clean;
}

/** Reply layouts, code by code (OSDP v2.2 replies a door needs). */
const CODECS: {
  readonly [T in Exclude<ReplyType, 'OTHER'>]: PayloadCodec<OfType<Reply, T>>;
} = {
  ACK: bare('ACK', 0x40),
  NAK: {
    code: 0x41,
    encode: ({ reason, more }) => joinBytes(octet(reason), more),
    parse: (data) => {
      if (data.length === 0) return 'length';
      return { type: 'NAK', reason: data[0] ?? 0, more: data.slice(1) };
    },
  },
  PDID: {
    code: 0x45,
    encode: ({ identity: { vendor, model, version, serial, firmware } }) =>
      joinBytes(
        vendor,
        octet(model),
        octet(version),
        littleEndian(serial, 4),
        ...firmware.map((part) => octet(part)),
      ),
    parse: (data) => {
      if (data.length !== 12) return 'length';
      return {
        type: 'PDID',
        identity: {
          vendor: data.slice(0, 3),
          model: data[3] ?? 0,
          version: data[4] ?? 0,
          serial: readLittleEndian(data, 5, 4),
          firmware: [data[9] ?? 0, data[10] ?? 0, data[11] ?? 0],
        },
      };
    },
  },
  PDCAP: {
    code: 0x46,
    encode: ({ records }) =>
      joinBytes(...records.map((record) => Uint8Array.of(record.function, record.compliance, record.count))),
    parse: (data) => {
      const records = recordsOf(data, 3);
      if (records === undefined) return 'length';
      return {
        type: 'PDCAP',
        records: records.map(([number = 0, compliance = 0, count = 0]) => ({
          function: number,
          compliance,
          count,
        })),
      };
    },
  },
  LSTATR: {
    code: 0x48,
    encode: ({ tamper, power }) => joinBytes(octet(tamper), octet(power)),
    parse: (data) =>
      data.length === 2 ? { type: 'LSTATR', tamper: data[0] ?? 0, power: data[1] ?? 0 } : 'length',
  },
  ISTATR: {
    code: 0x49,
    encode: ({ inputs }) => inputs,
    parse: (data) => (data.length > 0 ? { type: 'ISTATR', inputs: data } : 'length'),
  },
  OSTATR: {
    code: 0x4a,
    encode: ({ outputs }) => outputs,
    parse: (data) => (data.length > 0 ? { type: 'OSTATR', outputs: data } : 'length'),
  },
  RSTATR: {
    code: 0x4b,
    encode: ({ readers }) => readers,
    parse: (data) => (data.length > 0 ? { type: 'RSTATR', readers: data } : 'length'),
  },
  RAW: {
    code: 0x50,
    encode: ({ reader, format, bitCount, bits }) =>
      joinBytes(octet(reader), octet(format), littleEndian(bitCount, 2), bits),
    parse: (data) => {
      const bitCount = readLittleEndian(data, 2, 2);
      if (data.length < 4 || data.length !== 4 + Math.ceil(bitCount / 8)) return 'length';
      if (bitCount === 0) return 'value';
      return {
        type: 'RAW',
        reader: data[0] ?? 0,
        format: data[1] ?? 0,
        bitCount,
        bits: withoutPadding(data.slice(4), bitCount),
      };
    },
  },
  FMT: {
    code: 0x51,
    encode: ({ reader, isReversed, text }) =>
      Uint8Array.from([
        reader,
        isReversed ? 1 : 0,
        text.length,
        ...Array.from(text, (character) => character.charCodeAt(0)),
      ]),
    parse: (data) => {
      if (data.length < 3 || data.length !== 3 + (data[2] ?? 0)) return 'length';
      if ((data[1] ?? 0) > 1) return 'value';
      return {
        type: 'FMT',
        reader: data[0] ?? 0,
        isReversed: data[1] === 1,
        text: textOf(data.slice(3)),
      };
    },
  },
  KEYPAD: {
    code: 0x53,
    encode: ({ reader, keys }) => joinBytes(octet(reader), octet(keys.length), keys),
    parse: (data) => {
      if (data.length < 3 || data.length !== 2 + (data[1] ?? 0)) return 'length';
      return { type: 'KEYPAD', reader: data[0] ?? 0, keys: data.slice(2) };
    },
  },
  COM: {
    code: 0x54,
    encode: ({ address, baud }) => joinBytes(octet(address), littleEndian(baud, 4)),
    parse: (data) =>
      data.length === 5
        ? { type: 'COM', address: data[0] ?? 0, baud: readLittleEndian(data, 1, 4) }
        : 'length',
  },
  CCRYPT: {
    code: 0x76,
    encode: ({ clientUid, rndB, cryptogram }) => joinBytes(clientUid, rndB, cryptogram),
    parse: (data) =>
      data.length === 32
        ? {
            type: 'CCRYPT',
            clientUid: data.slice(0, 8),
            rndB: data.slice(8, 16),
            cryptogram: data.slice(16),
          }
        : 'length',
  },
  RMAC_I: {
    code: 0x78,
    encode: ({ rMac }) => rMac,
    parse: (data) => (data.length === 16 ? { type: 'RMAC_I', rMac: data } : 'length'),
  },
  BUSY: bare('BUSY', 0x79),
};

/** Code bytes that the link has to know before a payload can be read. */
export const REPLY_CODES = {
  ack: CODECS.ACK.code,
  nak: CODECS.NAK.code,
  busy: CODECS.BUSY.code,
  statuses: [CODECS.LSTATR.code, CODECS.ISTATR.code, CODECS.OSTATR.code, CODECS.RSTATR.code],
} as const;

const BY_CODE = new Map<number, PayloadCodec<Reply>>(
  Object.values(CODECS).map((codec) => [codec.code, codec as PayloadCodec<Reply>]),
);

/** The code byte and payload of a reply. Throws RangeError when a value does not fit its field. */
export function encodeReply(reply: Reply): { readonly code: number; readonly data: Uint8Array } {
  if (reply.type === 'OTHER') return { code: reply.code, data: reply.data };
  const codec = CODECS[reply.type] as PayloadCodec<Reply>;
  return { code: codec.code, data: codec.encode(reply) };
}

/** Reads a reply; one without a layout here comes back as OTHER, with its bytes. */
export function parseReply(code: number, data: Uint8Array): Parsed<Reply, PayloadFault> {
  const codec = BY_CODE.get(code);
  if (codec === undefined) return parsed({ type: 'OTHER', code, data });
  const reply = codec.parse(data);
  return typeof reply === 'string' ? malformed(reply) : parsed(reply);
}
