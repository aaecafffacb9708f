// Lambda's own API, as functions call it at the AWS endpoint: Invoke, for asynchronous events. Other operations are refused.
import type { AwsService, Protocol } from '../aws-protocols.ts';
import { AwsError, type Iam } from '../services.ts';
import type { LambdaService } from './lambda.ts';

export interface InvokeApiDependencies {
  readonly iam: Pick<Iam, 'authorize'>;
  readonly lambda: () => Pick<LambdaService, 'arnOf' | 'invokeAsync'>;
}

const PATH = /^\/2015-03-31\/functions\/([^/?]+)\/invocations$/;

/** REST with JSON bodies: the operation is in the method and path. */
const protocol: Protocol = {
  read: ({ method, url, headers, body }) => {
    const [, name] = PATH.exec(url) ?? [];
    if (method !== 'POST' || name === undefined)
      throw new AwsError(404, 'UnknownOperationException', `The simulator has Invoke, not ${method} ${url}.`);
    return { action: 'Invoke', input: { name: decodeURIComponent(name), type: headers['x-amz-invocation-type'], payload: readJson(body) } };
  },
  result: (_action, output) => ({ status: (output as { StatusCode: number }).StatusCode, headers: {}, body: '' }),
  failure: ({ status, code, message }) => {
    const name = code === 'AccessDenied' ? 'AccessDeniedException' : code;
    return { status, headers: { 'content-type': 'application/json', 'x-amzn-errortype': name }, body: JSON.stringify({ message }) };
  },
};

export const createInvokeApi = ({ iam, lambda }: InvokeApiDependencies): AwsService => ({
  scope: 'lambda',
  protocol,
  answer: async ({ input, principal }) => {
    if (input.type !== 'Event') {
      throw new AwsError(400, 'InvalidParameterValueException', `The simulator has InvocationType Event, not ${String(input.type)}.`);
    }
    const arn = lambda().arnOf(String(input.name));
    iam.authorize(principal, 'lambda:InvokeFunction', arn);
    lambda().invokeAsync(arn, input.payload);
    return { StatusCode: 202 };
  },
});

const readJson = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString('utf8') || 'null');
  } catch {
    throw new AwsError(400, 'InvalidRequestContentException', 'Could not parse request body into json.');
  }
};
