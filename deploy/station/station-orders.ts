import { z } from 'zod';
import type { DoorAct } from '../../firmware-bridge/protocol/osdp/peripheral/peripheral-line.ts';

const byte = z.number().int().min(0).max(255);
const ms = z.number().int().min(0).max(60_000);
const hex = z
  .string()
  .regex(/^(?:[0-9A-Fa-f]{2})+$/)
  .transform((text) => Uint8Array.from(Buffer.from(text, 'hex')));
const address = z.number().int().min(0).max(126).default(1);

const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.enum(['command-lost', 'reboot', 'busy', 'key-forgotten', 'reply-lost', 'bad-check']),
  }),
  z.strictObject({ kind: z.literal('nak'), reason: byte }),
  z.strictObject({ kind: z.literal('truncated'), bytes: z.number().int().min(1).max(1440) }),
  z.strictObject({ kind: z.literal('duplicated'), afterMs: ms }),
  z.strictObject({ kind: z.literal('late'), byMs: ms }),
  z.strictObject({ kind: z.literal('split'), at: z.number().int().min(1).max(1440), gapMs: ms }),
  z.strictObject({ kind: z.literal('noise'), bytes: hex }),
  z.strictObject({ kind: z.literal('marks'), count: z.number().int().min(0).max(64) }),
  z.strictObject({ kind: z.literal('changed'), at: z.number().int().min(0).max(1440), xor: byte }),
]);

const osdpOrderSchema = z.discriminatedUnion('order', [
  z.strictObject({ order: z.literal('card'), bits: z.number().int().min(1).max(1000), hex, address }),
  z.strictObject({
    order: z.literal('keys'),
    keys: z.string().regex(/^[0-9A-D*#]{1,16}$/),
    address,
  }),
  z.strictObject({ order: z.literal('input'), input: z.number().int().min(0).max(15), byte, address }),
  z.strictObject({ order: z.literal('tamper'), isActive: z.boolean(), address }),
  z.strictObject({ order: z.literal('power-failure'), isActive: z.boolean(), address }),
  z.strictObject({ order: z.literal('power'), isOn: z.boolean(), address }),
  z.strictObject({ order: z.literal('cable'), isOn: z.boolean(), address }),
  z.strictObject({
    order: z.literal('fail'),
    fault: faultSchema,
    times: z.number().int().min(1).max(1000).default(1),
    address,
  }),
]);

const modbusOrderSchema = z.discriminatedUnion('order', [
  z.strictObject({
    order: z.literal('fail'),
    fault: z.enum(['lost', 'corrupted', 'late', 'doubled', 'in-pieces']),
  }),
  z.strictObject({ order: z.literal('silent'), isOn: z.boolean() }),
  z.strictObject({ order: z.literal('echo'), isOn: z.boolean() }),
  z.strictObject({ order: z.literal('flash'), isOn: z.boolean() }),
  z.strictObject({ order: z.literal('reset') }),
]);

/** What a person at the bench tells OSDP readers to do. */
export type OsdpOrder = z.infer<typeof osdpOrderSchema>;

const decodeWith =
  <T>(schema: z.ZodType<T>) =>
  (line: string): T | string => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      if (error instanceof SyntaxError) return 'not JSON';
      throw error;
    }
    const order = schema.safeParse(value);
    if (order.success) return order.data;
    const [issue] = order.error.issues;
    return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not an order'}`;
  };

/** Decodes a line of orders for OSDP readers; a text tells what is wrong with it. */
export const decodeOsdpOrder = decodeWith(osdpOrderSchema);

/** Decodes a line of orders for a Modbus relay board; a text tells what is wrong with it. */
export const decodeModbusOrder = decodeWith(modbusOrderSchema);

/** OSDP sends `#` as carriage return and `*` as delete. */
const keyBytes = (keys: string): Uint8Array =>
  Uint8Array.from(keys, (key) => (key === '#' ? 0x0d : key === '*' ? 0x7f : key.charCodeAt(0)));

/** Says an order in the words of the simulated device. */
export function actOf(order: OsdpOrder): DoorAct {
  switch (order.order) {
    case 'card':
      return { type: 'card-presented', bitCount: order.bits, bits: order.hex };
    case 'keys':
      return { type: 'keys-pressed', keys: keyBytes(order.keys) };
    case 'input':
      return { type: 'input-changed', input: order.input, byte: order.byte };
    case 'tamper':
      return { type: 'tamper-changed', byte: order.isActive ? 1 : 0 };
    case 'power-failure':
      return { type: 'power-changed', byte: order.isActive ? 1 : 0 };
    case 'power':
      return { type: 'powered', isOn: order.isOn };
    case 'cable':
      return { type: 'connected', isOn: order.isOn };
    case 'fail':
      return { type: 'faults-planned', faults: [{ fault: order.fault, on: 'any', times: order.times }] };
  }
}
