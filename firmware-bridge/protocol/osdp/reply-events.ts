import { keypadKeyOf } from './keypad.ts';
import type { EventAge, LinkEvent } from './link-event.ts';
import { isUnpaired } from './link-keys.ts';
import type { Link } from './link-state.ts';
import type { Reply } from './replies.ts';
import { supervise } from './supervision.ts';

const ageOf = ({ emptyAtMs, wasOfflineSinceEmpty }: Link, nowMs: number): EventAge => ({
  maxAgeMs: emptyAtMs === undefined ? undefined : nowMs - emptyAtMs,
  isAfterOffline: wasOfflineSinceEmpty,
});

/** What a trusted reply tells: cards, keys, changed points. The same reply is never handed in twice. */
export function takeContent(
  link: Link,
  reply: Reply,
  nowMs: number,
): { readonly link: Link; readonly events: readonly LinkEvent[] } {
  switch (reply.type) {
    case 'RAW':
    case 'KEYPAD':
      return {
        link,
        events: isUnpaired(link.keys)
          ? [{ type: 'diagnosed', diagnostic: 'unpaired-event' }]
          : readingOf(reply, ageOf(link, nowMs)),
      };
    case 'LSTATR':
    case 'ISTATR':
    case 'OSTATR':
    case 'RSTATR': {
      const { known, events } = supervise(link.points, reply);
      return { link: { ...link, points: known }, events };
    }
    case 'FMT':
    case 'OTHER':
      return { link, events: [{ type: 'other-replied', reply }] };
    default:
      return { link, events: [] };
  }
}

function readingOf(
  reply: Extract<Reply, { readonly type: 'RAW' | 'KEYPAD' }>,
  age: EventAge,
): readonly LinkEvent[] {
  if (reply.type === 'RAW') {
    const { reader, format, bitCount, bits } = reply;
    return [{ type: 'card-read', reader, format, bitCount, bits, ...age }];
  }
  const keys = Array.from(reply.keys, keypadKeyOf);
  const known = keys.filter((key) => key !== undefined);
  return [
    ...(known.length > 0
      ? [{ type: 'keys-pressed', reader: reply.reader, keys: known, ...age } as const]
      : []),
    ...(known.length < keys.length ? [{ type: 'diagnosed', diagnostic: 'unknown-key' } as const] : []),
  ];
}
