// What could be wrong with a file, one small change at a time: a boundary moved by one, a check left out, a condition turned round.
import { parse } from '@babel/parser';

export interface Mutation {
  /** Where in the source, in characters. */
  readonly start: number;
  readonly end: number;
  /** What stands there instead. */
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly loc: { readonly start: { readonly line: number; readonly column: number } };
  readonly [field: string]: unknown;
}

const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '==': ['!='],
  '!=': ['=='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '&&': ['||'],
  '||': ['&&'],
  '??': ['&&'],
};
/** Of methods that are told apart by one test only. */
const METHODS: Readonly<Record<string, string>> = {
  every: 'some',
  some: 'every',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
  min: 'max',
  max: 'min',
};
/** Methods without which a value stays of its kind. */
const LEFT_OUT = new Set(['filter', 'trim', 'toLowerCase', 'slice', 'sort', 'reverse', 'replaceAll', 'replace', 'flat']);
/** Calls whose arguments are words for people. */
const SAYS_WHY = /(?:Error|Failed|refused|refuse|invalid|wrong)$/;

/** In the order of the source; what would be no program any more is left out. */
export const mutationsOf = (source: string): readonly Mutation[] => {
  const found = new Map<string, Mutation>();
  const code = (node: unknown): string => source.slice((node as Node).start, (node as Node).end);
  const walk = (node: Node, parents: readonly Node[]): void => {
    if (isOnlyType(node)) return;
    for (const [{ start, end, loc }, text] of changesOf(node, parents, code)) {
      const { line, column } = loc.start;
      if (text !== source.slice(start, end)) found.set(`${start} ${end} ${text}`, { start, end, text, line, column: column + 1 });
    }
    for (const inner of innerOf(node)) walk(inner, [node, ...parents]);
  };
  walk(parsed(source) as unknown as Node, []);
  return [...found.values()].filter((mutation) => isProgram(mutated(source, mutation))).sort((one, other) => one.start - other.start);
};

export const mutated = (source: string, { start, end, text }: Pick<Mutation, 'start' | 'end' | 'text'>): string =>
  source.slice(0, start) + text + source.slice(end);

type Change = readonly [node: Pick<Node, 'start' | 'end' | 'loc'>, text: string];

const changesOf = (node: Node, [parent, ...others]: readonly Node[], code: (node: unknown) => string): readonly Change[] => {
  switch (node.type) {
    case 'BinaryExpression':
    case 'LogicalExpression': {
      const { left, right, operator } = node as Node & { readonly left: Node; readonly right: Node; readonly operator: string };
      if (operator === '+' && [left, right].some(isText)) return [];
      const swapped = (OPERATORS[operator] ?? []).map((other): Change => [node, `(${code(left)}) ${other} (${code(right)})`]);
      return node.type === 'LogicalExpression' ? [...swapped, [node, `(${code(left)})`], [node, `(${code(right)})`]] : swapped;
    }
    case 'UnaryExpression':
      return node.operator === '!' || node.operator === '-' ? [[node, `(${code(node.argument)})`]] : [];
    case 'IfStatement':
    case 'ConditionalExpression':
      return [true, false].map((value) => [node.test as Node, String(value)]);
    case 'BooleanLiteral':
      return [[node, String(!node.value)]];
    case 'NumericLiteral':
      return [1, -1].map((step) => [node, `(${Number(node.value) + step})`]);
    case 'StringLiteral':
      return isNameOnly(node, parent) || isForPeople(node, [parent!, ...others], code) ? [] : [[node, node.value === '' ? "'x'" : "''"]];
    case 'TemplateLiteral':
      return parent?.type === 'TaggedTemplateExpression' || isForPeople(node, [parent!, ...others], code) ? [] : [[node, "''"]];
    case 'RegExpLiteral':
      return patternsNear(String(node.pattern)).map((pattern) => [node, `/${pattern}/${node.flags}`]);
    case 'ExpressionStatement':
    case 'ThrowStatement':
      return [[node, '{}']];
    case 'CallExpression':
      return methodChanges(node, code);
    default:
      return [];
  }
};

const methodChanges = (node: Node, code: (node: unknown) => string): readonly Change[] => {
  const callee = node.callee as Node;
  if (callee.type !== 'MemberExpression' || callee.computed) return [];
  const property = callee.property as Node;
  const name = String(property.name);
  const changes: Change[] = [];
  if (Object.hasOwn(METHODS, name)) changes.push([property, METHODS[name]!]);
  if (LEFT_OUT.has(name)) changes.push([node, code(callee.object)]);
  return changes;
};

/** Without an end, or with lengths that are one more or less. */
const patternsNear = (pattern: string): readonly string[] => {
  const counts = [...pattern.matchAll(/(?<=\{(?:\d+,)?)\d+(?=(?:,\d*)?\})/g)].flatMap(({ 0: count, index }) =>
    [1, -1].map((step) => pattern.slice(0, index) + Math.max(0, Number(count) + step) + pattern.slice(index + count.length)),
  );
  return [...counts, pattern.replace(/^\^/, ''), pattern.replace(/(?<!\\)\$$/, '')].filter((other) => other !== '' && other !== pattern);
};

const parsed = (source: string) => parse(source, { sourceType: 'module', plugins: ['typescript'] }).program;

const isProgram = (source: string): boolean => {
  try {
    parsed(source);
    return true;
  } catch {
    return false;
  }
};

/** Nothing of it is left when the program runs. */
const isOnlyType = ({ type, importKind, exportKind }: Node): boolean =>
  (type.startsWith('TS') && !['TSAsExpression', 'TSNonNullExpression', 'TSSatisfiesExpression'].includes(type)) ||
  type === 'ImportDeclaration' ||
  importKind === 'type' ||
  exportKind === 'type';

const innerOf = (node: Node): readonly Node[] =>
  Object.values(node)
    .flat()
    .filter((inner): inner is Node => typeof inner === 'object' && inner !== null && 'type' in inner && 'start' in inner && 'loc' in inner)
    .filter(({ type }) => !type.startsWith('Comment'));

const isText = ({ type }: Node): boolean => type === 'StringLiteral' || type === 'TemplateLiteral';

/** Of a module or a property: changed, it would be another program. */
const isNameOnly = (node: Node, parent: Node | undefined): boolean =>
  parent !== undefined &&
  (/^Export|^Import|^Directive/.test(parent.type) || (parent.type === 'ObjectProperty' && parent.key === node && !parent.computed));

/** Says to somebody why: words that no test should compare. */
const isForPeople = (node: Node, parents: readonly Node[], code: (node: unknown) => string): boolean =>
  code(node).includes(' ') &&
  parents.some((parent) => (parent.type === 'NewExpression' || parent.type === 'CallExpression') && SAYS_WHY.test(code(parent.callee)));
