import { PACKAGE_HOMES, areaOf, isTest, isToolConfig, targetOf } from './areas.ts';
import type { Finding } from './finding.ts';
import type { ModuleFacts } from './read-module.ts';
import type { SourceTree } from './source-tree.ts';

/** Imports that go where the table of areas does not let them. */
export function findWrongDirections({ modules }: SourceTree): Finding[] {
  return modules.flatMap((module) =>
    module.imports.flatMap(({ specifier, line }) => {
      const what = wrongDirection(module.path, specifier);
      return what === undefined ? [] : [{ file: module.path, line, what }];
    }),
  );
}

function wrongDirection(importer: string, specifier: string): string | undefined {
  const target = targetOf(importer, specifier);
  if (target.kind === 'package') return wrongPackage(importer, target.name);
  const { path } = target;
  if (/^\.{1,2}\//.test(specifier) && !/\.\w+$/.test(path))
    return `${specifier}: name the file with its extension`;
  const isVector = path.endsWith('.json') && isTest(importer);
  if (path.startsWith('server/contract/') && !importer.startsWith('server/contract/') && !isVector) {
    if (!specifier.startsWith('#contract/'))
      return `${specifier}: the contract is imported as #contract/NAME`;
  }
  const area = areaOf(importer);
  if (isTest(importer) && path.startsWith('test/')) return undefined;
  if (area === undefined || isToolConfig(importer)) {
    return /^(test|deploy)\//.test(importer) || isToolConfig(importer)
      ? undefined
      : `${importer} is in no known area`;
  }
  // A unit test may set its subject up with the rest of its program, never with another program.
  const ownFolder = isTest(importer) ? area.folder.replace(/(?<=^[^/]+\/).*/, '') : area.folder;
  if ([ownFolder, ...area.mayImport].some((allowed) => path.startsWith(allowed))) return undefined;
  return `${area.name} may not import ${path}`;
}

function wrongPackage(importer: string, name: string): string | undefined {
  const area = areaOf(importer);
  if (area === undefined || area.packages === 'any' || isTest(importer) || isToolConfig(importer))
    return undefined;
  if (area.packages.includes(name)) return undefined;
  return `${area.name} may not import ${name === 'node' ? "Node's own modules" : `the package ${name}`}`;
}

/** Packages imported outside of their home. */
export function findStrayPackages({ modules }: SourceTree): Finding[] {
  return modules.filter(isProgram).flatMap((module) =>
    module.imports.flatMap(({ specifier, line }) => {
      const target = targetOf(module.path, specifier);
      const homes = target.kind === 'package' ? homesOf(target.name) : undefined;
      if (target.kind !== 'package' || homes === undefined) return [];
      if (homes.some((home) => module.path.startsWith(home))) return [];
      const where = homes.length > 0 ? `in ${homes.join(', ')}` : 'in test/ and deploy/';
      return [{ file: module.path, line, what: `${target.name} is imported only ${where}` }];
    }),
  );
}

function isProgram({ path }: ModuleFacts): boolean {
  return !isTest(path) && !path.startsWith('deploy/');
}

function homesOf(name: string): readonly string[] | undefined {
  return PACKAGE_HOMES[name] ?? PACKAGE_HOMES[name.replace(/\/.*$/, '/')];
}

/** Cores that reach for time, randomness or the surroundings instead of being handed them. */
export function findImpureCores({ modules }: SourceTree): Finding[] {
  return modules
    .filter(({ path }) => areaOf(path)?.isCore === true && !isTest(path))
    .flatMap(({ path, ambientUses }) =>
      ambientUses.map(({ name, line }) => ({
        file: path,
        line,
        what: `${name} in a core: ${areaOf(path)?.name} is pure, hand it in`,
      })),
    );
}
