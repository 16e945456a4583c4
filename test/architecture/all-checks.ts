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
import type { Finding } from './finding.ts';
import type { SourceTree } from './source-tree.ts';

/** Every check of the tree. */
export const CHECKS: readonly ((tree: SourceTree) => Finding[])[] = [
  findWrongDirections,
  findStrayPackages,
  findImpureCores,
  findCycles,
  findLooseRules,
  findWrongTopLevel,
  findBannedNames,
  findDefaultExports,
  findBarrels,
  findEmptyCatches,
  findMockedModules,
  findSeedlessProperties,
  findForgedPermits,
  findUnwantedText,
];
