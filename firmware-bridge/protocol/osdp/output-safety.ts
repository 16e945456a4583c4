import type { Capabilities } from './capabilities.ts';
import type { Command, OutputControl } from './commands.ts';

export type OutputRefusal = 'no-such-output' | 'untimed-output' | 'untimed-release' | 'release-too-long';

/** No door needs the lock open longer by one command; a longer opening is a renewed short one. */
export const maxPulseMs = 10_000;

const refusalOf = (
  { output, control, timerMs }: OutputControl,
  { outputs, hasTimedOutputs }: Capabilities,
): OutputRefusal | undefined => {
  if (output >= outputs) return 'no-such-output';
  // There is no "on until told": a crash of the panel would leave the door open.
  if (control === 'on' || control === 'on-after-timer') return 'untimed-release';
  if (control !== 'pulse-on' && control !== 'pulse-off') return undefined;
  if (!hasTimedOutputs) return 'untimed-output';
  if (timerMs === 0) return 'untimed-release';
  return timerMs > maxPulseMs ? 'release-too-long' : undefined;
};

/**
 * Tells why an output command must not be sent: it could leave a lock released with nobody there to end it.
 * @see RULES.md OS60-OS61
 */
export const refuseOutput = (command: Command, capabilities: Capabilities): OutputRefusal | undefined =>
  command.type === 'OUT'
    ? command.outputs
        .map((control) => refusalOf(control, capabilities))
        .find((refusal) => refusal !== undefined)
    : undefined;
