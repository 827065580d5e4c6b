import ts from 'typescript';

type List = ts.ArrayLiteralExpression | ts.ObjectLiteralExpression;

/** Which list of a file is meant. */
export type Fits = (list: List) => boolean;

/** The value of a property: `references` in a tsconfig, `imports` of a module. */
export const valueOf =
  (property: string): Fits =>
  ({ parent }) =>
    ts.isPropertyAssignment(parent) && (parent.name as ts.Identifier | ts.StringLiteral).text === property;

/** The value of a constant: `const dataMap = {…}`. */
export const constant =
  (name: string): Fits =>
  ({ parent }) =>
    ts.isVariableDeclaration(parent) && parent.name.getText() === name;

/** What a method is called on: `[…].flatMap(…)`. */
export const calledOn =
  (method: string): Fits =>
  ({ parent }) =>
    ts.isPropertyAccessExpression(parent) && parent.name.text === method;

/**
 * Adds an element to the one list that fits; the text is formatted later.
 * @param before it comes before the first element whose text passes, and at the end where none does
 */
export function withElement(source: string, fits: Fits, element: string, before?: Pick<RegExp, 'test'>): string {
  const lists: List[] = [];
  const visit = (node: ts.Node): void => {
    if ((ts.isArrayLiteralExpression(node) || ts.isObjectLiteralExpression(node)) && fits(node)) lists.push(node);
    ts.forEachChild(node, visit);
  };
  visit(parse(source));
  const [list, ...others] = lists;
  if (!list || others.length > 0)
    throw new Error(`There are ${lists.length} lists to which "${element}" could belong.`);
  const entries = ts.isArrayLiteralExpression(list) ? list.elements : list.properties;
  const next = before && [...entries].find((entry) => before.test(entry.getText()));
  if (next) return insert(source, next.getStart(), `${element}, `);
  const comma = entries.length > 0 && !entries.hasTrailingComma ? ', ' : ' ';
  return insert(source, list.getEnd() - 1, `${comma}${element}`);
}

/** Adds `import <what> from '<from>'` where it stands in alphabetical order among those of its kind. */
export function withImport(source: string, what: string, from: string): string {
  const imports = parse(source).statements.filter(ts.isImportDeclaration);
  const specifier = ({ moduleSpecifier }: ts.ImportDeclaration) => (moduleSpecifier as ts.StringLiteral).text;
  const statement = `import ${what} from '${from}';\n`;
  const next = imports.find((one) => specifier(one).startsWith('.') === from.startsWith('.') && specifier(one) > from);
  const last = imports.at(-1);
  if (next) return insert(source, next.getStart(), statement);
  return last ? insert(source, last.getEnd(), `\n${statement.trimEnd()}`) : `${statement}\n${source}`;
}

/** Exports a name of a module, in the statement that exports others of it where there is one. */
export function withExport(source: string, name: string, from: string): string {
  const statement = parse(source)
    .statements.filter(ts.isExportDeclaration)
    .find(({ moduleSpecifier, isTypeOnly }) => !isTypeOnly && (moduleSpecifier as ts.StringLiteral).text === from);
  const clause = statement?.exportClause;
  if (!clause || !ts.isNamedExports(clause)) return `${source.trimEnd()}\nexport { ${name} } from '${from}';\n`;
  const names = [...clause.elements.map((element) => element.getText()), name].sort();
  return `${source.slice(0, clause.getStart())}{ ${names.join(', ')} }${source.slice(clause.getEnd())}`;
}

// JSON is read as an expression of JavaScript, which has the same lists.
function parse(source: string): ts.SourceFile {
  const isJson = source.trimStart().startsWith('{');
  return ts.createSourceFile(isJson ? 'a.json' : 'a.ts', source, ts.ScriptTarget.Latest, true);
}

const insert = (source: string, at: number, text: string) => source.slice(0, at) + text + source.slice(at);
