// The relay: takes frames of a connector and posts them to the router's connection that the path names.
import { createManagementClient, createPostFrame } from '../../../lambdas/router/post.ts';
import { separated } from './frames.ts';

interface RelayEvent {
  readonly pathParameters: { readonly connection: string };
  readonly body: string;
}

const post = createPostFrame(createManagementClient(process.env.REPLY_API_ENDPOINT ?? ''));

export const handler = async ({ pathParameters: { connection }, body }: RelayEvent): Promise<{ statusCode: number }> => {
  const posted = await Promise.all(separated(body).map((frame) => post(connection, frame)));
  return { statusCode: posted.includes('gone') ? 410 : 200 };
};
