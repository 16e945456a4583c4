import { Fault } from '#contract/result';
import type { ByteLink, ClosedReason, OpenLink } from '../transport/byte-link.ts';
import type { OpenVirtualPort, VirtualPort } from './virtual-port.ts';

/** Both ends of cables that exist in memory only: the device's ports and the host's way to open them. */
export interface MemoryPorts {
  readonly openPort: OpenVirtualPort;
  readonly openLink: OpenLink;
}

interface HostEnd {
  readonly link: ByteLink;
  hear(bytes: Uint8Array): void;
  end(reason: ClosedReason): void;
}

/** Makes cables for tests that hand in their own clock; they answer to the same suite as the serial port. */
export function createMemoryPorts(): MemoryPorts {
  const devices = new Map<
    string,
    { readonly port: VirtualPort; host: HostEnd | null; hear: (bytes: Uint8Array) => void }
  >();

  const openPort: OpenVirtualPort = (name) => {
    const path = `memory:${name}`;
    const listeners: ((bytes: Uint8Array) => void)[] = [];
    let isPlugged = true;
    const port: VirtualPort = {
      path,
      get isPlugged() {
        return isPlugged;
      },
      write: (bytes) => {
        if (isPlugged) devices.get(path)?.host?.hear(Uint8Array.from(bytes));
      },
      onBytes: (listener) => void listeners.push(listener),
      unplug: () => {
        isPlugged = false;
        devices.get(path)?.host?.end('port-lost');
        return Promise.resolve();
      },
      replug: () => {
        isPlugged = true;
        return Promise.resolve();
      },
      close: () => port.unplug(),
    };
    devices.set(path, {
      port,
      host: null,
      hear: (bytes) => {
        for (const listener of listeners) listener(bytes);
      },
    });
    return Promise.resolve(port);
  };

  const openLink: OpenLink = (address) => {
    const device = devices.get(address.path);
    if (device === undefined || !device.port.isPlugged) {
      return Promise.reject(new Fault('port-missing', { retryable: true }));
    }
    if (device.host !== null) return Promise.reject(new Fault('port-busy', { retryable: true }));
    device.host = openHostEnd(device.hear, () => {
      device.host = null;
    });
    return Promise.resolve(device.host.link);
  };

  return { openPort, openLink };
}

function openHostEnd(send: (bytes: Uint8Array) => void, release: () => void): HostEnd {
  const bytesListeners: ((bytes: Uint8Array) => void)[] = [];
  const closedListeners: ((reason: ClosedReason) => void)[] = [];
  let closedAs: ClosedReason | null = null;
  const end = (reason: ClosedReason): void => {
    if (closedAs !== null) return;
    closedAs = reason;
    release();
    for (const listener of closedListeners) listener(reason);
  };
  return {
    end,
    // Bytes travel between two turns of the event loop, as they do on a wire: no side answers inside a call.
    hear: (bytes) => {
      queueMicrotask(() => {
        if (closedAs === null) for (const listener of bytesListeners) listener(bytes);
      });
    },
    link: {
      write: (bytes) => {
        if (closedAs !== null) return Promise.reject(new Fault('link-lost', { retryable: true }));
        const copy = Uint8Array.from(bytes);
        queueMicrotask(() => {
          if (closedAs === null) send(copy);
        });
        return Promise.resolve();
      },
      onBytes: (listener) => void bytesListeners.push(listener),
      onClosed: (listener) => {
        if (closedAs === null) closedListeners.push(listener);
        else listener(closedAs);
      },
      close: () => {
        end('closed');
        return Promise.resolve();
      },
    },
  };
}
