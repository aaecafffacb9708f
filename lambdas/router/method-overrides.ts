// The methods that a request's fields and query ask a server to take it for. Servers differ in whether they listen: for the policy it is all of
// them (docs/configuration.md, “Methods that are overridden”).
import { SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import { foldName } from '../../protocol/headers.ts';

/** X-HTTP-Method-Override (Google), X-HTTP-Method (Microsoft, OData), X-Method-Override (IBM), and what only looks alike. */
const FIELD = /^(?:x-)?(?:http-)?method(?:-override)?$|^x-tunnel(?:l)?ed-method$/;
/** The same names in a query (ASP.NET MVC, Salesforce, WAI), without what stands between their words. */
const PARAMETER = /^(?:x?httpmethod|x?(?:http)?methodoverride|xtunnell?edmethod)$/;
/** `_method` (Rails, Laravel, Spring, WordPress). To PHP a dot, a blank or a bracket in front is an underscore, and a NUL the end. */
const UNDERSCORE_METHOD = /^[^a-z0-9]+method(?:[^a-z0-9].*)?$/is;
/** More than anyone needs, and so few that the policy is asked few times. */
const OVERRIDES_MAX = 3;

export const isOverride = (field: string): boolean => FIELD.test(foldName(field));

/** In capitals, each once. Throws ERR_REQUEST_INVALID for more than `OVERRIDES_MAX`. */
export const methodOverrides = (headers: HeaderList, query: string): readonly string[] => {
  const said = [...headers.filter(([name]) => isOverride(name)).map(([, value]) => value), ...saidIn(query)];
  const methods = new Set(said.flatMap((value) => value.toUpperCase().match(/[A-Z]+/g) ?? []));
  if (methods.size > OVERRIDES_MAX)
    throw new SallyportError(
      'ERR_REQUEST_INVALID',
      `The request names ${methods.size} other methods; ${OVERRIDES_MAX} at most are understood.`,
    );
  return [...methods];
};

/** Some servers part parameters by `;` too. */
const saidIn = (query: string): string[] =>
  [...new URLSearchParams(query.replaceAll(';', '&'))].flatMap(([name, value]) => {
    const [known = ''] = name.split('\0');
    return UNDERSCORE_METHOD.test(known) || PARAMETER.test(known.toLowerCase().replaceAll(/[^a-z0-9]/g, '')) ? [value] : [];
  });
