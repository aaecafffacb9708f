// The least function between two WebSockets: posts each message to the connection that its first line names. Who names none is told its own.
import { createManagementClient, createPostFrame } from '../../../lambdas/router/post.ts';

interface RelayEvent {
  readonly requestContext: { readonly connectionId: string };
  readonly body: string;
}

const post = createPostFrame(createManagementClient(process.env.API_ENDPOINT ?? ''));

export const handler = async ({ requestContext, body }: RelayEvent): Promise<{ statusCode: number; body?: string }> => {
  const to = body.slice(0, body.indexOf('\n'));
  if (to === '') return { statusCode: 200, body: requestContext.connectionId };
  await post(to, body);
  return { statusCode: 200 };
};
