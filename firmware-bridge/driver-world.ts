import type { Clock, Random } from '#contract/clock';
import type { HardwareEvent } from './hardware.ts';
import type { OpenLink } from './transport/byte-link.ts';
import type { OpenGpioLine } from './transport/gpio-line.ts';

/** What the bridge hands to every driver of a reader or a lock. */
export interface DriverWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly openLink: OpenLink;
  readonly openGpioLine: OpenGpioLine;
  readonly emit: (event: HardwareEvent) => void;
}
