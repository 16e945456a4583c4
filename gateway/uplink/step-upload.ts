import type { EpochReason } from '#contract/epoch';

/** What the server said of a batch. */
export type UploadAnswer =
  /** It holds our journal up to `size`, whose last leaf hash is `head`. */
  | {
      readonly kind: 'acknowledged' | 'gap';
      readonly size: number;
      readonly head: string;
      /** The cosigned checkpoint, with an acknowledgement. */
      readonly note?: string;
    }
  /** `conflict`: it holds something else there. `fenced`: a later epoch of this gateway has begun at the server. */
  | { readonly kind: 'conflict' | 'fenced' | 'invalid' | 'refused' | 'unreachable' };

/** What came of asking for the number of a coming epoch. */
export type EpochAnswer = 'given' | 'refused' | 'unreachable';

/** What the journal says of itself at this moment. */
export interface JournalFacts {
  /** Records of the present epoch. */
  readonly size: number;
  /** Of them, those that the server is known to hold. */
  readonly acknowledged: number;
  /** Records of earlier epochs that still have to be appended again. */
  readonly unreclaimed: number;
  /** Number of the next epoch as the server has given it; null where none is held. */
  readonly spareEpoch: number | null;
  /** Tells whether `head` is the leaf hash of record size-1 of the present epoch. */
  readonly isOurs: (size: number, head: string) => boolean;
}

/** Why and from where the journal goes on in a new epoch. */
interface Sealing {
  readonly why: EpochReason;
  /**
   * `acknowledged`: what the server is known to hold stays where it is. `nothing`: the server contradicts even that,
   * so that every record is appended again.
   */
  readonly keep: 'acknowledged' | 'nothing';
}

/** Where the upload stands. */
export interface UploadState {
  /** Number of the record that the next batch begins with. */
  readonly from: number;
  /** Failures in a row. */
  readonly failures: number;
  /** The present epoch is over; null while it is not. */
  readonly sealing: Sealing | null;
  /** The server showed less than it had acknowledged: it is shown its own cosignature. */
  readonly isBehind: boolean;
  /** The server could make nothing of the last batch; once more, and the epoch is over. */
  readonly isDoubted: boolean;
  /** The server has given no number for a coming epoch, and is not asked again before there is something new. */
  readonly isSpareRefused: boolean;
}

export type UploadInput =
  /** The program has started, or has opened a new epoch. */
  | { readonly kind: 'started' }
  /** There are new records, or a rest is over. */
  | { readonly kind: 'woken' }
  | { readonly kind: 'answered'; readonly answer: UploadAnswer }
  | { readonly kind: 'epoch-answered'; readonly answer: EpochAnswer }
  /** A slice of earlier records was appended again. */
  | { readonly kind: 'reclaimed' }
  /** The end of the journal is found to be missing, or its disk to be unsound. */
  | { readonly kind: 'unsound'; readonly why: 'tail-lost' | 'storage' };

/** What is to be done next; its outcome is the next input. */
export type UploadAction =
  | { readonly kind: 'send'; readonly from: number; readonly withCosigned: boolean }
  | { readonly kind: 'reclaim' }
  | { readonly kind: 'ask-epoch' }
  /** `size`: how much of the present epoch stays where it is; null for nothing of any epoch. */
  | {
      readonly kind: 'open-epoch';
      readonly epoch: number;
      readonly size: number | null;
      readonly why: EpochReason;
    }
  /** `news`: until there are new records. `back-off`: longer with each failure. `long`: minutes. */
  | { readonly kind: 'rest'; readonly how: 'news' | 'back-off' | 'long' };

export interface UploadStep {
  readonly state: UploadState;
  /** What is to be noted as held by the server, before anything else. */
  readonly acknowledged: { readonly size: number; readonly head: string } | null;
  readonly action: UploadAction;
}

/** The upload before its first input. */
export const NEW_UPLOAD: UploadState = {
  from: 0,
  failures: 0,
  sealing: null,
  isBehind: false,
  isDoubted: false,
  isSpareRefused: false,
};

const rest = (how: 'news' | 'back-off' | 'long'): UploadAction => ({ kind: 'rest', how });

/** What there is to do when nothing has gone wrong. */
function nextAction(state: UploadState, facts: JournalFacts): UploadAction {
  const { sealing } = state;
  if (sealing !== null) {
    const { spareEpoch: epoch } = facts;
    const size = sealing.keep === 'nothing' ? null : facts.acknowledged;
    return epoch === null ? { kind: 'ask-epoch' } : { kind: 'open-epoch', epoch, size, why: sealing.why };
  }
  if (facts.unreclaimed > 0) return { kind: 'reclaim' };
  if (state.from < facts.size) return { kind: 'send', from: state.from, withCosigned: state.isBehind };
  // Asked for in good days, so that a bad one without a network finds it here.
  if (facts.spareEpoch === null && !state.isSpareRefused) return { kind: 'ask-epoch' };
  return rest('news');
}

const goOn = (state: UploadState, facts: JournalFacts): UploadStep => ({
  state,
  acknowledged: null,
  action: nextAction(state, facts),
});

/**
 * Ends the present epoch. One of which the server has taken nothing ends after a long rest only: whoever contradicts
 * everything must not fill the disk with epochs.
 */
function seal(state: UploadState, facts: JournalFacts, sealing: Sealing): UploadStep {
  const sealed: UploadState = { ...state, failures: 0, isBehind: false, isDoubted: false, sealing };
  return facts.acknowledged > 0
    ? goOn(sealed, facts)
    : { state: sealed, acknowledged: null, action: rest('long') };
}

function takeSize(
  state: UploadState,
  facts: JournalFacts,
  { kind, size, head }: Extract<UploadAnswer, { kind: 'acknowledged' | 'gap' }>,
): UploadStep {
  // Numbers alone have lost records when a late answer met a journal that had changed.
  if (!facts.isOurs(size, head)) {
    return seal(state, facts, { why: size > facts.size ? 'tail-lost' : 'conflict', keep: 'acknowledged' });
  }
  const hasMoved = kind === 'acknowledged' ? size > state.from : size !== state.from;
  if (!hasMoved) {
    return {
      state: { ...state, failures: state.failures + 1 },
      acknowledged: null,
      action: rest('back-off'),
    };
  }
  const acknowledged = Math.max(facts.acknowledged, size);
  const moved = {
    ...state,
    from: size,
    failures: 0,
    isBehind: size < facts.acknowledged,
    isDoubted: false,
  };
  return {
    state: moved,
    acknowledged: { size, head },
    action: nextAction(moved, { ...facts, acknowledged }),
  };
}

function takeAnswer(state: UploadState, facts: JournalFacts, answer: UploadAnswer): UploadStep {
  const again = { ...state, failures: state.failures + 1 };
  switch (answer.kind) {
    case 'acknowledged':
    case 'gap':
      return takeSize(state, facts, answer);
    case 'conflict':
      // Of an epoch that was never taken the server contradicts what it is said to go on from.
      return seal(state, facts, {
        why: 'conflict',
        keep: facts.acknowledged > 0 ? 'acknowledged' : 'nothing',
      });
    case 'fenced':
      return seal(state, facts, { why: 'conflict', keep: 'acknowledged' });
    case 'unreachable':
      return { state: again, acknowledged: null, action: rest('back-off') };
    case 'invalid':
      // What a commitment stands for may be forgotten or damaged here, and the server wants it: appended again the
      // record goes without it. Of an epoch that was taken in part only, so that this cannot go on for ever.
      return state.isDoubted && facts.acknowledged > 0
        ? seal(state, facts, { why: 'storage', keep: 'acknowledged' })
        : { state: { ...again, isDoubted: true }, acknowledged: null, action: rest('long') };
    case 'refused':
      return { state: again, acknowledged: null, action: rest('long') };
  }
}

/**
 * Takes one thing that happened to the upload and says what to do next. A size counts only together with our own hash
 * at that size; what contradicts the journal ends its epoch and never changes a record.
 * @see rules GU1 to GU4, GU11 to GU16
 */
export function stepUpload(state: UploadState, input: UploadInput, facts: JournalFacts): UploadStep {
  switch (input.kind) {
    case 'started':
      return goOn({ ...NEW_UPLOAD, from: facts.acknowledged }, facts);
    case 'woken':
      return goOn({ ...state, isSpareRefused: false }, facts);
    case 'reclaimed':
      return goOn(state, facts);
    case 'answered':
      // An answer that comes after the epoch was given up changes nothing.
      return state.sealing === null ? takeAnswer(state, facts, input.answer) : goOn(state, facts);
    case 'epoch-answered': {
      if (input.answer === 'given') return goOn({ ...state, failures: 0 }, facts);
      if (state.sealing === null) return goOn({ ...state, isSpareRefused: true }, facts);
      const again = { ...state, failures: state.failures + 1 };
      const how = input.answer === 'unreachable' ? 'back-off' : 'long';
      return { state: again, acknowledged: null, action: rest(how) };
    }
    case 'unsound':
      return goOn({ ...state, sealing: { why: input.why, keep: 'acknowledged' } }, facts);
  }
}
