import { fileURLToPath } from 'node:url';
import { CHECKS } from './all-checks.ts';
import { formatFinding } from './finding.ts';
import { readTree } from './source-tree.ts';

// `npm run check` shows the offenders themselves; the tests beside this show that each check bites.
const tree = readTree(fileURLToPath(new URL('../..', import.meta.url)));
const findings = CHECKS.flatMap((check) => check(tree));
for (const finding of findings) console.log(formatFinding(finding));
process.exitCode = findings.length > 0 ? 1 : 0;
