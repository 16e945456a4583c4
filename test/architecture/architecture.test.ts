import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { findCycles } from './check-cycles.ts';
import {
  findBarrels,
  findDefaultExports,
  findEmptyCatches,
  findForgedPermits,
  findMockedModules,
  findSeedlessProperties,
} from './check-forms.ts';
import { findImpureCores, findStrayPackages, findWrongDirections } from './check-imports.ts';
import { findBannedNames, findWrongTopLevel } from './check-layout.ts';
import { findLooseRules } from './check-rules.ts';
import { findUnwantedText } from './check-text.ts';
import { formatFinding, type Finding } from './finding.ts';
import { readTree, treeOf, type SourceTree } from './source-tree.ts';

type Check = (tree: SourceTree) => Finding[];

const tree = readTree(fileURLToPath(new URL('../..', import.meta.url)));
const inTree = (check: Check): string[] => check(tree).map(formatFinding);
const inFiles = (check: Check, files: Record<string, string>): string[] =>
  check(treeOf(files)).map(formatFinding);
const inFile = (check: Check, path: string, text: string): string[] => inFiles(check, { [path]: text });

it('AR1: the tree imports in the agreed directions', () => {
  expect(inTree(findWrongDirections)).toEqual([]);
});

it.each([
  [
    'server/contract/permit.ts',
    '../domain/request.ts',
    'server/contract may not import server/domain/request.ts',
  ],
  ['server/contract/permit.ts', 'jose', 'server/contract may not import the package jose'],
  ['server/contract/permit.ts', 'node:crypto', "server/contract may not import Node's own modules"],
  [
    'server/domain/request.ts',
    '../store/requests.ts',
    'server/domain may not import server/store/requests.ts',
  ],
  ['server/domain/request.ts', 'kysely', 'server/domain may not import the package kysely'],
  [
    'gateway/decision/decide.ts',
    '../permits/verify.ts',
    'gateway/decision may not import gateway/permits/verify.ts',
  ],
  ['gateway/door/step.ts', '../decision/decide.ts', 'gateway/door may not import gateway/decision/decide.ts'],
  ['gateway/presence/step.ts', 'node:fs', "gateway/presence may not import Node's own modules"],
  [
    'gateway/loop/run.ts',
    '../../firmware-bridge/lock/line.ts',
    'gateway may not import firmware-bridge/lock/line.ts',
  ],
  ['gateway/main.ts', '../server/signing/sign.ts', 'gateway may not import server/signing/sign.ts'],
  ['gateway/main.ts', '../deploy/cli/main.ts', 'gateway may not import deploy/cli/main.ts'],
  ['gateway/loop/run.ts', '../../test/fakes/clock.ts', 'gateway may not import test/fakes/clock.ts'],
  [
    'firmware-bridge/protocol/line/frame.ts',
    '#contract/result',
    'firmware-bridge/protocol may not import server/contract/result.ts',
  ],
  [
    'firmware-bridge/protocol/line/frame.ts',
    'zod',
    'firmware-bridge/protocol may not import the package zod',
  ],
  [
    'firmware-bridge/bridge.ts',
    '../gateway/door/step.ts',
    'firmware-bridge may not import gateway/door/step.ts',
  ],
  ['server/http/app.ts', '../../gateway/door/step.ts', 'server may not import gateway/door/step.ts'],
  ['web/app.tsx', '../server/domain/request.ts', 'web may not import server/domain/request.ts'],
  ['web/app.tsx', 'kysely', 'web may not import the package kysely'],
  [
    'web/app.tsx',
    '../server/contract/api.ts',
    '../server/contract/api.ts: the contract is imported as #contract/NAME',
  ],
  ['server/http/app.ts', './session', './session: name the file with its extension'],
  [
    'gateway/decision/decide.test.ts',
    '../../server/domain/request.ts',
    'gateway/decision may not import server/domain/request.ts',
  ],
  ['bench/run.ts', './x.ts', 'bench/run.ts is in no known area'],
])('AR1: %s importing %s is reported', (importer, specifier, what) => {
  const found = [`${importer}:2 ${what}`];
  expect(inFile(findWrongDirections, importer, `\nimport { x } from '${specifier}';`)).toEqual(found);
  expect(inFile(findWrongDirections, importer, `\nimport type { X } from '${specifier}';`)).toEqual(found);
  expect(inFile(findWrongDirections, importer, `\nexport { x } from '${specifier}';`)).toEqual(found);
  expect(inFile(findWrongDirections, importer, `\nconst x = await import('${specifier}');`)).toEqual(found);
  expect(inFile(findWrongDirections, importer, `\ntype X = import('${specifier}').X;`)).toEqual(found);
});

it.each([
  ['server/contract/permit.ts', 'zod'],
  ['server/domain/request.ts', '#contract/permit'],
  ['gateway/loop/run.ts', '../../firmware-bridge/bridge.ts'],
  ['gateway/loop/run.ts', '../decision/decide.ts'],
  ['firmware-bridge/lock/line.ts', '../protocol/line/frame.ts'],
  ['server/store/requests.ts', '../domain/request.ts'],
  ['web/app.tsx', '#contract/api'],
  ['web/app.tsx', 'preact/hooks'],
  ['web/vite.config.ts', 'vite'],
  ['gateway/decision/decide.test.ts', 'node:fs'],
  ['gateway/decision/decide.test.ts', '../../test/fakes/clock.ts'],
  ['test/system/door.test.ts', '../../server/main.ts'],
  ['deploy/all-in-one/start.ts', '../../gateway/main.ts'],
])('AR1: %s may import %s', (importer, specifier) => {
  expect(inFile(findWrongDirections, importer, `import { x } from '${specifier}';`)).toEqual([]);
});

it('AR2: the tree imports packages only at home', () => {
  expect(inTree(findStrayPackages)).toEqual([]);
});

it.each([
  ['server/http/app.ts', 'jose', 'jose is imported only in server/signing/, server/auth/, gateway/permits/'],
  ['gateway/main.ts', 'better-sqlite3', 'better-sqlite3 is imported only in server/store/, gateway/journal/'],
  ['gateway/uplink/sync.ts', 'mqtt', 'mqtt is imported only in gateway/sensors/'],
  ['firmware-bridge/lock/line.ts', 'serialport', 'serialport is imported only in firmware-bridge/transport/'],
  ['server/main.ts', '@hono/node-server', '@hono/node-server is imported only in server/http/'],
  ['server/auth/session.ts', 'hono/cookie', 'hono is imported only in server/http/'],
  ['server/domain/request.ts', 'kysely', 'kysely is imported only in server/store/'],
  ['gateway/sensors/contact.ts', 'aedes', 'aedes is imported only in test/ and deploy/'],
])('AR2: %s importing %s is reported', (importer, specifier, what) => {
  expect(inFile(findStrayPackages, importer, `import { x } from '${specifier}';`)).toEqual([
    `${importer}:1 ${what}`,
  ]);
});

it.each([
  ['gateway/permits/verify.ts', 'jose'],
  ['server/http/routes/requests.ts', '@hono/zod-openapi'],
  ['gateway/journal/journal.test.ts', 'kysely'],
  ['deploy/all-in-one/broker.ts', 'aedes'],
])('AR2: %s may import %s', (importer, specifier) => {
  expect(inFile(findStrayPackages, importer, `import { x } from '${specifier}';`)).toEqual([]);
});

it('AR3: the cores of the tree are pure', () => {
  expect(inTree(findImpureCores)).toEqual([]);
});

it.each([
  ['Date.now', 'const t = Date.now();'],
  ['Date', 'const t = new Date();'],
  ['Date', 'const t = Date();'],
  ['Math.random', 'const r = Math.random();'],
  ['setTimeout', 'setTimeout(() => x, 1);'],
  ['setInterval', 'const later = setInterval;'],
  ['queueMicrotask', 'queueMicrotask(f);'],
  ['process', 'const e = process.env;'],
  ['Buffer', 'const f = (b: Buffer) => b;'],
  ['Buffer', "const b = Buffer.from('x');"],
  ['console', 'console.log(1);'],
  ['fetch', "const r = await fetch('x');"],
  ['crypto', 'const id = crypto.randomUUID();'],
  ['globalThis', 'const g = globalThis.Date;'],
  ['performance', 'const p = { at: performance.now() };'],
  ['import.meta', 'const u = import.meta.url;'],
  ['process', 'function f(process: number) { return process; }\nconst x = process;'],
])('AR3: %s in a core is reported: %s', (name, code) => {
  const path = 'gateway/door/step.ts';
  const line = code.split('\n').length;
  expect(inFile(findImpureCores, path, code)).toEqual([
    `${path}:${line} ${name} in a core: gateway/door is pure, hand it in`,
  ]);
});

it.each([
  'const t = new Date(atMs);',
  'const t = clock.now(); // Date.now() is not called here',
  'const f = (process: { id: number }) => process.id;',
  'const f = ({ console }: X) => console;',
  'interface X { fetch: number; process(): void }',
  "const x = { process: 1, 'Buffer': 2 };\nconst y = x.process;",
  "type Kind = 'process';",
])('AR3: pure code passes: %s', (code) => {
  expect(inFile(findImpureCores, 'server/contract/x.ts', code)).toEqual([]);
});

it('AR3: a shell and a test may be impure', () => {
  expect(inFile(findImpureCores, 'gateway/loop/run.ts', 'Date.now();')).toEqual([]);
  expect(inFile(findImpureCores, 'gateway/door/step.test.ts', 'Date.now();')).toEqual([]);
});

it('AR4: the tree has modules and no import circles', () => {
  expect(inTree(findCycles)).toEqual([]);
  expect(tree.modules.length).toBeGreaterThan(20);
});

it('AR4: an import circle is reported once, with its path', () => {
  const files = {
    'server/main.ts': "import { a } from './store/a.ts';",
    'server/store/a.ts': "import { b } from './b.ts';\nexport const a = b;",
    'server/store/b.ts': "\nimport type { C } from '../audit/c.ts';\nexport const b = 1;",
    'server/audit/c.ts': "import { a } from '../store/a.ts';\nexport type C = typeof a;",
  };
  expect(inFiles(findCycles, files)).toEqual([
    'server/audit/c.ts:1 import circle: server/store/a.ts -> server/store/b.ts -> server/audit/c.ts -> server/store/a.ts',
  ]);
});

it('AR4: a tree without modules is reported', () => {
  expect(inFiles(findCycles, { 'README.md': '' })).toEqual(['.:1 no modules were found to check']);
});

it('AR5: the rules and the tests of the tree name each other', () => {
  expect(inTree(findLooseRules)).toEqual([]);
});

const oneRule = { 'gateway/door/RULES.md': '| id | rule |\n|---|---|\n| DM1 | A forced door alarms |\n' };

it.each([
  "import { it } from 'vitest';\nit('DM1: alarms', f);",
  "import { test as spec } from 'vitest';\nspec('DM1 alarms', f);",
  "import { it } from 'vitest';\nit.each(rows)('DM1: %s alarms', f);",
  "import { it } from 'vitest';\nit.each`a\n${1}`(`DM1: ${x}`, f);",
  "import { it } from 'vitest';\nconst itOnce = on ? it : it.skip;\nitOnce('DM1: alarms', f);",
  "import { it } from 'vitest';\nit.skipIf(off)('DM1: alarms', f);",
  "import { it } from 'vitest';\nconst withBroker = it.skipIf(off);\nwithBroker('DM1: alarms', f);",
])('AR5: a test that names its rule passes: %s', (code) => {
  expect(inFiles(findLooseRules, { ...oneRule, 'gateway/door/step.test.ts': code })).toEqual([]);
});

it('AR5: a rule without a test is reported, a test that never runs shows nothing', () => {
  const reported = ['gateway/door/RULES.md:3 no test shows the rule DM1'];
  expect(inFiles(findLooseRules, oneRule)).toEqual(reported);
  const skipped = "import { it } from 'vitest';\nit.skip('DM1: alarms', f);";
  expect(inFiles(findLooseRules, { ...oneRule, 'gateway/door/step.test.ts': skipped })).toEqual(reported);
});

it.each([
  ["it('alarms', f);", 'the test names no rule: alarms'],
  ["it('DM1alarms', f);", 'the test names no rule: DM1alarms'],
  ['it(row.name, f);', 'the test names no rule: (computed title)'],
  ["it('DM9: alarms', f);", 'no RULES.md has the rule DM9'],
  ["it('DM1, DM8: alarms', f);", 'no RULES.md has the rule DM8'],
])('AR5: a test without a known rule is reported: %s', (call, what) => {
  const code = `import { it } from 'vitest';\nit('DM1: x', f);\n${call}`;
  expect(inFiles(findLooseRules, { ...oneRule, 'gateway/door/step.test.ts': code })).toEqual([
    `gateway/door/step.test.ts:3 ${what}`,
  ]);
});

it('AR5: an id given twice is reported', () => {
  const files = {
    ...oneRule,
    'web/RULES.md': '| DM1 | other |',
    'web/x.test.ts': "import { it } from 'vitest'; it('DM1: x', f);",
  };
  expect(inFiles(findLooseRules, files)).toEqual([
    'web/RULES.md:1 the rule id DM1 is taken: gateway/door/RULES.md:3',
  ]);
});

it('AR6: the top level is the agreed one', () => {
  expect(inTree(findWrongTopLevel)).toEqual([]);
});

it('AR6: a thing too many and a thing too few at the top level are reported', () => {
  const folders = ['deploy', 'firmware-bridge', 'gateway', 'server', 'test'].map((name) => `${name}/x.ts`);
  const files = ['package.json', 'package-lock.json', 'tsconfig.json', 'README.md', 'LICENSE', '.gitignore'];
  const seeded = Object.fromEntries(
    [...folders, ...files, 'shared/x.ts', 'vite.config.ts'].map((path) => [path, '']),
  );
  expect(inFiles(findWrongTopLevel, seeded)).toEqual([
    'shared:1 does not belong at the top level',
    'vite.config.ts:1 does not belong at the top level',
    'web:1 is missing at the top level',
  ]);
});

it('AR7: the names in the tree say what they hold', () => {
  expect(inTree(findBannedNames)).toEqual([]);
});

it.each([
  ['server/http/utils.ts', '"utils" in a name: it has no single job'],
  ['gateway/door-manager.ts', '"manager" in a name: it has no single job'],
  ['web/lib/x.ts', '"lib" in a name: it has no single job'],
  ['server/requestService.ts', 'the name is not in kebab-case'],
  ['web/App.tsx', 'the name is not in kebab-case'],
])('AR7: the name %s is reported', (path, what) => {
  expect(inFile(findBannedNames, path, '')).toEqual([`${path}:1 ${what}`]);
});

it.each([
  'deploy/systemd/palang-gateway.service',
  'web/service-worker.ts',
  'gateway/x.test.ts',
  'test/architecture/RULES.md',
])('AR7: the name %s passes', (path) => {
  expect(inFile(findBannedNames, path, '')).toEqual([]);
});

it('AR8: the tree has no default exports and no barrels', () => {
  expect(inTree(findDefaultExports)).toEqual([]);
  expect(inTree(findBarrels)).toEqual([]);
});

it.each([
  'export default 1;',
  'export default function f() {}',
  'export { x as default };',
  'export default class {}',
])('AR8: a default export is reported: %s', (code) => {
  const what = 'a default export has as many names as importers';
  expect(inFile(findDefaultExports, 'server/x.ts', code)).toEqual([`server/x.ts:1 ${what}`]);
  expect(inFile(findDefaultExports, 'web/vite.config.ts', code)).toEqual([]);
});

it('AR8: a barrel and an export of everything are reported, the public face is not', () => {
  const barrel = "export { a } from './a.ts';\nexport type { B } from './b.ts';";
  expect(inFile(findBarrels, 'server/index.ts', barrel)).toEqual([
    'server/index.ts:1 a barrel: import from where the thing is',
  ]);
  expect(inFile(findBarrels, 'server/x.ts', "const a = 1;\nexport * from './a.ts';")).toEqual([
    'server/x.ts:2 export *: name what is passed on',
  ]);
  expect(inFile(findBarrels, 'firmware-bridge/bridge.ts', barrel)).toEqual([]);
});

it('AR9: the tree drops no error without a reason', () => {
  expect(inTree(findEmptyCatches)).toEqual([]);
});

it.each([
  'try { f(); } catch {}',
  'try { f(); } catch (error) {\n}',
  'p.catch(() => {});',
  'p.catch(function () {});',
])('AR9: a dropped error is reported: %s', (code) => {
  expect(inFile(findEmptyCatches, 'server/x.ts', code)).toEqual([
    'server/x.ts:1 an error is caught and dropped without a reason',
  ]);
});

it.each([
  'try { f(); } catch { return 1; }',
  'try { f(); } catch {\n// It was only a hint.\n}',
  'p.catch(() => undefined);',
])('AR9: a handled error passes: %s', (code) => {
  expect(inFile(findEmptyCatches, 'server/x.ts', code)).toEqual([]);
});

it('AR10: no test of the tree mocks our modules', () => {
  expect(inTree(findMockedModules)).toEqual([]);
});

it.each([
  "vi.mock('./clock.ts');",
  "vi.doMock('#contract/clock', f);",
  "vi.mock(import('../door/step.ts'));",
])('AR10: a mocked module of ours is reported: %s', (code) => {
  expect(inFile(findMockedModules, 'gateway/loop/run.test.ts', code)).toEqual([
    expect.stringMatching(/^gateway\/loop\/run\.test\.ts:1 .* is mocked: hand in a fake$/),
  ]);
  expect(inFile(findMockedModules, 'gateway/loop/run.test.ts', "vi.mock('mqtt');")).toEqual([]);
});

it('AR11: the property tests of the tree have a seed', () => {
  expect(inTree(findSeedlessProperties)).toEqual([]);
});

it('AR11: a property without a seed is reported', () => {
  const path = 'gateway/door/step.test.ts';
  const reported = [`${path}:1 a property without a fixed seed`];
  expect(inFile(findSeedlessProperties, path, 'fc.assert(property);')).toEqual(reported);
  expect(inFile(findSeedlessProperties, path, 'fc.assert(property, { numRuns: 9 });')).toEqual(reported);
  expect(
    inFile(findSeedlessProperties, path, 'fc.assert(property, { seed: 1 });\nfc.assert(p, fixed);'),
  ).toEqual([]);
});

it('AR12: the tree makes verified permits in one place', () => {
  expect(inTree(findForgedPermits)).toEqual([]);
});

it('AR12: a cast to a verified permit elsewhere is reported', () => {
  const cast = 'const p = permit as unknown as VerifiedPermit;';
  expect(inFile(findForgedPermits, 'gateway/loop/run.ts', cast)).toEqual([
    'gateway/loop/run.ts:1 only gateway/permits makes a VerifiedPermit',
  ]);
  expect(inFile(findForgedPermits, 'gateway/permits/verify.ts', cast)).toEqual([]);
});

it('AR13: the tree holds no traces and no blinding pragmas', () => {
  expect(inTree(findUnwantedText)).toEqual([]);
});

it.each([
  [`see /wor${'k'}/main/x.ts`, 'a path of the machine it was written on'],
  [`see .libr${'ary'}/env`, 'a path of the machine it was written on'],
  [`cd /home/${'budi'}/src`, 'a path of the machine it was written on'],
  [`made with Clau${'de'}`, 'a name of a writing tool'],
  [`/* v8 ign${'ore'} next */`, 'a pragma that switches a check off'],
  [`// @ts-ign${'ore'}`, 'a pragma that switches a check off'],
])('AR13: unwanted text is reported: %s', (text, what) => {
  expect(inFile(findUnwantedText, 'README.md', `# Title\n${text}\n`)).toEqual([`README.md:2 ${what}`]);
  expect(
    inFile(findUnwantedText, 'README.md', `https://example.org/network/wor${'k'}/x of the librarian`),
  ).toEqual([]);
});
