// What the router asks of the portal's function, which alone speaks with the identity provider: to refresh a session, by an event that
// nobody waits for; and for an application's token, which the request waits for.
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SallyportError } from '../../protocol/errors.ts';
import type { TokenAnswer } from '../portal/application-token.ts';
import type { AskToken } from './application-token.ts';

export type AskRefresh = (portalSession: string) => Promise<void>;

const CONNECT_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 3_000;
/** As long as the portal's function may run. */
const ANSWER_TIMEOUT_MS = 30_000;

export const createLambdaClient = (requestTimeout = REQUEST_TIMEOUT_MS): LambdaClient =>
  new LambdaClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout, throwOnRequestTimeout: true },
  });

export const createWaitingLambdaClient = (): LambdaClient => createLambdaClient(ANSWER_TIMEOUT_MS);

type Client = Pick<LambdaClient, 'send'>;

export const createAskRefresh =
  (client: Client, portalFunction: string): AskRefresh =>
  async (portalSession) => {
    await client.send(
      new InvokeCommand({ FunctionName: portalFunction, InvocationType: 'Event', Payload: JSON.stringify({ refresh: portalSession }) }),
    );
  };

export const createAskToken =
  (client: Client, portalFunction: string): AskToken =>
  async (tokenFor) => {
    const command = new InvokeCommand({
      FunctionName: portalFunction,
      InvocationType: 'RequestResponse',
      Payload: JSON.stringify({ tokenFor }),
    });
    const { FunctionError, Payload } = await client.send(command).catch((cause: unknown) => {
      throw unavailable('could not be asked', cause);
    });
    if (FunctionError !== undefined || Payload === undefined) throw unavailable('failed');
    return JSON.parse(Payload.transformToString()) as TokenAnswer;
  };

const unavailable = (what: string, cause?: unknown): SallyportError =>
  new SallyportError('ERR_ACCESS_TOKEN_UNAVAILABLE', `The portal’s function ${what} for a token: see its log.`, { cause });
