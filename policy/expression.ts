// Expressions of a policy in CEL (github.com/google/cel-spec), for what requirements cannot say. They are parsed and type-checked
// when a tenant file is read. Of the language there is what docs/configuration.md lists: nothing in it takes long or forgives.
import { type ASTNode, Environment, EvaluationError, ParseError, TypeError as TypeFault } from '@marcbachmann/cel-js';
import type { Evaluate } from './evaluate.ts';
import { GROUPS_LEFT_OUT } from './requirements.ts';

export const EXPRESSION_MAX_CHARACTERS = 1000;
/** More than any tenant has; what is parsed anew beyond it costs a fraction of a millisecond. */
const PROGRAMS_MAX = 1000;

/** They go through a list once, so that one within another would multiply. */
const QUANTIFIERS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter']);
/** Left out are, above all, `matches` (it backtracks here, where CEL has linear RE2), `map`, `bind` and `dyn`. */
export const FUNCTIONS: ReadonlySet<string> = new Set([
  ...QUANTIFIERS,
  ...['has', 'size', 'startsWith', 'endsWith', 'contains', 'lowerAscii', 'timestamp', 'duration'],
  ...['getFullYear', 'getMonth', 'getDayOfMonth', 'getDayOfWeek', 'getHours', 'getMinutes'],
]);

/** A path as servers compare it: neither case nor a slash at the end tells two apart. It is compared, and nothing else. */
class ServerPath {
  /** In lower case, with a slash at both ends. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  startsWith = (start: string): boolean => this.text.startsWith(start.toLowerCase());
  endsWith = (end: string): boolean => this.text.endsWith(`${withoutSlash(end)}/`.toLowerCase());
  contains = (part: string): boolean => this.text.includes(part.toLowerCase());
  is = (path: string): boolean => this.text === `${withoutSlash(path)}/`.toLowerCase();
}

const withoutSlash = (path: string): string => (path.endsWith('/') ? path.slice(0, -1) : path);

/** What an expression may ask of a request; docs/configuration.md has the same list. */
const TIME = 'google.protobuf.Timestamp';
export const VARIABLES = {
  user: { username: 'string', email: 'string', groups: 'list<string>', claims: 'map<string, string>' },
  request: { method: 'string', host: 'string', path: 'Path', address: 'string', country: 'string' },
  session: { by: 'string', mfa: 'bool', authenticatedAt: TIME },
} as const;

const language = new Environment({
  limits: { maxAstNodes: 300, maxDepth: 30, maxListElements: 100, maxMapEntries: 0, maxCallArguments: 2 },
})
  .registerType('Path', { ctor: ServerPath, fields: {} })
  .registerFunction('Path.startsWith(string): bool', (path: ServerPath, text: string) => path.startsWith(text))
  .registerFunction('Path.endsWith(string): bool', (path: ServerPath, text: string) => path.endsWith(text))
  .registerFunction('Path.contains(string): bool', (path: ServerPath, text: string) => path.contains(text))
  .registerOperator('Path == string', (path: ServerPath, text: string) => path.is(text))
  .registerOperator('Path in list<string>', (path: ServerPath, texts: Iterable<string>) => [...texts].some(path.is))
  .registerVariable('now', TIME);
for (const [name, schema] of Object.entries(VARIABLES)) language.registerVariable(name, { schema });

type Program = (variables: Readonly<Record<string, unknown>>) => unknown;

/** Why an expression is refused, with the character that it begins at; null when it is good. `claims` are those that there are. */
export const expressionFault = (text: string, claims: readonly string[]): string | null => {
  try {
    compile(text, claims);
    return null;
  } catch (fault) {
    if (fault instanceof ParseError || fault instanceof TypeFault) return `${fault.summary}, at character ${(fault.range?.start ?? 0) + 1}`;
    throw fault;
  }
};

const compile = (text: string, claims: readonly string[] | null): Program => {
  if (text.length > EXPRESSION_MAX_CHARACTERS) throw new ParseError(`More than ${EXPRESSION_MAX_CHARACTERS} characters`);
  const program = language.parse(text);
  examineNode(program.ast, claims, false);
  const { type, error } = program.check();
  if (error) throw error;
  if (type !== 'bool') throw new TypeFault(`It comes to ${type}, and true or false is expected`);
  return program;
};

const examineNode = (node: ASTNode, claims: readonly string[] | null, inQuantifier: boolean): void => {
  const { op, args } = node;
  const name = op === 'call' || op === 'rcall' ? args[0] : null;
  if (name !== null && !FUNCTIONS.has(name)) throw new ParseError(`No function ${name}`, node);
  const quantifies = name !== null && QUANTIFIERS.has(name);
  if (quantifies && inQuantifier) throw new ParseError(`${name} within another that goes through a list`, node);
  const claim = claimOf(node);
  if (claim !== null && claims?.includes(claim) === false) throw new ParseError(`No claim ${claim}`, node);
  for (const inner of childrenOf(args)) examineNode(inner, claims, inQuantifier || (quantifies && inner !== (args as unknown[])[1]));
};

/** `user.claims.department` and `user.claims["department"]`. */
const claimOf = ({ op, args }: ASTNode): string | null => {
  if (op !== '.' && op !== '[]') return null;
  const [map, key] = args;
  if (map.op !== '.' || map.args[1] !== 'claims') return null;
  if (typeof key === 'string') return key;
  return key.op === 'value' && typeof key.args === 'string' ? key.args : null;
};

const childrenOf = (args: unknown): ASTNode[] => {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  return typeof args === 'object' && args !== null && 'op' in args ? [args as ASTNode] : [];
};

const programs = new Map<string, Program>();

const programOf = (text: string): Program => {
  const known = programs.get(text);
  if (known) return known;
  const program = compile(text, null);
  if (programs.size >= PROGRAMS_MAX) programs.clear();
  programs.set(text, program);
  return program;
};

/** Never throws: an expression that fails, or asks for what is not known, cannot be told. */
export const evaluate: Evaluate = (expression, { user, clientAddress, country, now, authenticatedAt, mfa, by }, { method, host }, path) => {
  let lacksGroups = false;
  const known = user && {
    ...user,
    email: user.email === '' ? undefined : user.email,
    get groups() {
      lacksGroups ||= user.groupsLeftOut === true;
      return user.groups;
    },
  };
  try {
    const holds = programOf(expression)({
      user: known ?? undefined,
      request: { method, host, path: new ServerPath(path), address: clientAddress, country: country ?? undefined },
      session: { by, mfa, authenticatedAt: authenticatedAt === null ? undefined : new Date(authenticatedAt) },
      now: new Date(now),
    });
    if (lacksGroups) return { holds: undefined, found: GROUPS_LEFT_OUT, lacksGroups };
    return typeof holds === 'boolean' ? { holds, found: String(holds) } : { holds: undefined, found: 'neither true nor false' };
  } catch (error) {
    const found = error instanceof EvaluationError || error instanceof ParseError ? error.summary : 'it failed';
    return { holds: undefined, found };
  }
};
