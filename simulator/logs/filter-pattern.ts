// CloudWatch's filter patterns for JSON lines: `{ $.exchange = "…" || $.request = "…" }`. Selectors with `=` and `!=`, `&&`, `||` and
// parentheses; a string may hold `*` for anything.
// Differs from AWS: patterns of plain words and of fields in brackets, `IS`, `EXISTS`, sizes and arrays are not simulated, and refused.
import { isRecord } from '../iam/conditions.ts';
import { AwsError } from '../services.ts';

export type Matches = (message: string) => boolean;
type Test = (line: unknown) => boolean;

const TOKEN = /\s*(\{|\}|\(|\)|&&|\|\||!=|=|"(?:[^"\\]|\\.)*"|\$(?:\.[\w-]+)+|-?\d+(?:\.\d+)?|$)/y;

/** Throws AwsError InvalidParameterException. */
export const parseFilterPattern = (pattern: string): Matches => {
  if (pattern.trim() === '') return () => true;
  const tokens = tokensOf(pattern);
  const take = (expected?: string): string => {
    const token = tokens.shift() ?? '';
    if (expected !== undefined && token !== expected) throw invalid(pattern);
    return token;
  };

  const either = (): Test => {
    let test = both();
    while (tokens[0] === '||') {
      take();
      const [left, right] = [test, both()];
      test = (line) => left(line) || right(line);
    }
    return test;
  };
  const both = (): Test => {
    let test = one();
    while (tokens[0] === '&&') {
      take();
      const [left, right] = [test, one()];
      test = (line) => left(line) && right(line);
    }
    return test;
  };
  const one = (): Test => {
    if (tokens[0] === '(') {
      take();
      const inner = either();
      take(')');
      return inner;
    }
    const selector = take();
    const operator = take();
    const value = take();
    if (!selector.startsWith('$.') || (operator !== '=' && operator !== '!=') || !/^["\d-]/.test(value)) throw invalid(pattern);
    const path = selector.slice(2).split('.');
    const equal = equals(value);
    // "If the property does not exist, != does not match" (Filter pattern syntax for metric filters).
    return (line) => {
      const found = at(line, path);
      return found !== undefined && equal(found) === (operator === '=');
    };
  };

  take('{');
  const test = either();
  take('}');
  if (tokens.length > 0) throw invalid(pattern);
  return (message) => {
    try {
      return test(JSON.parse(message));
    } catch {
      return false;
    }
  };
};

const tokensOf = (pattern: string): string[] => {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(pattern); ; match = TOKEN.exec(pattern)) {
    if (match === null) throw invalid(pattern);
    if (match[1] === '') return tokens;
    tokens.push(match[1]!);
  }
};

const equals = (value: string): Test => {
  if (!value.startsWith('"')) return (found) => found === Number(value);
  const text = value.slice(1, -1).replaceAll(/\\(.)/g, '$1');
  const parts = text.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`, 's');
  return (found) => (typeof found === 'string' || typeof found === 'boolean') && expression.test(String(found));
};

const at = (line: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), line);

const invalid = (pattern: string): AwsError =>
  new AwsError(400, 'InvalidParameterException', `Invalid filter pattern (or one that is not simulated): ${pattern}`);
