import type { OsdpCardConfig, ReaderConfig } from '../hardware.ts';
import { createAsciiReader, type AsciiProfileFault } from '../protocol/ascii/ascii-profile.ts';
import { checkWiegandProfile } from '../protocol/keypad/read-wiegand.ts';
import { asciiProfileOf } from './ascii-profile-of.ts';
import { wiegandProfileOf } from './wiegand-reader.ts';

/** What no reader could be set to: the key of the configuration and constant words. */
export interface ReaderFault {
  readonly key: string;
  readonly message: string;
}

const asciiFaults: Readonly<Record<AsciiProfileFault, ReaderFault>> = {
  'bad-edge': { key: 'prefix', message: 'prefix and suffix are up to 4 bytes each, and no hex digits' },
  'bad-length': { key: 'length', message: 'so many digits are no card number of that medium and size' },
  'bad-check': { key: 'check', message: 'an xor check goes with whole bytes of hex digits only' },
};

/**
 * Tells what of a reader's settings contradicts itself, so that its cards could not be told apart; null when all fits.
 * @see RULES.md FB113
 */
export function findReaderFault(config: ReaderConfig): ReaderFault | null {
  switch (config.protocol) {
    case 'ascii': {
      const reader = createAsciiReader(asciiProfileOf(config));
      return reader.ok ? null : asciiFaults[reader.error];
    }
    case 'osdp':
      return config.card === undefined ? null : findCardFault(config.card);
    case 'wiegand': {
      const fault = findCardFault(config);
      if (fault !== null) return fault;
      return checkWiegandProfile(wiegandProfileOf(config)).ok
        ? null
        : { key: 'keypad', message: 'a PIN sent like this could be taken for a card' };
    }
    case 'rdm6300':
    case 'id12':
    case 'em18':
    case 'gwiot7941':
    case 'gwiot7941w':
    case 'pn532':
    case 'line':
      return null;
  }
}

function findCardFault({ format, bits, parity }: OsdpCardConfig): ReaderFault | null {
  if ((format === 'raw') !== (bits !== undefined)) {
    return { key: 'bits', message: 'bits belong to the format raw, and raw needs them' };
  }
  // 26 and 34 bits have a parity of their own, which raw would store as part of the number.
  if (bits !== undefined && (bits < 27 || bits > 64 || bits === 34)) {
    return { key: 'bits', message: 'raw frames have 27 to 64 bits, and not 34' };
  }
  return parity !== undefined && format !== 'wg34'
    ? { key: 'parity', message: 'only wg34 readers leave their parity out' }
    : null;
}
