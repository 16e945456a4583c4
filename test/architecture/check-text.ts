import type { Finding } from './finding.ts';
import type { SourceTree } from './source-tree.ts';

interface UnwantedText {
  readonly pattern: RegExp;
  readonly what: string;
}

// Words are split so that this file does not report itself.
const UNWANTED: readonly UnwantedText[] = [
  { pattern: new RegExp('(?<![\\w.-])/wor' + 'k/'), what: 'a path of the machine it was written on' },
  { pattern: new RegExp('\\.libr' + 'ary\\b'), what: 'a path of the machine it was written on' },
  {
    pattern: new RegExp('(?<![\\w.-])/(root|home/[a-z]+)/'),
    what: 'a path of the machine it was written on',
  },
  {
    pattern: new RegExp(
      `\\b(${['clau' + 'de', 'anthr' + 'opic', 'chat' + 'gpt', 'open' + 'ai', 'copi' + 'lot'].join('|')})\\b`,
      'i',
    ),
    what: 'a name of a writing tool',
  },
  {
    pattern: new RegExp(`\\b(v8|c8|istanbul) ign${'ore'}|@ts-(ign${'ore'}|noch${'eck'})`),
    what: 'a pragma that switches a check off',
  },
];

/** Words that no committed file holds: traces of a machine or a tool, pragmas that blind a check. */
export function findUnwantedText({ texts }: SourceTree): Finding[] {
  return [...texts]
    .filter(([path]) => path !== 'package-lock.json')
    .flatMap(([file, text]) =>
      UNWANTED.some(({ pattern }) => pattern.test(text))
        ? text.split('\n').flatMap((line, index) =>
            UNWANTED.filter(({ pattern }) => pattern.test(line)).map(({ what }) => ({
              file,
              line: index + 1,
              what,
            })),
          )
        : [],
    );
}
