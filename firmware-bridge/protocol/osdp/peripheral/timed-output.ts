import type { OutputControl } from '../commands.ts';

/** One relay: what it falls back to, and what it does until then. */
export interface TimedOutput {
  readonly isOnForGood: boolean;
  readonly timed: { readonly isOn: boolean; readonly untilMs: number } | undefined;
}

export const restingOutput: TimedOutput = { isOnForGood: false, timed: undefined };

export const isOutputOn = ({ isOnForGood, timed }: TimedOutput, nowMs: number): boolean =>
  timed !== undefined && nowMs < timed.untilMs ? timed.isOn : isOnForGood;

/** Carries out one OUT record. A pulse without a time never ends, as the standard says. */
export function controlOutput(
  output: TimedOutput,
  { control, timerMs }: OutputControl,
  nowMs: number,
): TimedOutput {
  const untilMs = timerMs === 0 ? Number.POSITIVE_INFINITY : nowMs + timerMs;
  switch (control) {
    case 'none':
      return output;
    case 'off':
      return restingOutput;
    case 'on':
      return { isOnForGood: true, timed: undefined };
    case 'off-after-timer':
      return { ...output, isOnForGood: false };
    case 'on-after-timer':
      return { ...output, isOnForGood: true };
    case 'pulse-on':
      return { ...output, timed: { isOn: true, untilMs } };
    case 'pulse-off':
      return { ...output, timed: { isOn: false, untilMs } };
  }
}
