import type { Reply } from './replies.ts';

/** A point that is not plainly 0 or 1 is a fault: makers use the higher values for cut or shorted lines. */
export type PointState = 'inactive' | 'active' | 'fault';

export type PointKind = 'tamper' | 'power' | 'input' | 'output' | 'reader';

/**
 * A supervised point has another byte than before. `power` active means power failure; `reader` active means not
 * connected, fault means tampered with or worse. `isInitial`: the first byte since the link came up, which is a
 * state and never an edge; `previous` is then what was known before the link was down, if anything.
 */
export interface PointChanged {
  readonly type: 'point-changed';
  readonly kind: PointKind;
  readonly index: number;
  readonly state: PointState;
  readonly byte: number;
  readonly previous: PointState | undefined;
  readonly isInitial: boolean;
}

export interface KnownPoint {
  readonly byte: number;
  readonly isStale: boolean;
}

/** The last byte of every point told so far, by `kind:index`. */
export type KnownPoints = ReadonlyMap<string, KnownPoint>;

export const noPoints: KnownPoints = new Map();

const stateOf = (byte: number): PointState => (byte === 0 ? 'inactive' : byte === 1 ? 'active' : 'fault');

/** Marks all that is known as old: whatever is told next is a state, not a change seen happening. */
export const staleAll = (known: KnownPoints): KnownPoints =>
  new Map([...known].map(([point, { byte }]) => [point, { byte, isStale: true }]));

function pointsOf(reply: Reply): readonly { kind: PointKind; index: number; byte: number }[] {
  const each = (kind: PointKind, bytes: Uint8Array) =>
    Array.from(bytes, (byte, index) => ({ kind, index, byte }));
  switch (reply.type) {
    case 'LSTATR':
      return [
        { kind: 'tamper', index: 0, byte: reply.tamper },
        { kind: 'power', index: 0, byte: reply.power },
      ];
    case 'ISTATR':
      return each('input', reply.inputs);
    case 'OSTATR':
      return each('output', reply.outputs);
    case 'RSTATR':
      return each('reader', reply.readers);
    default:
      return [];
  }
}

/** Takes a status reply and tells which points changed; other replies change nothing. */
export function supervise(
  known: KnownPoints,
  reply: Reply,
): { readonly known: KnownPoints; readonly events: readonly PointChanged[] } {
  const next = new Map(known);
  const events: PointChanged[] = [];
  for (const { kind, index, byte } of pointsOf(reply)) {
    const point = `${kind}:${index}`;
    const before = known.get(point);
    const isInitial = before === undefined || before.isStale;
    if (!isInitial && before.byte === byte) continue;
    next.set(point, { byte, isStale: false });
    events.push({
      type: 'point-changed',
      kind,
      index,
      state: stateOf(byte),
      byte,
      previous: before && stateOf(before.byte),
      isInitial,
    });
  }
  return { known: events.length === 0 ? known : next, events };
}
