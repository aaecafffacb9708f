// What API Gateway answers itself, before or instead of the router: as problem+json with our codes, as the router answers a program.
import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { ERRORS, type ErrorCode } from '../../protocol/errors.ts';
import { REQUEST_BODY_MAX_BYTES } from '../../protocol/limits.ts';

const ANSWERS: ReadonlyArray<{ readonly type: ResponseType; readonly code: ErrorCode; readonly detail: string }> = [
  {
    type: ResponseType.REQUEST_TOO_LARGE,
    code: 'ERR_BODY_TOO_LARGE',
    detail: `An upload may have ${REQUEST_BODY_MAX_BYTES / 1_000_000} MB at most. The application has not been asked.`,
  },
  {
    type: ResponseType.DEFAULT_5XX,
    code: 'ERR_INTERNAL',
    detail: 'It failed at the entrance, before the application or on the way to it.',
  },
];

export const addGatewayResponses = (api: RestApi): void => {
  for (const { type, code, detail } of ANSWERS) {
    const { hop, message } = ERRORS[code];
    // API Gateway puts the id in; it keeps the status, which differs within a class.
    const problem = { type: `urn:sallyport:error:${code}`, title: message, code, hop, detail, id: '$context.requestId' };
    api.addGatewayResponse(type.responseType, {
      type,
      responseHeaders: { 'Content-Type': "'application/problem+json'", 'Cache-Control': "'no-store'" },
      // The one type that API Gateway falls back to whatever the client accepts.
      templates: { 'application/json': JSON.stringify(problem) },
    });
  }
};
