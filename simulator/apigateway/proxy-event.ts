// The event of a REST API's Lambda proxy integration (payload format 1.0).
// "Input format of a Lambda function for proxy integration" (API Gateway Developer Guide).
import { ACCOUNT_ID } from '../account.ts';
import type { GatewayRequest, Header } from './request.ts';
import { forwardedHeaders, header, requestTime } from './request.ts';
import type { Match, RestApi, Stage } from './rest-api.ts';

export interface ProxyEventParts {
  readonly request: GatewayRequest;
  readonly api: RestApi;
  readonly stage: Stage;
  readonly match: Match;
  /** The path without the stage, escapes as they came, one slash at its beginning. */
  readonly path: string;
  readonly body: Buffer;
}

export const proxyEvent = ({ request, api, stage, match, path, body }: ProxyEventParts) => {
  const headers = multiple(eventHeaders(request));
  const query = readQuery(request.query);
  const { mapping } = request.arrival;
  const binary = isBinary(api.binaryMediaTypes, header(request.headers, 'content-type'));
  return {
    resource: match.resourcePath,
    // A base path is part of it, a stage is not.
    path: mapping && mapping.basePath !== '' ? `/${mapping.basePath}${path}` : path,
    httpMethod: request.method,
    headers: lastOf(headers),
    multiValueHeaders: headers,
    queryStringParameters: query && lastOf(query),
    multiValueQueryStringParameters: query,
    pathParameters: match.pathParameters,
    stageVariables: stage.variables,
    requestContext: {
      resourceId: match.resource.id,
      resourcePath: match.resourcePath,
      httpMethod: request.method,
      extendedRequestId: request.extendedRequestId,
      requestTime: requestTime(request.receivedAt),
      path: request.path,
      accountId: ACCOUNT_ID,
      protocol: request.protocol,
      stage: stage.name,
      domainPrefix: request.host.split('.')[0],
      requestTimeEpoch: request.receivedAt,
      requestId: request.requestId,
      identity: { ...NOBODY, sourceIp: request.sourceIp, userAgent: header(request.headers, 'user-agent') ?? null },
      domainName: request.host,
      deploymentId: stage.deploymentId,
      apiId: api.id,
    },
    body: body.length === 0 ? null : body.toString(binary ? 'base64' : 'utf8'),
    isBase64Encoded: body.length > 0 && binary,
  };
};

const NOBODY = {
  cognitoIdentityPoolId: null,
  accountId: null,
  cognitoIdentityId: null,
  caller: null,
  principalOrgId: null,
  accessKey: null,
  cognitoAuthenticationType: null,
  cognitoAuthenticationProvider: null,
  userArn: null,
  user: null,
};

/** What functions do not see of a request (observed for Lambda proxy integrations). */
const WITHHELD = new Set([
  'connection',
  'content-length',
  'content-md5',
  'expect',
  'max-forwards',
  'proxy-authenticate',
  'server',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'www-authenticate',
]);

/** What the client sent and what API Gateway sets. An Authorization that holds a signature of AWS's is not handed on. */
const eventHeaders = (request: GatewayRequest): readonly Header[] => {
  const set = forwardedHeaders(request);
  const hidden = new Set([...WITHHELD, ...set.map(([name]) => name.toLowerCase())]);
  const sent = request.headers.filter(
    ([name, value]) => !hidden.has(name.toLowerCase()) && !(name.toLowerCase() === 'authorization' && value.startsWith('AWS4-')),
  );
  const all = [...sent.map(([name, value]): Header => [name.toLowerCase() === 'host' ? 'Host' : name, value]), ...set];
  // Unverified on AWS: the order. Events that were seen have their names sorted.
  return all.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
};

/** Whether a body of this type is handed over in base64: exact types and all types only, as API Gateway compares them. */
export const isBinary = (binaryMediaTypes: readonly string[], contentType: string | undefined): boolean =>
  binaryMediaTypes.includes('*/*') ||
  (contentType !== undefined && binaryMediaTypes.includes(contentType.split(';')[0]!.trim().toLowerCase()));

/** Decoded parameters, or null when there are none. Throws URIError on an escape that is none. */
export const readQuery = (query: string): Record<string, string[]> | null => {
  const pairs = query
    // "The semicolon character is not supported for any request URL query string and results in the data being split."
    .split(/[&;]/)
    .filter((part) => part !== '')
    .map((part): Header => {
      const equals = part.indexOf('=');
      return equals < 0 ? [decodeParameter(part), ''] : [decodeParameter(part.slice(0, equals)), decodeParameter(part.slice(equals + 1))];
    });
  return pairs.length === 0 ? null : multiple(pairs);
};

const decodeParameter = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));

const multiple = (pairs: readonly Header[]): Record<string, string[]> => {
  const result = new Map<string, string[]>();
  for (const [name, value] of pairs) result.set(name, [...(result.get(name) ?? []), value]);
  return Object.fromEntries(result);
};

const lastOf = (values: Readonly<Record<string, readonly string[]>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, list]) => [name, list.at(-1) ?? '']));
