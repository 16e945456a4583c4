import type { Finding } from './finding.ts';
import type { SourceTree } from './source-tree.ts';

const RULE_ROW = /^\|\s*([A-Z]{1,2}\d+)\s*\|/;
const TITLE_IDS = /^[A-Z]{1,2}\d+(?:[, ]+[A-Z]{1,2}\d+)*(?=[:, ])/;

interface Rule {
  readonly id: string;
  readonly file: string;
  readonly line: number;
}

/** Rules that no test shows, tests that name no rule, and ids given twice. */
export function findLooseRules({ texts, modules }: SourceTree): Finding[] {
  const rules = [...texts]
    .filter(([path]) => /(^|\/)RULES\.md$/.test(path))
    .flatMap(([path, text]) => readRules(path, text));
  const known = new Map(rules.toReversed().map((rule) => [rule.id, rule]));
  const shown = new Set<string>();
  const findings: Finding[] = [];
  for (const { path, tests } of modules) {
    for (const { title, isSkipped, line } of tests) {
      const ids = TITLE_IDS.exec(title ?? '')?.[0].split(/[, ]+/) ?? [];
      const unknown = ids.filter((id) => !known.has(id));
      if (ids.length === 0)
        findings.push({ file: path, line, what: `the test names no rule: ${title ?? '(computed title)'}` });
      if (unknown.length > 0)
        findings.push({ file: path, line, what: `no RULES.md has the rule ${unknown.join(', ')}` });
      // A test that never runs shows nothing.
      if (!isSkipped) for (const id of ids) shown.add(id);
    }
  }
  for (const { id, file, line } of rules) {
    const first = known.get(id);
    if (first !== undefined && (first.file !== file || first.line !== line)) {
      findings.push({ file, line, what: `the rule id ${id} is taken: ${first.file}:${first.line}` });
    } else if (!shown.has(id)) findings.push({ file, line, what: `no test shows the rule ${id}` });
  }
  return findings;
}

function readRules(file: string, text: string): Rule[] {
  return text.split('\n').flatMap((row, index) => {
    const id = RULE_ROW.exec(row)?.[1];
    return id === undefined ? [] : [{ id, file, line: index + 1 }];
  });
}
