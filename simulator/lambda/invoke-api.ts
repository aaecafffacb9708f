// Lambda's own API, as functions call it at the AWS endpoint: Invoke, for events and for answers. Other operations are refused.
import type { AwsService, Protocol, Reply } from '../aws-protocols.ts';
import { AwsError, type Iam, type InvokeResult } from '../services.ts';
import type { LambdaService } from './lambda.ts';

export interface InvokeApiDependencies {
  readonly iam: Pick<Iam, 'authorize'>;
  readonly lambda: () => Pick<LambdaService, 'arnOf' | 'invoke' | 'invokeAsync'>;
}

/** What becomes of an invocation: 202 where nobody waits for its end. */
interface Invoked extends Partial<InvokeResult> {
  readonly status: 200 | 202;
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
  result: (_action, output) => {
    const { status, payload = '', functionError } = output as Invoked;
    const headers: Reply['headers'] = functionError === undefined ? {} : { 'x-amz-function-error': functionError };
    return { status, headers, body: payload };
  },
  failure: ({ status, code, message }) => {
    const name = code === 'AccessDenied' ? 'AccessDeniedException' : code;
    return { status, headers: { 'content-type': 'application/json', 'x-amzn-errortype': name }, body: JSON.stringify({ message }) };
  },
};

export const createInvokeApi = ({ iam, lambda }: InvokeApiDependencies): AwsService => ({
  scope: 'lambda',
  protocol,
  answer: async ({ input, principal }) => {
    // RequestResponse is what Lambda takes a call without a type for.
    const { type = 'RequestResponse' } = input;
    if (type !== 'Event' && type !== 'RequestResponse') {
      const message = `The simulator has InvocationType Event and RequestResponse, not ${String(type)}.`;
      throw new AwsError(400, 'InvalidParameterValueException', message);
    }
    const arn = lambda().arnOf(String(input.name));
    iam.authorize(principal, 'lambda:InvokeFunction', arn);
    if (type === 'RequestResponse') return { status: 200, ...(await lambda().invoke(arn, input.payload)) } satisfies Invoked;
    lambda().invokeAsync(arn, input.payload);
    return { status: 202 } satisfies Invoked;
  },
});

const readJson = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString('utf8') || 'null');
  } catch {
    throw new AwsError(400, 'InvalidRequestContentException', 'Could not parse request body into json.');
  }
};
