import { readFileSync } from 'node:fs';
import { checkConfig, resolvePaths, type ConfigError, type GatewayConfig } from '../../gateway/config.ts';
import type { Result } from '#contract/result';
import { UnusableInput } from './program.ts';

/** Reads the text of a file that the user named. */
export function readTextFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error) {
      throw new UnusableInput(`${file} cannot be read (${String(error.code)})`);
    }
    throw error;
  }
}

/** Checks a configuration file. */
export const checkConfigFile = (file: string): Result<GatewayConfig, readonly ConfigError[]> =>
  checkConfig(readTextFile(file));

/** Says where a configuration is wrong, as compilers do. */
export const configErrorText = (file: string, error: ConfigError): string =>
  `${file}:${error.line}:${error.column}: ${error.path === '' ? '' : `${error.path}: `}${error.message}`;

/** Loads a configuration with absolute paths. */
export function loadConfigFile(file: string): GatewayConfig {
  const config = checkConfigFile(file);
  if (config.ok) return resolvePaths(config.value, file);
  const [first, ...more] = config.error;
  const rest = more.length === 0 ? '' : ` (and ${more.length} more; see palang check-config)`;
  throw new UnusableInput(
    first === undefined ? `${file} is wrong` : `${configErrorText(file, first)}${rest}`,
  );
}
