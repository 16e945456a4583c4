/** The device's end of a serial cable; the host's end is a path that the serial adapter opens. */
export interface VirtualPort {
  /** Stable path, the same after each replug. */
  readonly path: string;
  readonly isPlugged: boolean;
  /** Sends bytes to the host; lost while unplugged. */
  write(bytes: Uint8Array): void;
  onBytes(listener: (bytes: Uint8Array) => void): void;
  /** Takes the device away; resolves when its path is gone. Harmless when it is away already. */
  unplug(): Promise<void>;
  /** Brings it back under the same path; harmless when it is there. */
  replug(): Promise<void>;
  close(): Promise<void>;
}

/** Makes the port of that name. */
export type OpenVirtualPort = (name: string) => Promise<VirtualPort>;
