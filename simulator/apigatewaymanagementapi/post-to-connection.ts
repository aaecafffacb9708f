// PostToConnection: `POST /{stage}/@connections/{connectionId}`.
import { isUtf8 } from 'node:buffer';
import { AwsError } from '../services.ts';
import { liveConnection, type ManagementAnswer, type ManagementRequest } from './management-request.ts';

/** Throws AwsError: PayloadTooLargeException 413, GoneException 410, LimitExceededException 429, BadRequestException 400. */
export const postToConnection = (request: ManagementRequest, messageBytes: number): ManagementAnswer => {
  const { body, webSocketApi } = request;
  if (body.length > messageBytes) throw new AwsError(413, 'PayloadTooLargeException', 'Message too long');
  const connection = liveConnection(request);
  // Unverified on AWS: no page says what becomes of bytes that are no text; a client could only refuse them.
  if (!isUtf8(body)) throw new AwsError(400, 'BadRequestException', 'The data is not valid UTF-8.');
  if (connection.isFull(body.length)) throw new AwsError(429, 'LimitExceededException', 'The WebSocket client side buffer is full.');
  webSocketApi.send(connection, body, '@connections');
  return { status: 200 };
};
