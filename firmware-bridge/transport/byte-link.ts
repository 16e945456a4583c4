/** Why a link ended; constant words. */
export type ClosedReason = 'closed' | 'port-lost' | 'port-replaced' | 'port-failed';

/** An open line of bytes. Nothing above it knows what carries them. */
export interface ByteLink {
  /** Resolves when the bytes were handed to the system; throws Fault `link-lost` or `link-stalled`. */
  write(bytes: Uint8Array): Promise<void>;
  /** Calls the listener with bytes in pieces of any size; what came while nobody listened is gone. */
  onBytes(listener: (bytes: Uint8Array) => void): void;
  /** Calls the listener once, when the link ends for whatever reason; at once if it already has. */
  onClosed(listener: (reason: ClosedReason) => void): void;
  /** Resolves when the port may be opened again; calling it twice is harmless. */
  close(): Promise<void>;
}

export interface PortAddress {
  /** Stable device path, such as /dev/serial/by-id/... */
  readonly path: string;
  readonly baud: number;
}

/** Opens a link or throws Fault `port-missing`, `port-busy`, `port-failed` or `port-baud`. */
export type OpenLink = (address: PortAddress) => Promise<ByteLink>;
