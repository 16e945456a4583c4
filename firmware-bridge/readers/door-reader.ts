import type { ReaderSignal } from '../hardware.ts';

/** One reader, whatever protocol it speaks. */
export interface DoorReader {
  /** Dropped where there is nothing to show it on. */
  signal(signal: ReaderSignal): void;
  close(): Promise<void>;
}
