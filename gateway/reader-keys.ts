import { readFileSync } from 'node:fs';
import { Fault } from '#contract/result';
import {
  parseReaderKey,
  type DoorHardwareConfig,
  type ReaderKey,
  type ReaderKeyRefusal,
} from '../firmware-bridge/bridge.ts';
import { readersOf, type DoorConfig } from './config.ts';

type ReaderKeyFault =
  'reader-key-unreadable' | 'reader-key-malformed' | 'reader-key-all-zero' | 'reader-key-default';

const refusals: Readonly<Record<ReaderKeyRefusal, ReaderKeyFault>> = {
  length: 'reader-key-malformed',
  'all-zero': 'reader-key-all-zero',
  default: 'reader-key-default',
};

/**
 * The readers of a door as its hardware wants them: with their keys instead of the files that hold them.
 * @throws Fault `reader-key-unreadable`, `reader-key-malformed`, `reader-key-all-zero`, `reader-key-default`
 * @see rule GC7
 */
export function loadReaders(door: Pick<DoorConfig, 'readers'>): DoorHardwareConfig['readers'] {
  return Object.fromEntries(
    readersOf(door).map(([name, reader]) => {
      if (reader.protocol !== 'osdp') return [name, reader];
      const { keyFile, ...known } = reader;
      return [name, keyFile === undefined ? known : { ...known, key: loadReaderKey(keyFile) }];
    }),
  );
}

function loadReaderKey(file: string): ReaderKey {
  const key = parseReaderKey(readKeyText(file));
  if (!key.ok) throw new Fault(refusals[key.error], { retryable: false });
  return key.value;
}

function readKeyText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Fault('reader-key-unreadable', { retryable: false, cause });
  }
}
