import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/**
 * What comes from the operating system and not from the package registry. `commands` are alternatives: one of
 * them is enough; an absolute path is a file that has to be there. `tests` tells which tests are skipped without it.
 */
export const BUILD_NEEDS = [
  { commands: ['python3'], aptPackage: 'python3' },
  { commands: ['make'], aptPackage: 'make' },
  { commands: ['g++', 'c++', 'clang++'], aptPackage: 'g++' },
];

export const TEST_NEEDS = [
  {
    commands: ['chromium', 'chromium-browser', 'google-chrome'],
    aptPackage: 'chromium',
    tests: /chromium|test\/browser\//,
  },
  { commands: ['mosquitto'], aptPackage: 'mosquitto', tests: /mosquitto/ },
  { commands: ['openssl'], aptPackage: 'openssl', tests: /mosquitto/ },
  // The power cuts that a journal has to survive, and the verifier in another language.
  { commands: ['strace'], aptPackage: 'strace', tests: /crash-images/ },
  { commands: ['python3'], aptPackage: 'python3', tests: /second-verifier/ },
  // The door firmware, and the chip that it is tested on.
  { commands: ['cc', 'gcc'], aptPackage: 'gcc', tests: /(suites|system)\/avr-/ },
  { commands: ['make'], aptPackage: 'make', tests: /(suites|system)\/avr-/ },
  { commands: ['avr-gcc'], aptPackage: 'gcc-avr', tests: /system\/avr-/ },
  { commands: ['/usr/lib/avr/include/avr/io.h'], aptPackage: 'avr-libc', tests: /system\/avr-/ },
  { commands: ['/usr/include/simavr/sim_avr.h'], aptPackage: 'libsimavr-dev', tests: /system\/avr-/ },
  { commands: ['/usr/include/libelf.h'], aptPackage: 'libelf-dev', tests: /system\/avr-/ },
];

// Daemons stand in sbin, which is not on an ordinary user's PATH on Debian.
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The absolute path of a command or file, or undefined. */
export function findCommand(name) {
  if (isAbsolute(name)) return existsSync(name) ? name : undefined;
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...SYSTEM_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** The needs of a list that no installed command meets. */
export function missingNeeds(needs) {
  return needs.filter((need) => !need.commands.some(findCommand));
}

/** The one line that installs what is missing. */
export function installLine(needs) {
  return `sudo apt-get update && sudo apt-get install -y ${needs.map((need) => need.aptPackage).join(' ')}`;
}

/** True where this process may install Debian packages by itself. */
export function canInstall() {
  return (
    process.getuid?.() === 0 && existsSync('/etc/debian_version') && findCommand('apt-get') !== undefined
  );
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
