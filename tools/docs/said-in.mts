import ts from 'typescript';

/** Decorators by which a class hears. */
const HEARS = new Set(['Handles', 'HandlesBatch', 'OnSignal']);

/**
 * The constants of `@switchboard/contracts` that a source file says: those it calls, or hands on as values for others to
 * call. To name one in a type, to hear it, or to read one of its properties is not to say it.
 */
export function saidIn(source: string): Set<string> {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true);
  const imported = importedContracts(file);
  const said = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node) || isHearing(node)) return;
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) return;
    const constant = ts.isIdentifier(node) && isValue(node) && imported.get(node.text);
    if (constant) said.add(constant);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return said;
}

/** Local name → exported name. */
function importedContracts(file: ts.SourceFile): Map<string, string> {
  const imported = new Map<string, string>();
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    if (statement.moduleSpecifier.text !== '@switchboard/contracts') continue;
    const bindings = statement.importClause?.namedBindings;
    if (!bindings || !ts.isNamedImports(bindings)) continue;
    for (const { name, propertyName } of bindings.elements) imported.set(name.text, (propertyName ?? name).text);
  }
  return imported;
}

const isHearing = (node: ts.Node) =>
  ts.isDecorator(node) &&
  ts.isCallExpression(node.expression) &&
  ts.isIdentifier(node.expression.expression) &&
  HEARS.has(node.expression.expression.text);

/** False for the names of properties, which only happen to be spelt like a constant. */
function isValue(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  return !ts.isPropertyDeclaration(parent) && !ts.isMethodDeclaration(parent);
}
