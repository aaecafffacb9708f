// For tests: what every answer of our own must say to a browser, page or not.

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const EXPECTED: Readonly<Record<string, RegExp>> = {
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^DENY$/,
  'referrer-policy': /^same-origin$/,
  'strict-transport-security': /^max-age=31536000/,
  'cross-origin-opener-policy': /^same-origin$/,
};
/** What nobody but us may load, frame, run or be sent to from a page of ours. */
const POLICY: ReadonlyArray<readonly [string, RegExp]> = [
  ['default-src', /^'none'$/],
  ['frame-ancestors', /^'none'$/],
  ['base-uri', /^'none'$/],
  ['form-action', /^'self'/],
];

/** What is wrong with it; `lasting`: the same for everyone, so that it may be kept. */
export const faultsOf = (headers: Headers, { lasting = false } = {}): string[] => {
  const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value ?? '')]));
  const caching = lasting ? /^public, max-age=\d+$/ : /^no-store$/;
  const wrong = Object.entries({ ...EXPECTED, 'cache-control': caching }).filter(([name, pattern]) => !pattern.test(given[name] ?? ''));
  const kept = lasting && given['set-cookie'] !== undefined ? ['a cookie in what everyone is given'] : [];
  return [...wrong.map(([name]) => `${name}: ${given[name]}`), ...kept, ...policyFaults(given)];
};

const policyFaults = ({
  'content-type': type = '',
  'content-security-policy': policy = '',
}: Readonly<Record<string, string>>): string[] => {
  if (!type.startsWith('text/html')) return [];
  const directives = new Map(policy.split('; ').map((directive) => [directive.split(' ')[0]!, directive.split(' ').slice(1).join(' ')]));
  const wrong = POLICY.filter(([name, pattern]) => !pattern.test(directives.get(name) ?? ''));
  // Where a form leads is checked above: its answer may redirect to any provider.
  const loose = [...directives].some(([name, sources]) => name !== 'form-action' && /'unsafe-|\*|data:|https?:/.test(sources));
  return [...wrong.map(([name]) => `content-security-policy lacks ${name}: ${policy}`), ...(loose ? [`too loose: ${policy}`] : [])];
};
