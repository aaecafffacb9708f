// AWS::ApiGateway::GatewayResponse: what an API answers instead of API Gateway's own words.
// "Gateway responses in API Gateway", "Gateway response types" (API Gateway Developer Guide).
import { z } from 'zod';
import { AwsError } from '../services.ts';
import type { GatewayResponse } from './gateway-response.ts';
import type { GatewayRequest, Header } from './request.ts';

export const RESPONSE_TYPES = [
  'ACCESS_DENIED',
  'API_CONFIGURATION_ERROR',
  'AUTHORIZER_CONFIGURATION_ERROR',
  'AUTHORIZER_FAILURE',
  'BAD_REQUEST_BODY',
  'BAD_REQUEST_PARAMETERS',
  'DEFAULT_4XX',
  'DEFAULT_5XX',
  'EXPIRED_TOKEN',
  'INTEGRATION_FAILURE',
  'INTEGRATION_TIMEOUT',
  'INVALID_API_KEY',
  'INVALID_SIGNATURE',
  'MISSING_AUTHENTICATION_TOKEN',
  'QUOTA_EXCEEDED',
  'REQUEST_TOO_LARGE',
  'RESOURCE_NOT_FOUND',
  'THROTTLED',
  'UNAUTHORIZED',
  'UNSUPPORTED_MEDIA_TYPE',
  'WAF_FILTERED',
] as const;

export type ResponseType = (typeof RESPONSE_TYPES)[number];

const HEADER = /^gatewayresponse\.header\.([A-Za-z0-9-]+)$/;
/** Only what is written out is simulated, not what refers to the request. */
const STATIC = /^'([^']*)'$/;

export const customResponseShape = z.strictObject({
  RestApiId: z.string(),
  ResponseType: z.enum(RESPONSE_TYPES),
  StatusCode: z
    .string()
    .regex(/^[1-5]\d\d$/)
    .optional(),
  ResponseParameters: z.record(z.string().regex(HEADER), z.string().regex(STATIC)).default({}),
  ResponseTemplates: z.record(z.string(), z.string()).default({}),
});

export interface CustomResponse {
  readonly status: number | null;
  readonly headers: readonly Header[];
  /** Unverified on AWS: which of several is taken; so one at most. Null: API Gateway's own words. */
  readonly template: { readonly contentType: string; readonly text: string } | null;
}

/** By type: a type's own, else the one for its class of status. */
export type CustomResponses = Readonly<Partial<Record<ResponseType, CustomResponse>>>;

/** Throws AwsError for what is not simulated. */
export const customResponse = ({
  StatusCode,
  ResponseParameters,
  ResponseTemplates,
}: Omit<z.infer<typeof customResponseShape>, 'RestApiId'>): CustomResponse => {
  const [first, ...more] = Object.entries(ResponseTemplates);
  const unknown = first?.[1].match(/\$\w[\w.]*/g)?.filter((variable) => !Object.hasOwn(VARIABLES, variable)) ?? [];
  if (more.length > 0 || unknown.length > 0) {
    const what = more.length > 0 ? 'more than one template' : `${unknown.join(', ')} in a template`;
    throw new AwsError(400, 'BadRequestException', `The simulator does not know ${what} of a gateway response.`);
  }
  return {
    status: StatusCode === undefined ? null : Number(StatusCode),
    headers: Object.entries(ResponseParameters).map(([name, value]): Header => [HEADER.exec(name)![1]!, STATIC.exec(value)![1]!]),
    template: first === undefined ? null : { contentType: first[0], text: first[1] },
  };
};

const VARIABLES: Readonly<Record<string, (request: GatewayRequest, message: string) => string>> = {
  '$context.requestId': ({ requestId }) => requestId,
  '$context.extendedRequestId': ({ extendedRequestId }) => extendedRequestId,
  '$context.requestTimeEpoch': ({ receivedAt }) => String(receivedAt),
  '$context.error.message': (_, message) => message,
  '$context.error.messageString': (_, message) => JSON.stringify(message),
};

/** The answer as the API words it. */
export const customised = (given: GatewayResponse, customs: CustomResponses, request: GatewayRequest): GatewayResponse => {
  const custom = given.type === null ? undefined : (customs[given.type] ?? customs[given.status < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX']);
  if (!custom) return given;
  const { status, headers, template } = custom;
  const message = String(JSON.parse(given.body).message);
  return {
    ...given,
    status: status ?? given.status,
    headers: [...(template ? [['Content-Type', template.contentType] satisfies Header] : []), ...headers],
    body: template?.text.replaceAll(/\$\w[\w.]*/g, (variable) => VARIABLES[variable]!(request, message)) ?? given.body,
  };
};
