// The function that an integration's or authorizer's URI names.
import { AwsError } from '../services.ts';

export interface FunctionUri {
  readonly functionArn: string;
  readonly streaming: boolean;
}

const URI =
  /^arn:aws[\w-]*:apigateway:[\w-]+:lambda:path\/(2015-03-31|2021-11-15)\/functions\/(arn:[^/]+)\/(invocations|response-streaming-invocations)$/;

/** Reads `arn:aws:apigateway:…:lambda:path/…/functions/<arn>/invocations`, or a function's bare ARN as HTTP APIs take it. */
export const parseFunctionUri = (uri: string): FunctionUri => {
  if (/^arn:aws[\w-]*:lambda:[^/]+:function:[^/]+$/.test(uri)) return { functionArn: uri, streaming: false };
  const [, version, functionArn, action] = URI.exec(uri) ?? [];
  const streaming = action === 'response-streaming-invocations';
  if (functionArn === undefined || streaming !== (version === '2021-11-15')) {
    throw new AwsError(400, 'BadRequestException', `Invalid integration URI: ${uri}. The simulator invokes Lambda functions only.`);
  }
  return { functionArn, streaming };
};
