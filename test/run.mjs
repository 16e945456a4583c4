import { relative } from 'node:path';
import { parseCLI, startVitest } from 'vitest/node';
import { TEST_NEEDS, installLine, missingNeeds } from '../deploy/system-needs.mjs';

const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
const vitest = await startVitest('test', filter, { ...options, watch: false });

const modules = vitest.state.getTestModules();
const unhandled = vitest.state.getUnhandledErrors().length;
const tests = modules.flatMap((module) => [...module.children.allTests()]);
const inState = (state) => tests.filter((test) => test.result().state === state);
// A hook that throws leaves the tests of its suite unrun, and the runner calls those skipped.
const unrun = tests.filter((test) => test.result().state === 'pending' || isInBrokenSuite(test));
// A module that does not load, or whose last hook throws, has no failed test in it and would pass unseen.
const broken = modules
  .flatMap((module) => [module, ...module.children.allSuites()])
  .filter((group) => group.errors().length > 0)
  .filter((group) => !unrun.some((test) => [...group.children.allTests()].includes(test)));
await vitest.close();

// Left out by `-t PATTERN`: not run because nobody asked for them, which is no news.
const isAskedFor = (test) => !options.testNamePattern || test.fullName.match(options.testNamePattern);
const skipped = inState('skipped').filter((test) => isAskedFor(test) && !unrun.includes(test));
const failed = inState('failed').length + broken.length + unhandled + unrun.length;
const passed = inState('passed').length;

if (passed + failed === 0) console.log('\nNo test ran.');
if (skipped.length > 0) console.log('\nSkipped:');
for (const test of skipped) {
  console.log(`  ${pathOf(test)}: ${test.fullName}${whySkipped(test)}`);
}
console.log(`Tests: ${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);

function pathOf(test) {
  return relative(process.cwd(), test.module.moduleId);
}

function isInBrokenSuite(test) {
  if (test.result().state !== 'skipped' || test.options.mode === 'skip') return false;
  for (let group = test.parent; ; group = group.parent) {
    if (group.errors().length > 0) return true;
    if (group.type !== 'suite') return false;
  }
}

function whySkipped(test) {
  const note = test.result().note;
  const missing = missingNeeds(TEST_NEEDS).filter((need) =>
    need.tests.test(`${pathOf(test)} ${test.fullName}`.toLowerCase()),
  );
  const install = missing.length > 0 ? `; to run it: ${installLine(missing)}` : '';
  return `${note ? ` (${note})` : ''}${install}`;
}
