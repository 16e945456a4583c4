import ts from 'typescript';

export interface ImportFact {
  readonly specifier: string;
  readonly line: number;
}

export interface NameFact {
  readonly name: string;
  readonly line: number;
}

export interface TestFact {
  /** What the title starts with, up to its first computed part; undefined when all of it is computed. */
  readonly title: string | undefined;
  /** Skipped always, and not because of the machine it runs on. */
  readonly isSkipped: boolean;
  readonly line: number;
}

/** What the checks need to know of one module, read from its syntax tree in one pass. */
export interface ModuleFacts {
  readonly path: string;
  readonly imports: readonly ImportFact[];
  /** Uses of time, randomness, timers, the process and other things that the surroundings hold. */
  readonly ambientUses: readonly NameFact[];
  readonly tests: readonly TestFact[];
  /** Modules replaced by `vi.mock` and its kin. */
  readonly mocks: readonly ImportFact[];
  /** Types that a value is cast to. */
  readonly casts: readonly NameFact[];
  readonly defaultExports: readonly number[];
  readonly starExports: readonly number[];
  readonly emptyCatches: readonly number[];
  readonly seedlessProperties: readonly number[];
  /** True when the module holds nothing but exports of other modules' names. */
  readonly isBarrel: boolean;
}

const AMBIENT_GLOBALS = new Set(
  (
    'process Buffer console fetch crypto performance globalThis window self navigator localStorage ' +
    'setTimeout setInterval setImmediate queueMicrotask require __dirname __filename'
  ).split(' '),
);
const AMBIENT_MEMBERS = new Set(['Date.now', 'Math.random']);
const MOCK_CALLS = new Set(['mock', 'doMock', 'importMock']);

/** Reads the facts of one module. Never fails: TypeScript's parser makes a tree of any text. */
export function readModule(path: string, text: string): ModuleFacts {
  const kind = /\.[jt]sx$/.test(path) ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, kind);
  const facts = {
    path,
    imports: [] as ImportFact[],
    ambientUses: [] as NameFact[],
    tests: [] as TestFact[],
    mocks: [] as ImportFact[],
    casts: [] as NameFact[],
    defaultExports: [] as number[],
    starExports: [] as number[],
    emptyCatches: [] as number[],
    seedlessProperties: [] as number[],
    isBarrel: source.statements.length > 0 && source.statements.every(isReexport),
  };
  const lineOf = (node: ts.Node): number =>
    source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
  const declared = declaredNames(source);
  const testNames = namesOfTestFunctions(source);

  const visit = (node: ts.Node): void => {
    const line = lineOf(node);
    const specifier = importedSpecifier(node);
    if (specifier !== undefined) facts.imports.push({ specifier, line });
    if (isDefaultExport(node)) facts.defaultExports.push(line);
    if (ts.isExportDeclaration(node) && node.exportClause === undefined) facts.starExports.push(line);
    if (swallowsError(node, source)) facts.emptyCatches.push(line);
    if (ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)) {
      facts.casts.push({ name: node.type.getText(source), line });
    }
    const ambient = ambientName(node);
    if (ambient !== undefined && !isDeclaredAround(node, ambient.split('.')[0] ?? '', declared)) {
      facts.ambientUses.push({ name: ambient, line });
    }
    if (ts.isCallExpression(node)) {
      const mocked = mockedSpecifier(node);
      if (mocked !== undefined) facts.mocks.push({ specifier: mocked, line });
      if (isSeedlessProperty(node)) facts.seedlessProperties.push(line);
      if (isTestCall(node, testNames)) {
        const isSkipped = /\.(skip|todo)\b/.test(node.expression.getText(source));
        facts.tests.push({ title: literalStart(node.arguments[0]), isSkipped, line });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return facts;
}

function importedSpecifier(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return textOf(node.moduleSpecifier);
  if (ts.isImportTypeNode(node))
    return ts.isLiteralTypeNode(node.argument) ? textOf(node.argument.literal) : undefined;
  const isDynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isDynamic ? textOf(node.arguments[0]) : undefined;
}

function textOf(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

function isReexport(statement: ts.Statement): boolean {
  return ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined;
}

function isDefaultExport(node: ts.Node): boolean {
  if (ts.isExportAssignment(node)) return true;
  if (ts.isExportSpecifier(node)) return node.name.text === 'default';
  return (
    ts.canHaveModifiers(node) &&
    (ts.getModifiers(node)?.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword) ?? false)
  );
}

/** True for `catch {}` and `.catch(() => {})` without even a comment that says why nothing is to be done. */
function swallowsError(node: ts.Node, source: ts.SourceFile): boolean {
  if (ts.isCatchClause(node)) return isBareBlock(node.block, source);
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  if (node.expression.name.text !== 'catch') return false;
  const handler = node.arguments[0];
  if (handler === undefined || !(ts.isArrowFunction(handler) || ts.isFunctionExpression(handler)))
    return false;
  return ts.isBlock(handler.body) && isBareBlock(handler.body, source);
}

function isBareBlock(block: ts.Block, source: ts.SourceFile): boolean {
  return block.statements.length === 0 && block.getText(source).replace(/[{}\s]/g, '') === '';
}

function ambientName(node: ts.Node): string | undefined {
  if (ts.isMetaProperty(node))
    return node.keywordToken === ts.SyntaxKind.ImportKeyword ? 'import.meta' : undefined;
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const member = `${node.expression.text}.${node.name.text}`;
    return AMBIENT_MEMBERS.has(member) ? member : undefined;
  }
  const isDate = (callee: ts.Expression): boolean => ts.isIdentifier(callee) && callee.text === 'Date';
  if (ts.isNewExpression(node) && isDate(node.expression) && (node.arguments?.length ?? 0) === 0)
    return 'Date';
  if (ts.isCallExpression(node) && isDate(node.expression)) return 'Date';
  return ts.isIdentifier(node) && AMBIENT_GLOBALS.has(node.text) && isReference(node) ? node.text : undefined;
}

/** False for a name after a dot, a key, a label of a type's member and the like. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isTypeNode(parent) && !ts.isTypeReferenceNode(parent) && !ts.isTypeQueryNode(parent)) return false;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  const isNamed =
    (ts.isClassElement(parent) || ts.isTypeElement(parent) || ts.isDeclarationStatement(parent)) &&
    parent.name === node;
  if (isNamed || ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent) || ts.isJsxAttribute(parent))
    return false;
  if ((ts.isVariableDeclaration(parent) || ts.isParameter(parent)) && parent.name === node) return false;
  return true;
}

type DeclaredNames = ReadonlyMap<ts.Node, ReadonlySet<string>>;

/** The names that each scope declares, so that a parameter called `process` is not taken for the global. */
function declaredNames(source: ts.SourceFile): DeclaredNames {
  const scopes = new Map<ts.Node, Set<string>>();
  const add = (node: ts.Node, name: ts.Node | undefined): void => {
    if (name === undefined || !ts.isIdentifier(name)) return;
    const scope = scopeAround(node);
    scopes.set(scope, (scopes.get(scope) ?? new Set()).add(name.text));
  };
  const visit = (node: ts.Node): void => {
    if (ts.isParameter(node) || ts.isVariableDeclaration(node) || ts.isBindingElement(node))
      add(node, node.name);
    else if (ts.isDeclarationStatement(node)) add(node, node.name);
    else if (ts.isImportSpecifier(node) || ts.isImportClause(node) || ts.isNamespaceImport(node))
      add(node, node.name);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return scopes;
}

function scopeAround(node: ts.Node): ts.Node {
  let scope = node.parent;
  while (!(
    ts.isSourceFile(scope) ||
    ts.isFunctionLike(scope) ||
    ts.isBlock(scope) ||
    ts.isForOfStatement(scope)
  )) {
    scope = scope.parent;
  }
  return scope;
}

function isDeclaredAround(node: ts.Node, name: string, declared: DeclaredNames): boolean {
  for (let scope: ts.Node | undefined = node; scope !== undefined; scope = scope.parent) {
    if (declared.get(scope)?.has(name)) return true;
  }
  return false;
}

function mockedSpecifier(call: ts.CallExpression): string | undefined {
  if (rootName(call.expression) !== 'vi' || !ts.isPropertyAccessExpression(call.expression)) return undefined;
  if (!MOCK_CALLS.has(call.expression.name.text)) return undefined;
  const target = call.arguments[0];
  return textOf(target) ?? (target === undefined ? undefined : importedSpecifier(target));
}

function isSeedlessProperty(call: ts.CallExpression): boolean {
  const { expression, arguments: given } = call;
  if (rootName(expression) !== 'fc' || !ts.isPropertyAccessExpression(expression)) return false;
  if (expression.name.text !== 'assert') return false;
  const settings = given[1];
  if (settings === undefined) return true;
  if (!ts.isObjectLiteralExpression(settings)) return false;
  return !settings.properties.some(
    (property) => ts.isSpreadAssignment(property) || property.name.getText() === 'seed',
  );
}

/** `it` of `it.skipIf(x).each(table)`. */
function rootName(expression: ts.Expression): string | undefined {
  if (ts.isIdentifier(expression)) return expression.text;
  if (ts.isPropertyAccessExpression(expression) || ts.isCallExpression(expression))
    return rootName(expression.expression);
  return ts.isTaggedTemplateExpression(expression) ? rootName(expression.tag) : undefined;
}

/** What `it` and `test` of vitest are called in this module, names made of them (`const itOnce = it.skipIf(x)`) included. */
function namesOfTestFunctions(source: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  const isDerived = (value: ts.Expression): boolean => {
    if (ts.isConditionalExpression(value)) return isDerived(value.whenTrue) || isDerived(value.whenFalse);
    return names.has(rootName(value) ?? '');
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && textOf(node.moduleSpecifier) === 'vitest') {
      const bindings = node.importClause?.namedBindings;
      for (const { name, propertyName } of bindings && ts.isNamedImports(bindings) ? bindings.elements : []) {
        if (['it', 'test'].includes((propertyName ?? name).text)) names.add(name.text);
      }
    }
    if (
      ts.isVariableDeclaration(node) &&
      ts.isIdentifier(node.name) &&
      node.initializer &&
      isDerived(node.initializer)
    ) {
      names.add(node.name.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

/** True for the call that names a test, false for the calls inside it that only modify it (`it.each(table)`). */
function isTestCall(call: ts.CallExpression, testNames: ReadonlySet<string>): boolean {
  if (!testNames.has(rootName(call.expression) ?? '')) return false;
  const isModifier = ts.isCallExpression(call.parent) ? call.parent.expression === call : false;
  return !isModifier && !ts.isPropertyAccessExpression(call.parent) && !isPartOfAlias(call);
}

function isPartOfAlias(call: ts.CallExpression): boolean {
  const outer = ts.isConditionalExpression(call.parent) ? call.parent.parent : call.parent;
  return ts.isVariableDeclaration(outer);
}

function literalStart(title: ts.Expression | undefined): string | undefined {
  if (title === undefined) return undefined;
  if (ts.isTemplateExpression(title)) return title.head.text;
  if (ts.isBinaryExpression(title)) return literalStart(title.left);
  return textOf(title);
}
