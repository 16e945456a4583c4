/** One thing that a change moved: where, and what stood there before and after. */
export interface ChangeLine {
  readonly path: string;
  /** Null where there was nothing. */
  readonly before: string | null;
  /** Null where there is nothing any more. */
  readonly after: string | null;
}

type Leaves = ReadonlyMap<string, string>;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What an item of a list is called: what names it, else its place. */
function nameOf(item: unknown, index: number): string {
  if (isRecord(item)) {
    for (const key of ['day', 'id', 'code'] as const) {
      const name = item[key];
      if (typeof name === 'string') return name;
    }
  }
  return String(index + 1);
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Every leaf of a value by its path; nothing at all has none. */
export function leavesOf(value: unknown): Leaves {
  const leaves = new Map<string, string>();
  const walk = (each: unknown, path: string): void => {
    const inside = (name: string): string => (path === '' ? name : `${path} / ${name}`);
    if (Array.isArray(each)) {
      for (const [index, item] of each.entries()) walk(item, inside(nameOf(item, index)));
    } else if (isRecord(each)) {
      for (const [name, item] of Object.entries(each)) walk(item, inside(name));
    } else if (each !== null && each !== undefined) leaves.set(path, textOf(each));
  };
  walk(value, '');
  return leaves;
}

/** What changed between two values, path by path; what stayed is left out. */
export function changeLines(before: unknown, after: unknown): readonly ChangeLine[] {
  const [was, is] = [leavesOf(before), leavesOf(after)];
  const paths = [...new Set([...was.keys(), ...is.keys()])];
  return paths
    .map((path) => ({ path, before: was.get(path) ?? null, after: is.get(path) ?? null }))
    .filter((line) => line.before !== line.after);
}
