import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReadStream } from 'node:tty';
import * as pty from '@lydell/node-pty';
import type { OpenVirtualPort } from './virtual-port.ts';

/** What `pty.open` returns; the package has it but leaves it out of its types. */
interface OpenedPty {
  readonly master: ReadStream;
  readonly slave: ReadStream;
  /** File descriptor of the master, non-blocking. */
  readonly fd: number;
  readonly ptsName: string;
}

interface Plugged {
  readonly master: ReadStream;
  readonly fd: number;
  /** Keeps the terminal alive while no host has it open; otherwise the first host to leave would end it. */
  readonly keeperFd: number;
}

const { open: openPty } = pty as unknown as {
  readonly open: (options: { readonly encoding: null }) => OpenedPty;
};

/**
 * Puts bytes on the wire, and loses those that nobody takes, as a real one does. Not through the stream: a terminal
 * that no host reads calls itself writable while it takes nothing, and the stream then tries for ever.
 */
function writeAvailable(fd: number, bytes: Uint8Array): void {
  try {
    writeSync(fd, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
}

/** Makes ports that are pseudo-terminals, reached by the host through a symbolic link in `linksDir`. */
export function createPtyPorts(linksDir: string): OpenVirtualPort {
  return async (name) => {
    await mkdir(linksDir, { recursive: true });
    const path = join(linksDir, name);
    const listeners: ((bytes: Uint8Array) => void)[] = [];
    let plugged: Plugged | null = null;

    const replug = async (): Promise<void> => {
      if (plugged !== null) return;
      const opened = openPty({ encoding: null });
      // Raw before anybody writes: a fresh terminal echoes and edits lines.
      opened.slave.setRawMode(true);
      const keeperFd = openSync(opened.ptsName, constants.O_RDWR | constants.O_NOCTTY);
      // The package reads its own slave and would take bytes meant for the host.
      opened.slave.destroy();
      opened.master.on('data', (bytes: Buffer) => {
        for (const listener of listeners) listener(bytes);
      });
      // A hang-up is read as EIO; unplugging is the only cause there is, and it is already known.
      opened.master.on('error', () => undefined);
      plugged = { master: opened.master, fd: opened.fd, keeperFd };
      const draft = `${path}.new`;
      await rm(draft, { force: true });
      await symlink(opened.ptsName, draft);
      await rename(draft, path);
    };

    const unplug = async (): Promise<void> => {
      if (plugged === null) return;
      const { master, keeperFd } = plugged;
      plugged = null;
      await rm(path, { force: true });
      const closed = new Promise((resolve) => master.once('close', resolve));
      master.destroy();
      closeSync(keeperFd);
      await closed;
    };

    await replug();
    return {
      path,
      get isPlugged() {
        return plugged !== null;
      },
      write: (bytes) => {
        if (plugged !== null) writeAvailable(plugged.fd, bytes);
      },
      onBytes: (listener) => void listeners.push(listener),
      unplug,
      replug,
      close: unplug,
    };
  };
}
