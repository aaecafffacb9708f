// Queries: a REST API hands its function decoded parameters by name, never the text. What was sent is written again from them.
import type { Rule } from './rule.ts';

const SOURCE = 'API Gateway: REST APIs decode the parameters of a query before a function sees them';

/** A rule that changes nothing but the query's text; empty when there is none, else without its question mark. */
const ofQuery = (name: string, what: string, change: (query: string) => string): Rule => ({
  name,
  what,
  source: SOURCE,
  request: (seen) => {
    const [path = '', query] = seen.target.split(/\?(.*)/s);
    if (query === undefined) return seen;
    const changed = change(query);
    return { ...seen, target: changed === '' ? path : `${path}?${changed}` };
  },
});

const parts = (query: string): [name: string, value: string | null][] =>
  query.split('&').map((part) => {
    const equals = part.indexOf('=');
    return equals < 0 ? [part, null] : [part.slice(0, equals), part.slice(equals + 1)];
  });
const written = (list: readonly (readonly [string, string | null])[]): string =>
  list.map(([name, value]) => (value === null ? name : `${name}=${value}`)).join('&');

const respelt = (text: string): string => encodeURIComponent(decodeURIComponent(text.replaceAll('+', ' '))).replaceAll("'", '%27');

/** What a JavaScript object puts first, in the order of their size. */
const isIndex = (name: string): boolean => String(Number(name) >>> 0) === name && name !== '4294967295';

const grouped = (query: string): string => {
  const list = parts(query);
  const names = [...new Set(list.map(([name]) => name))];
  const decoded = (name: string) => decodeURIComponent(name);
  const indices = names.filter((name) => isIndex(decoded(name))).sort((one, other) => Number(decoded(one)) - Number(decoded(other)));
  return written(
    [...indices, ...names.filter((name) => !isIndex(decoded(name)))].flatMap((name) => list.filter(([known]) => known === name)),
  );
};

const isReadable = (query: string): boolean => {
  try {
    decodeURIComponent(query);
    return true;
  } catch {
    return false;
  }
};

export const QUERY_RULES: readonly Rule[] = [
  {
    name: 'query-unreadable',
    what: 'A query with a raw `|`, `{` or `}`, a broken escape, or bytes that are no UTF-8 is refused with 400',
    source: 'API Gateway: “not supported for any request URL query string and must be URL-encoded”; for the escapes, the harsher reading',
    refuses: ({ sent }) => {
      const query = sent.target.split(/\?(.*)/s)[1] ?? '';
      return /[|{}]/.test(query) || !isReadable(query) ? { status: 400, body: '"Bad Request"', reached: false } : null;
    },
  },
  ofQuery('query-semicolon', 'A raw `;` in a query separates parameters, like `&`', (query) => query.replaceAll(';', '&')),
  ofQuery('query-empty-parts', 'Empty parts of a query go: a lone `?`, `&&`, a final `&`', (query) =>
    query
      .split('&')
      .filter((part) => part !== '')
      .join('&'),
  ),
  ofQuery(
    'query-escapes',
    'Parameters arrive equal, their escapes spelt as `encodeURIComponent` spells them: `%20` for `+`, `%2C` for `,`',
    (query) => written(parts(query).map(([name, value]) => [respelt(name), value === null ? null : respelt(value)])),
  ),
  ofQuery(
    'query-order',
    'Parameters of one name stand together, where the first of them stood; names that are whole numbers come first',
    grouped,
  ),
  ofQuery('query-bare-names', 'A name without a value gets its `=`; a lone name loses it (`?wsdl` is the commoner one)', (query) => {
    const list = parts(query);
    const [only] = list;
    if (list.length === 1 && only![0] !== '' && (only![1] ?? '') === '') return only![0];
    return written(list.map(([name, value]) => [name, value ?? '']));
  }),
];
