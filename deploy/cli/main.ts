import { backupCommand } from './backup-command.ts';
import { cardCommand } from './card-command.ts';
import { checkConfigCommand } from './check-config-command.ts';
import { decommissionCommand } from './decommission-command.ts';
import { digestCommand } from './digest-command.ts';
import { enrolCommand } from './enrol-command.ts';
import { eraseCommand } from './erase-command.ts';
import { exportCommand } from './export-command.ts';
import { gatewayCommand } from './gateway-command.ts';
import { musterCommand } from './muster-command.ts';
import { createForwardedCommand, runProgram } from './program.ts';
import { pairCommand } from './pair-command.ts';
import { proveCommand } from './prove-command.ts';
import { policyCommand } from './policy-command.ts';
import { rootCommand } from './root-command.ts';
import { restoreCommand } from './restore-command.ts';
import { serverCommand } from './server-command.ts';
import { userCommand } from './user-command.ts';
import { verifyCommand } from './verify-command.ts';
import { VERSION } from './version.ts';
import { witnessCommand } from './witness-command.ts';
import { whyCommand } from './why-command.ts';

// What only some commands need is loaded by them: a verification must not open what a server opens.
const commands = {
  'all-in-one': createForwardedCommand(
    'runs everything on this machine, with a simulated door',
    async (args) => (await import('../all-in-one/run-all-in-one.ts')).runAllInOne(args),
  ),
  server: serverCommand,
  gateway: gatewayCommand,
  door: createForwardedCommand('runs the simulated door alone', async (args) =>
    (await import('../door/run-door.ts')).runDoor(args),
  ),
  station: createForwardedCommand(
    'runs a simulated OSDP reader or relay board on a real port, with faults to order',
    async (args) => (await import('../station/run-station.ts')).runStation(args),
  ),
  pair: pairCommand,
  card: cardCommand,
  enrol: enrolCommand,
  root: rootCommand,
  policy: policyCommand,
  'check-config': checkConfigCommand,
  muster: musterCommand,
  user: userCommand,
  export: exportCommand,
  backup: backupCommand,
  restore: restoreCommand,
  erase: eraseCommand,
  decommission: decommissionCommand,
  verify: verifyCommand,
  prove: proveCommand,
  why: whyCommand,
  digest: digestCommand,
  witness: witnessCommand,
  story: createForwardedCommand('plays one working day through the real processes', async (args) =>
    (await import('../story/run-story.ts')).runStory(args),
  ),
  bench: createForwardedCommand('measures, beside bare baselines in the same run', async (args) =>
    (await import('../../test/bench/run-bench.ts')).runBench(args),
  ),
  simulate: createForwardedCommand(
    'runs worlds in which everything fails, and checks what must hold',
    async (args) => (await import('../../test/simulation/run-simulate.ts')).runSimulate(args),
  ),
};

process.exitCode = await runProgram(commands, VERSION, process.argv.slice(2), {
  say: (text) => process.stdout.write(`${text}\n`),
  complain: (text) => process.stderr.write(`${text}\n`),
});
