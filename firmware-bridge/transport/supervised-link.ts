import { asMonoMs, type Clock } from '#contract/clock';
import { Fault } from '#contract/result';
import type { ByteLink, OpenLink, PortAddress } from './byte-link.ts';

const firstWaitMs = 250;
const longestWaitMs = 2000;
/** A link that held this long starts the back-off anew. */
const steadyMs = 5000;

export interface LinkOwner {
  /** The link is open; listeners are to be attached now. */
  readonly onUp: (link: ByteLink) => void;
  /** The link ended or could not be opened; `reason` is a constant word. */
  readonly onDown: (reason: string) => void;
}

/**
 * Keeps one link open for one owner: opens it by its stable path, and after a loss opens it again with back-off,
 * never before the old one is closed.
 * @returns what ends it; resolves when the port is closed.
 * @see RULES.md FB78-FB79
 */
export function superviseLink(
  address: PortAddress,
  openLink: OpenLink,
  clock: Clock,
  owner: LinkOwner,
): { close(): Promise<void> } {
  const stop = new AbortController();
  let link: ByteLink | null = null;

  const run = async (): Promise<void> => {
    let waitMs = firstWaitMs;
    while (!stop.signal.aborted) {
      const openedMs = clock.monoMs();
      try {
        link = await openLink(address);
        if (stop.signal.aborted) break;
        const closed = new Promise<string>((resolve) => link?.onClosed(resolve));
        owner.onUp(link);
        const reason = await closed;
        link = null;
        owner.onDown(reason);
      } catch (cause) {
        if (!(cause instanceof Fault)) throw cause;
        owner.onDown(cause.code);
      }
      if (clock.monoMs() - openedMs >= steadyMs) waitMs = firstWaitMs;
      await clock.sleepUntil(asMonoMs(clock.monoMs() + waitMs), stop.signal);
      waitMs = Math.min(2 * waitMs, longestWaitMs);
    }
    await link?.close();
  };
  // A fault is handled above, so a rejection here is a bug: it ends the process as an unhandled one.
  const running = run();
  return {
    close: async () => {
      stop.abort();
      await link?.close();
      await running;
    },
  };
}
