import type { Clock } from '#contract/clock';
import { Fault } from '#contract/result';
import type { ByteLink, PortAddress } from '../transport/byte-link.ts';
import { openSerialLink } from '../transport/serial-link.ts';
import type { OpenVirtualPort } from './virtual-port.ts';

/**
 * Makes ports that are real ones of this machine, so that a simulated device can stand at the end of a real cable.
 * Unplugging closes the port, which is as near as software comes to it.
 */
export const createSerialPorts =
  (addresses: Readonly<Record<string, PortAddress>>, clock: Clock): OpenVirtualPort =>
  async (name) => {
    const address = addresses[name];
    if (address === undefined) throw new Fault('port-missing', { retryable: false });
    const listeners: ((bytes: Uint8Array) => void)[] = [];
    const open = async (): Promise<ByteLink> => {
      const opened = await openSerialLink(address, clock);
      opened.onBytes((bytes) => {
        for (const listener of listeners) listener(bytes);
      });
      return opened;
    };
    let link: ByteLink | null = await open();
    const unplug = async (): Promise<void> => {
      const closing = link;
      link = null;
      await closing?.close();
    };
    return {
      path: address.path,
      get isPlugged() {
        return link !== null;
      },
      write: (bytes) => {
        // A device does not learn that its cable was pulled.
        link?.write(bytes).catch((cause: unknown) => {
          if (!(cause instanceof Fault)) throw cause;
        });
      },
      onBytes: (listener) => void listeners.push(listener),
      unplug,
      replug: async () => {
        link ??= await open();
      },
      close: unplug,
    };
  };
