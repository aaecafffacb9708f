// Scripts of other origins (Fetch standard, "CORS protocol"). A browser's preflight carries no session, so an application behind sign-in
// never sees one: the tenant file's rules answer it. What a rule allows is also said on the answers to such scripts, so that they can
// read them; nothing is ever said to an origin that is not listed, letter by letter.
import { pathReadings } from '../../policy/path-readings.ts';
import { SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import { isToken } from '../../protocol/headers.ts';
import { CALL_FIELD } from '../../protocol/page-call.ts';
import { SECURITY_HEADERS } from '../pages/page.ts';
import type { ApplicationHere, CorsRule } from '../stores/records.ts';
import type { Answer } from './answer.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import type { ExternalUrls } from './external-url.ts';

/** What an application says to the origin of one request. */
export interface Cors {
  /** The rule that lists the origin; null when there is none, or no other origin asks. */
  readonly rule: CorsRule | null;
  readonly origin: string;
  /** Whether the answer could be another one for another origin: caches must know. */
  readonly varies: boolean;
}

/** Of a request whose application is not known. */
export const NO_CORS: Cors = { rule: null, origin: '', varies: false };

const ANY = '*';
const PREFLIGHT_METHOD = 'access-control-request-method';
const PREFLIGHT_HEADERS = 'access-control-request-headers';
/** Of our own refusals: what a script needs to know to go on. */
const EXPOSED = 'Sallyport-Sign-In, WWW-Authenticate, Retry-After';

/** Between applications that are declared to call each other, and between the hosts of one: everything, with the user's session. */
const CALLERS: Omit<CorsRule, 'origins'> = { path: '/', methods: [ANY], headers: [ANY], credentials: true, maxAgeSeconds: 600 };

export const corsFor = (
  application: ApplicationHere,
  request: Pick<CanonicalRequest, 'host' | 'path' | 'headers'>,
  urls: ExternalUrls,
): Cors => {
  const varies = rulesAt(application, request.path).length > 0 || application.callers.length > 0;
  const origin = only(request.headers, 'origin');
  if (origin === null || origin === urls.origin(request.host)) return { rule: null, origin: '', varies };
  return { rule: ruleFor(application, request.path, origin, urls), origin, varies };
};

/** What the application's `cors`, and the `calls` of others, let pages of another origin do at a path; null: nothing. */
export const ruleFor = (application: ApplicationHere, path: string, origin: string, urls: ExternalUrls): CorsRule | null => {
  // The longest path decides, as it does between applications.
  const [rule] = rulesAt(application, path)
    .filter(({ origins }) => origins.includes(origin))
    .sort((one, other) => other.path.length - one.path.length);
  const calls = application.callers.some((host) => urls.origin(host) === origin);
  return rule ?? (calls ? { ...CALLERS, origins: [origin] } : null);
};

const rulesAt = (application: ApplicationHere, path: string): CorsRule[] =>
  application.cors.filter((rule) => isBelow(path, application.path + rule.path.slice(1)));

export const isPreflight = ({ method, headers }: Pick<CanonicalRequest, 'method' | 'headers'>): boolean =>
  method === 'OPTIONS' && only(headers, 'origin') !== null && only(headers, PREFLIGHT_METHOD) !== null;

/**
 * The answer to a preflight; null where no rule lists its origin. Whether the method and the headers will do is for the browser to see.
 * Throws ERR_PREFLIGHT_REFUSED for a field by which scripts of ours call: nobody grants another origin that, nor does the application.
 */
export const preflightAnswer = ({ rule, origin }: Cors, { headers }: Pick<CanonicalRequest, 'headers'>): Answer | null => {
  const asked = headers.filter(([name]) => name.toLowerCase() === PREFLIGHT_HEADERS).flatMap(([, value]) => value.split(','));
  const wanted = asked.map((name) => name.trim().toLowerCase());
  if (wanted.includes(CALL_FIELD.toLowerCase()))
    throw new SallyportError('ERR_PREFLIGHT_REFUSED', `${CALL_FIELD} is for scripts of this origin alone.`);
  if (rule === null) return null;
  const allowed = wanted.filter((name) => isToken(name) && rule.headers.some((pattern) => fits(name, pattern)));
  const method = only(headers, PREFLIGHT_METHOD) ?? '';
  const methods = rule.methods.includes(ANY) ? [method].filter(isToken) : rule.methods;
  return {
    status: 204,
    headers: [
      ...Object.entries(SECURITY_HEADERS),
      ...allowances(rule, origin),
      ...(methods.length > 0 ? [['Access-Control-Allow-Methods', methods.join(', ')] as const] : []),
      ...(allowed.length > 0 ? [['Access-Control-Allow-Headers', allowed.join(', ')] as const] : []),
      ['Access-Control-Max-Age', String(rule.maxAgeSeconds)],
      ['Vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'],
    ],
    body: '',
  };
};

/** An application's answer with what its rule says; one that speaks for itself is left alone. */
export const withCors = (headers: HeaderList, { rule, origin, varies }: Cors): HeaderList => {
  if (headers.some(([name]) => name.toLowerCase() === 'access-control-allow-origin')) return headers;
  return [
    ...headers,
    ...(rule === null ? [] : allowances(rule, origin)),
    ...(varies && !variesAlready(headers) ? [['Vary', 'Origin'] as const] : []),
  ];
};

/** An answer of our own, so that a script reads why it was refused. One to a preflight has it all. */
export const ownWithCors = (answer: Answer, cors: Cors): Answer => {
  const headers = withCors(answer.headers, cors);
  const exposed = cors.rule !== null && headers !== answer.headers;
  return { ...answer, headers: exposed ? [...headers, ['Access-Control-Expose-Headers', EXPOSED]] : headers };
};

const allowances = ({ credentials }: CorsRule, origin: string): HeaderList => [
  ['Access-Control-Allow-Origin', origin],
  ...(credentials ? [['Access-Control-Allow-Credentials', 'true'] as const] : []),
];

/** `/api` holds for `/api` and what is below it, not for `/apiary`; and not where some server would see another path. */
const isBelow = (path: string, rule: string): boolean => {
  const folder = rule.endsWith('/') ? rule : `${rule}/`;
  if (`${path}/` !== folder && !path.startsWith(folder)) return false;
  return [...pathReadings(path)].every((reading) => reading.startsWith(folder.toLowerCase()));
};

const fits = (name: string, pattern: string): boolean => (pattern.endsWith(ANY) ? name.startsWith(pattern.slice(0, -1)) : name === pattern);

const variesAlready = (headers: HeaderList): boolean =>
  headers
    .filter(([name]) => name.toLowerCase() === 'vary')
    .flatMap(([, value]) => value.split(','))
    .some((field) => ['*', 'origin'].includes(field.trim().toLowerCase()));

/** The field's one value; null when there is none, or several, which is no browser's doing. */
const only = (headers: HeaderList, wanted: string): string | null => {
  const values = headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
  return values.length === 1 ? values[0]! : null;
};
