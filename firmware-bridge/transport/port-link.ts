import type { Clock } from '#contract/clock';
import type { OpenLink } from './byte-link.ts';
import { openSerialLink } from './serial-link.ts';
import { isTcpPath, openTcpLink } from './tcp-link.ts';

/** Makes what opens a port by its path: a device of this machine, or `tcp://host:port`. */
export const createPortOpener =
  (clock: Clock): OpenLink =>
  (address) =>
    isTcpPath(address.path) ? openTcpLink(address, clock) : openSerialLink(address, clock);
