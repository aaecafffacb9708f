// Invokes a function for an API: the function's resource policy must allow it, and the answer must come in time.
import { AwsError, type InvokeResult, type InvokeStream } from '../services.ts';
import type { GatewayContext } from './context.ts';

const SERVICE = 'apigateway.amazonaws.com';
const ACTION = 'lambda:InvokeFunction';

/** Why a function did not answer; each kind of API has its own words for it. */
export type FailureReason =
  | 'permission'
  | 'throttled'
  | 'event-too-large'
  | 'timeout'
  | 'unavailable'
  | 'function-error'
  | 'malformed'
  | 'head-too-large';

export class IntegrationFailure extends Error {
  override readonly name = 'IntegrationFailure';
  readonly reason: FailureReason;

  constructor(reason: FailureReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

export interface Invocation {
  readonly functionArn: string;
  /** The route or method on whose behalf: what `AWS::Lambda::Permission` compares with its SourceArn. */
  readonly sourceArn: string;
  readonly event: unknown;
  readonly timeoutMs: number;
}

type Caller = Pick<GatewayContext, 'iam' | 'lambda' | 'clock'>;

/** The function's answer, a function error included. Throws IntegrationFailure. */
export const invokeFunction = async ({ iam, lambda, clock }: Caller, invocation: Invocation): Promise<InvokeResult> => {
  allow(iam, invocation);
  let cancel = () => {};
  const late = new Promise<never>((_resolve, reject) => {
    cancel = clock.after(invocation.timeoutMs, () => {
      reject(new IntegrationFailure('timeout', `${invocation.functionArn} did not answer within ${invocation.timeoutMs} ms.`));
    });
  });
  try {
    // The function runs on when it is late: only the caller stops waiting.
    return await Promise.race([lambda.invoke(invocation.functionArn, invocation.event), late]);
  } catch (error) {
    throw asFailure(error);
  } finally {
    cancel();
  }
};

/** The answer of a function that must not fail. Throws IntegrationFailure. */
export const invokeForPayload = async (caller: Caller, invocation: Invocation): Promise<string> => {
  const { payload, functionError } = await invokeFunction(caller, invocation);
  if (functionError) throw new IntegrationFailure('function-error', `${invocation.functionArn} failed: ${payload}`);
  return payload;
};

/** Starts a response-streaming invocation. Throws IntegrationFailure. */
export const invokeStreaming = async (caller: Omit<Caller, 'clock'>, invocation: Invocation): Promise<InvokeStream> => {
  allow(caller.iam, invocation);
  try {
    return await caller.lambda.invokeStreaming(invocation.functionArn, invocation.event);
  } catch (error) {
    throw asFailure(error);
  }
};

const allow = (iam: GatewayContext['iam'], { functionArn, sourceArn }: Invocation): void => {
  try {
    iam.authorizeService(SERVICE, ACTION, functionArn, sourceArn);
  } catch (cause) {
    throw new IntegrationFailure(
      'permission',
      `${SERVICE} may not invoke ${functionArn} for ${sourceArn}: an AWS::Lambda::Permission is missing.`,
      {
        cause,
      },
    );
  }
};

const asFailure = (error: unknown): IntegrationFailure => {
  if (error instanceof IntegrationFailure) return error;
  const status = error instanceof AwsError ? error.status : 500;
  const reason = status === 413 ? 'event-too-large' : status === 429 ? 'throttled' : 'unavailable';
  return new IntegrationFailure(reason, error instanceof Error ? error.message : String(error), { cause: error });
};
