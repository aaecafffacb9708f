// Has the portal's function refresh a session, by an event that nobody waits for: it alone speaks with the identity provider.
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';

export type AskRefresh = (portalSession: string) => Promise<void>;

const CONNECT_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 3_000;

export const createLambdaClient = (): LambdaClient =>
  new LambdaClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, throwOnRequestTimeout: true },
  });

export const createAskRefresh =
  (client: Pick<LambdaClient, 'send'>, portalFunction: string): AskRefresh =>
  async (portalSession) => {
    await client.send(
      new InvokeCommand({ FunctionName: portalFunction, InvocationType: 'Event', Payload: JSON.stringify({ refresh: portalSession }) }),
    );
  };
