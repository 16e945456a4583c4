import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 50;

/**
 * Looks again and again until `look` gives something other than undefined, and returns that.
 * @param what names the condition in the error
 * @throws Error where it has not come within `withinMs`; what `look` throws passes through
 */
export async function waitFor<T>(
  what: string,
  withinMs: number,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const untilMs = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > untilMs) throw new Error(`not seen within ${withinMs / 1000} s: ${what}`);
    await sleep(LOOK_MS);
  }
}
