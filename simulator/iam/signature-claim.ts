// What a signed request says of its own signature, in the header or in the query, before any of it is believed.
import { AwsError, type SignedRequest } from '../services.ts';

export interface SignatureClaim {
  readonly accessKeyId: string;
  readonly scope: { readonly date: string; readonly region: string; readonly service: string; readonly terminator: string };
  /** `20260131T235959Z`. */
  readonly date: string;
  /** Null for a signature in the header. */
  readonly expiresInSeconds: number | null;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** Empty when none came. */
  readonly sessionToken: string;
  readonly path: string;
  readonly query: Record<string, string | string[]>;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
/** "The minimum value is 1, the maximum is 604800 (seven days)." */
const EXPIRES_MAX_SECONDS = 604_800;

const incomplete = (message: string) => new AwsError(403, 'IncompleteSignatureException', message);

/** Throws `AwsError` 403: MissingAuthenticationToken or IncompleteSignature. */
export const parseAuthorization = (request: SignedRequest): SignatureClaim => {
  const at = request.url.indexOf('?');
  const path = at < 0 ? request.url : request.url.slice(0, at);
  const query = at < 0 ? {} : parseQuery(request.url.slice(at + 1));
  const header = request.headers.authorization;
  const presigned = query['X-Amz-Algorithm'] !== undefined;
  if (header !== undefined && presigned) {
    throw new AwsError(
      403,
      'InvalidSignatureException',
      "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    );
  }
  if (!presigned && !header?.startsWith('AWS4-')) {
    throw new AwsError(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  const claim = presigned ? fromQuery(query) : fromHeader(header ?? '', request.headers);
  if (!/^\d{8}T\d{6}Z$/.test(claim.date)) throw incomplete(`Date must be in ISO-8601 'basic format'. Got '${claim.date}'.`);
  if (!claim.signedHeaders.includes('host')) {
    throw new AwsError(403, 'InvalidSignatureException', "'Host' must be a 'SignedHeader' in the AWS Authorization.");
  }
  return { ...claim, path, query };
};

type Claim = Omit<SignatureClaim, 'path' | 'query'>;

const fromHeader = (header: string, headers: SignedRequest['headers']): Claim => {
  const space = header.indexOf(' ');
  const algorithm = space < 0 ? header : header.slice(0, space);
  if (algorithm !== ALGORITHM) throw incomplete(`Unsupported AWS 'algorithm': '${algorithm}' (only ${ALGORITHM} for now).`);
  const pairs = new Map<string, string>();
  for (const part of header.slice(space + 1).split(',')) {
    const text = part.trim();
    const equals = text.indexOf('=');
    if (equals < 0) throw incomplete(`'${text}' not a valid key=value pair (missing equal-sign) in Authorization header.`);
    pairs.set(text.slice(0, equals), text.slice(equals + 1));
  }
  const missing = ['Credential', 'Signature', 'SignedHeaders'].filter((name) => !pairs.get(name));
  const date = headers['x-amz-date'];
  if (missing.length > 0 || date === undefined) {
    const faults = missing.map((name) => `Authorization header requires '${name}' parameter. `);
    // Differs from AWS: a `Date` header does not stand in for `X-Amz-Date`; no SDK sends it so.
    if (date === undefined) faults.push("Authorization header requires existence of an 'X-Amz-Date' header. ");
    throw incomplete(faults.join('').trim());
  }
  return {
    ...readCredential(pairs.get('Credential') ?? ''),
    date,
    expiresInSeconds: null,
    signedHeaders: (pairs.get('SignedHeaders') ?? '').toLowerCase().split(';'),
    signature: pairs.get('Signature') ?? '',
    sessionToken: headers['x-amz-security-token'] ?? '',
  };
};

const fromQuery = (query: Record<string, string | string[]>): Claim => {
  const names = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-SignedHeaders', 'X-Amz-Date', 'X-Amz-Expires'];
  const text = (name: string): string => {
    const value = query[name];
    return typeof value === 'string' ? value : '';
  };
  const missing = names.filter((name) => text(name) === '');
  if (missing.length > 0) {
    throw incomplete(
      missing
        .map((name) => `AWS query-string parameters must include '${name}'. `)
        .join('')
        .trim(),
    );
  }
  if (text('X-Amz-Algorithm') !== ALGORITHM) throw incomplete(`Unsupported AWS 'algorithm': '${text('X-Amz-Algorithm')}'.`);
  const expires = text('X-Amz-Expires');
  if (!/^\d{1,6}$/.test(expires) || Number(expires) < 1 || Number(expires) > EXPIRES_MAX_SECONDS) {
    throw incomplete(`X-Amz-Expires must be between 1 and ${EXPIRES_MAX_SECONDS} seconds.`);
  }
  return {
    ...readCredential(text('X-Amz-Credential')),
    date: text('X-Amz-Date'),
    expiresInSeconds: Number(expires),
    signedHeaders: text('X-Amz-SignedHeaders').toLowerCase().split(';'),
    signature: text('X-Amz-Signature'),
    sessionToken: text('X-Amz-Security-Token'),
  };
};

const readCredential = (credential: string): Pick<Claim, 'accessKeyId' | 'scope'> => {
  const [accessKeyId, date, region, service, terminator, ...more] = credential.split('/');
  if (!accessKeyId || !date || !region || !service || !terminator || more.length > 0) {
    throw incomplete(`Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`);
  }
  return { accessKeyId, scope: { date, region, service, terminator } };
};

/** Percent-decodes; a plus sign stays one, as Signature Version 4 has it. */
const parseQuery = (text: string): Record<string, string | string[]> => {
  const query: Record<string, string | string[]> = {};
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    const known = Object.hasOwn(query, name) ? query[name] : undefined;
    // `__proto__` and the like are data here.
    Object.defineProperty(query, name, {
      value: known === undefined ? value : [...(Array.isArray(known) ? known : [known]), value],
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return query;
};

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw incomplete('The query string is not percent-encoded UTF-8.');
  }
};
