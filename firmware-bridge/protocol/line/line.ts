import { malformed, parsed, type Parsed } from '../result.ts';
import { crc16 } from './crc16.ts';
import type { FieldCodec } from './field-codec.ts';
import {
  controllerLayouts,
  hostLayouts,
  type ControllerMessage,
  type HostMessage,
  type Layouts,
} from './message.ts';

/** Longest line, newline included; the firmware's receive buffer has this size. */
export const maxLineBytes = 96;

/** Stands in place of the session where there is none; such lines have sequence number 0. */
export const noSession = '00000000';

/** A message in its place: `session` is 8 hex digits, `seq` counts from 1 in each direction of a session. */
export interface Line<M> {
  readonly session: string;
  readonly seq: number;
  readonly message: M;
}

/**
 * `echo` is a line of our own direction (a half-duplex adapter gives it back); `overlong` was cut by the guard;
 * `bad-crc` is damage; `unknown` is intact but no message of this version.
 */
export type LineError = 'bad-crc' | 'overlong' | 'echo' | 'unknown';

/** Put by the guard at the place where it cut a line; no valid line contains it. */
export const cutMark = '\x18';

const lineShape = /^([<>])([0-9a-f]{8}) (0|[1-9][0-9]{0,9}) ([A-Z])((?: [!-)+-~]+)*)$/;

/** Encodes a line of the host, newline included. */
export const encodeHostLine = (line: Line<HostMessage>): string => encode('>', line, hostLayouts);

/** Encodes a line of the controller, newline included. */
export const encodeControllerLine = (line: Line<ControllerMessage>): string =>
  encode('<', line, controllerLayouts);

/** Parses a line of the host without its newline. */
export const parseHostLine = (text: string): Parsed<Line<HostMessage>, LineError> =>
  parse('>', text, hostLayouts);

/** Parses a line of the controller without its newline. */
export const parseControllerLine = (text: string): Parsed<Line<ControllerMessage>, LineError> =>
  parse('<', text, controllerLayouts);

type AnyFields = Readonly<Record<string, FieldCodec<unknown>>>;

function encode<M extends { readonly type: string }>(
  direction: string,
  line: Line<M>,
  layouts: Layouts<M>,
): string {
  const { code, fields } = layouts[line.message.type as M['type']];
  const values = line.message as Readonly<Record<string, unknown>>;
  const texts = Object.entries(fields as AnyFields).map(([name, codec]) => codec.encode(values[name]));
  const body = [`${direction}${line.session}`, String(line.seq), code, ...texts].join(' ');
  return `${body}*${checkOf(body)}\n`;
}

function parse<M extends { readonly type: string }>(
  direction: string,
  text: string,
  layouts: Layouts<M>,
): Parsed<Line<M>, LineError> {
  if (text.endsWith(cutMark)) return malformed('overlong');
  const body = text.slice(0, -5);
  if (text.slice(-5) !== `*${checkOf(body)}`) return malformed('bad-crc');
  const shape = lineShape.exec(body);
  if (shape === null) return malformed('unknown');
  const [, from, session = '', seqText, code, tail = ''] = shape;
  if (from !== direction) return malformed('echo');
  const seq = Number(seqText);
  if (seq > 0xffff_ffff) return malformed('unknown');
  const message = parseMessage(code ?? '', tail === '' ? [] : tail.slice(1).split(' '), layouts);
  return message === undefined ? malformed('unknown') : parsed({ session, seq, message });
}

function parseMessage<M extends { readonly type: string }>(
  code: string,
  texts: readonly string[],
  layouts: Layouts<M>,
): M | undefined {
  const types = Object.keys(layouts) as M['type'][];
  const type = types.find((name) => layouts[name].code === code);
  if (type === undefined) return undefined;
  const fields = Object.entries(layouts[type].fields as AnyFields);
  if (fields.length !== texts.length) return undefined;
  const values: Record<string, unknown> = { type };
  for (const [index, [name, codec]] of fields.entries()) {
    const value = codec.parse(texts[index] ?? '');
    if (value === undefined) return undefined;
    values[name] = value;
  }
  // Every field of the layout was parsed by its own codec, which is what the type of the layout demands.
  return values as M;
}

const checkOf = (body: string): string => crc16(body).toString(16).toUpperCase().padStart(4, '0');
