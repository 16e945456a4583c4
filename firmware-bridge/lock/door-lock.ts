import type { PulseCommand, PulseOutcome, SecureOutcome } from '../hardware.ts';

/** One lock, whatever drives it. */
export interface DoorLock {
  pulse(command: PulseCommand): Promise<PulseOutcome>;
  secure(): Promise<SecureOutcome>;
  /** Ends what the lock holds of its own; it was secured before. */
  close(): Promise<void>;
}
