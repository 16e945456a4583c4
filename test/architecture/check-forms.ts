import { isTest, isToolConfig, targetOf } from './areas.ts';
import type { Finding } from './finding.ts';
import type { ModuleFacts } from './read-module.ts';
import type { SourceTree } from './source-tree.ts';

/** The one module whose job is to be an area's public face. */
const PUBLIC_FACES = ['firmware-bridge/bridge.ts'];

const at = (module: ModuleFacts, lines: readonly number[], what: string): Finding[] =>
  lines.map((line) => ({ file: module.path, line, what }));

/** Default exports, except where a tool asks for one. */
export function findDefaultExports({ modules }: SourceTree): Finding[] {
  return modules
    .filter(({ path }) => !isToolConfig(path))
    .flatMap((module) =>
      at(module, module.defaultExports, 'a default export has as many names as importers'),
    );
}

/** Modules that only pass other modules' names on. */
export function findBarrels({ modules }: SourceTree): Finding[] {
  return modules
    .filter(({ path }) => !PUBLIC_FACES.includes(path))
    .flatMap((module) => [
      ...(module.isBarrel ? at(module, [1], 'a barrel: import from where the thing is') : []),
      ...(module.isBarrel ? [] : at(module, module.starExports, 'export *: name what is passed on')),
    ]);
}

/** Errors caught and dropped without a word. */
export function findEmptyCatches({ modules }: SourceTree): Finding[] {
  return modules.flatMap((module) =>
    at(module, module.emptyCatches, 'an error is caught and dropped without a reason'),
  );
}

/** Our own modules replaced in a test. */
export function findMockedModules({ modules }: SourceTree): Finding[] {
  return modules.flatMap(({ path, mocks }) =>
    mocks
      .filter(({ specifier }) => targetOf(path, specifier).kind === 'file')
      .map(({ specifier, line }) => ({ file: path, line, what: `${specifier} is mocked: hand in a fake` })),
  );
}

/** Property tests that run on other cases each time. */
export function findSeedlessProperties({ modules }: SourceTree): Finding[] {
  return modules.flatMap((module) =>
    at(module, module.seedlessProperties, 'a property without a fixed seed'),
  );
}

/** Programs that call a permit verified without having verified it. */
export function findForgedPermits({ modules }: SourceTree): Finding[] {
  return modules
    .filter(({ path }) => !isTest(path) && !path.startsWith('gateway/permits/'))
    .flatMap(({ path, casts }) =>
      casts
        .filter(({ name }) => /\bVerifiedPermit\b/.test(name))
        .map(({ line }) => ({ file: path, line, what: 'only gateway/permits makes a VerifiedPermit' })),
    );
}
