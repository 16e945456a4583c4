import { describeConfig, resolvePaths } from '../../gateway/config.ts';
import { checkConfigFile, configErrorText } from './gateway-config-file.ts';
import { createCommand, EXIT, JSON_OPTION } from './program.ts';

/** `palang check-config`: says what a gateway would do, without opening a port. */
export const checkConfigCommand = createCommand(
  'check-config',
  'checks the configuration of a gateway and says what it would do, without opening a port',
  {
    file: { type: 'positional', description: 'configuration of a gateway, YAML', required: true },
    ...JSON_OPTION,
  },
  (args, output) => {
    const config = checkConfigFile(args.file);
    if (!config.ok) {
      if (args.json === true) output.say(JSON.stringify({ ok: false, errors: config.error }));
      else for (const error of config.error) output.say(configErrorText(args.file, error));
      return Promise.resolve(EXIT.no);
    }
    const lines = describeConfig(resolvePaths(config.value, args.file));
    if (args.json === true) output.say(JSON.stringify({ ok: true, does: lines }));
    else for (const line of lines) output.say(line);
    return Promise.resolve(EXIT.done);
  },
);
