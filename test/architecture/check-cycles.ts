import { targetOf } from './areas.ts';
import type { Finding } from './finding.ts';
import type { SourceTree } from './source-tree.ts';

/**
 * Modules that import each other in a circle, types included: what knows each other's types cannot be read apart.
 * One finding a circle, at its first import. A tree without modules is a finding too: a check that looked at nothing
 * must not be green.
 */
export function findCycles({ modules }: SourceTree): Finding[] {
  if (modules.length === 0) return [{ file: '.', line: 1, what: 'no modules were found to check' }];
  const edges = new Map(
    modules.map(({ path, imports }) => [
      path,
      imports.flatMap(({ specifier, line }) => {
        const target = targetOf(path, specifier);
        return target.kind === 'file' ? [{ to: target.path, line }] : [];
      }),
    ]),
  );
  const findings: Finding[] = [];
  const finished = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    trail.push(path);
    for (const { to, line } of edges.get(path) ?? []) {
      const start = trail.indexOf(to);
      if (start >= 0)
        findings.push({
          file: path,
          line,
          what: `import circle: ${[...trail.slice(start), to].join(' -> ')}`,
        });
      else if (!finished.has(to)) visit(to);
    }
    trail.pop();
    finished.add(path);
  };
  for (const { path } of modules) if (!finished.has(path)) visit(path);
  return findings;
}
