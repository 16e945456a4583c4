/** What the server said of a batch. */
export type UploadAnswer =
  /** It holds our journal up to `size`, whose last leaf hash is `head`. */
  | { readonly kind: 'acknowledged' | 'gap'; readonly size: number; readonly head: string }
  | { readonly kind: 'conflict' | 'invalid' | 'refused' | 'unreachable' };

/** Where the upload stands. */
export type UploadState =
  | { readonly kind: 'ready'; readonly from: number; readonly failures: number }
  /** What the server holds is said not to be a part of our journal: people have to look. */
  | { readonly kind: 'stopped' };

export interface UploadStep {
  readonly state: UploadState;
  /** What may be noted as held by the server. */
  readonly acknowledged: { readonly size: number; readonly head: string } | null;
  /** How to wait before the next batch. */
  readonly pause: 'none' | 'back-off' | 'long';
}

/**
 * Takes the server's answer to one batch. A size counts only together with our own hash at that size: numbers
 * alone have lost records when a late answer met a journal that had changed.
 * @param isOurs tells whether `head` is the leaf hash of our record size-1
 * @see rules GU1 to GU4
 */
export function stepUpload(
  state: UploadState,
  answer: UploadAnswer,
  isOurs: (size: number, head: string) => boolean,
): UploadStep {
  if (state.kind === 'stopped') return { state, acknowledged: null, pause: 'long' };
  const again = { ...state, failures: state.failures + 1 };
  switch (answer.kind) {
    case 'acknowledged':
    case 'gap': {
      const { size, head } = answer;
      if (!isOurs(size, head)) return { state: { kind: 'stopped' }, acknowledged: null, pause: 'long' };
      const hasMoved = answer.kind === 'acknowledged' ? size > state.from : size !== state.from;
      return hasMoved
        ? { state: { kind: 'ready', from: size, failures: 0 }, acknowledged: { size, head }, pause: 'none' }
        : { state: again, acknowledged: null, pause: 'back-off' };
    }
    case 'conflict':
      return { state: { kind: 'stopped' }, acknowledged: null, pause: 'long' };
    case 'unreachable':
      return { state: again, acknowledged: null, pause: 'back-off' };
    case 'invalid':
    case 'refused':
      return { state: again, acknowledged: null, pause: 'long' };
  }
}
