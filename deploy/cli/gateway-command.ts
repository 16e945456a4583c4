import { loadConfigFile } from './gateway-config-file.ts';
import { createCommand, EXIT, JSON_OPTION } from './program.ts';
import { stopRequested } from './system-ports.ts';

/** `palang gateway`: decides at its doors until a signal stops it. */
export const gatewayCommand = createCommand(
  'gateway',
  'runs a gateway: decides at its doors, with or without the server',
  {
    config: { type: 'string', description: 'configuration, YAML', valueHint: 'file', required: true },
    ...JSON_OPTION,
  },
  async (args) => {
    const config = loadConfigFile(args.config);
    const { startGateway } = await import('../../gateway/main.ts');
    const stopped = stopRequested();
    const gateway = await startGateway(config);
    await Promise.race([stopped, gateway.failed]);
    await gateway.close();
    return EXIT.done;
  },
);
