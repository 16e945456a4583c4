import { checkI7, type RatchetView } from '../invariants/check-door.ts';
import type { Violation } from '../invariants/violation.ts';
import { checkRatchet, type Ratchet } from '../../gateway/permits/verify-policy.ts';

/** Orders as somebody may offer them: what is signed, and whether the rest of it holds. */
interface Offer {
  readonly rootV: number;
  readonly v: number;
  readonly mh: string;
  /** False where permits are missing, a chain is broken, or anything else does not fit the manifest. */
  readonly isWhole: boolean;
}

/** How a gateway keeps the ratchet; the product, or one with a fault planted. */
export interface RatchetParts {
  readonly check: typeof checkRatchet;
  /** Kept before everything was checked. */
  readonly isKeptEarly: boolean;
}

export const RATCHET_PRODUCT: RatchetParts = { check: checkRatchet, isKeptEarly: false };

interface State {
  readonly ratchet: Ratchet | null;
  /** The orders that are in force, over all that was ever so. */
  readonly applied: readonly Offer[];
}

const FAR = Number.MAX_SAFE_INTEGER;

/** Every offer: the right ones, replays, a second manifest under a version, one pushed far ahead by a stolen key. */
const OFFERS: readonly Offer[] = [1, 2].flatMap((rootV) =>
  [1, 2, 3, FAR].flatMap((v) =>
    ['a', 'b'].flatMap((mh) =>
      [true, false].map((isWhole) => ({ rootV, v, mh: `${rootV}${v}${mh}`, isWhole })),
    ),
  ),
);

const viewOf = ({ rootV, v, mh }: Ratchet): RatchetView => ({ rootV, v, mh, floorMs: 0 });

/** Takes an offer as the store of orders does: the ratchet first, then everything else, then it is kept. */
function take(parts: RatchetParts, state: State, offer: Offer): State {
  // A gateway never goes back behind the root document under which it has accepted orders.
  if (state.ratchet !== null && offer.rootV < state.ratchet.rootV) {
    const isAllowed = parts.check(offer, offer.rootV, state.ratchet).ok;
    if (!isAllowed) return state;
  } else if (!parts.check(offer, offer.rootV, state.ratchet).ok) return state;
  const { rootV, v, mh, isWhole } = offer;
  if (!isWhole) return parts.isKeptEarly ? { ...state, ratchet: { rootV, v, mh } } : state;
  return { ratchet: { rootV, v, mh }, applied: [...state.applied, offer] };
}

/**
 * Visits every state that a ratchet can come to by so many offers, in any order, with crashes in between: what is kept is
 * all that a crash leaves.
 */
export function exploreRatchet(
  parts: RatchetParts,
  offers: number,
): { readonly states: number; readonly violations: readonly Violation[] } {
  const seen = new Set<string>();
  const violations: Violation[] = [];
  let wave: readonly State[] = [{ ratchet: null, applied: [] }];
  for (let turn = 0; turn < offers; turn++) {
    const next: State[] = [];
    for (const state of wave) {
      for (const offer of OFFERS) {
        const reached = take(parts, state, offer);
        const name = JSON.stringify(reached);
        if (seen.has(name)) continue;
        seen.add(name);
        violations.push(...judge(reached));
        next.push(reached);
      }
    }
    wave = next;
  }
  return { states: seen.size, violations };
}

/** The ratchet never fell; and whole orders were not locked out by ones that were not. */
function judge({ ratchet, applied }: State): readonly Violation[] {
  const last = applied.at(-1);
  const isOfApplied = ratchet === null ? last === undefined : last?.mh === ratchet.mh;
  return [
    ...checkI7(
      'ratchet',
      applied.map((offer) => viewOf(offer)),
    ),
    ...(isOfApplied
      ? []
      : [{ id: 'I7', where: 'ratchet', what: 'kept for orders that are not in force' } as const]),
  ];
}
