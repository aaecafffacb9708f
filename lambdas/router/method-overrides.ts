// The methods that a request's fields, query and path parameters ask a server to take it for. Servers differ in whether they listen: for the policy it is all of
// them (docs/configuration.md, “Methods that are overridden”).
import { SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';

/**
 * X-HTTP-Method-Override (Google), X-HTTP-Method (Microsoft, OData), X-Method-Override (IBM), and what only looks alike; without what stands
 * between their words, of which servers and their frameworks think differently.
 */
const OVERRIDE = 'x?(?:http)?(?:method)?override|x?override(?:http)?method|x?http(?:method|verb)|x(?:rest|request|tunnell?ed)?method';
const FIELD = new RegExp(`^(?:${OVERRIDE}|(?:http)?method|xverb)$`);
/** The same names in a query (ASP.NET MVC, Salesforce, WAI), but for words of other meanings. */
const PARAMETER = new RegExp(`^(?!override$)(?:${OVERRIDE})$`);
/** `_method` (Rails, Laravel, Spring, WordPress). To PHP a dot, a blank or a bracket in front is an underscore, and a NUL the end. */
const UNDERSCORE_METHOD = /^[^a-z0-9]+method(?:[^a-z0-9].*)?$/is;
/** More than anyone needs, and so few that the policy is asked few times. */
const OVERRIDES_MAX = 3;

const lettersOf = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

export const isOverride = (field: string): boolean => FIELD.test(lettersOf(field));

/** In capitals, each once. Throws ERR_REQUEST_INVALID for more than `OVERRIDES_MAX`. */
export const methodOverrides = (headers: HeaderList, query: string, path: string): readonly string[] => {
  const said = [...headers.filter(([name]) => isOverride(name)).map(([, value]) => value), ...saidIn(query), ...saidIn(parametersOf(path))];
  const methods = new Set(said.flatMap((value) => value.toUpperCase().match(/[A-Z]+/g) ?? []));
  if (methods.size > OVERRIDES_MAX)
    throw new SallyportError(
      'ERR_REQUEST_INVALID',
      `The request names ${methods.size} other methods; ${OVERRIDES_MAX} at most are understood.`,
    );
  return [...methods];
};

/** `/a;_method=DELETE/b`, which servlets may take for parameters as well. */
const parametersOf = (path: string): string =>
  path
    .split('/')
    .flatMap((segment) => segment.split(/;|%3b/i).slice(1))
    .join('&');

/** Some servers part parameters by `;` too. */
const saidIn = (query: string): string[] =>
  [...new URLSearchParams(query.replaceAll(';', '&'))].flatMap(([name, value]) => {
    const [known = ''] = name.split('\0');
    return UNDERSCORE_METHOD.test(known) || PARAMETER.test(lettersOf(known)) ? [value] : [];
  });
