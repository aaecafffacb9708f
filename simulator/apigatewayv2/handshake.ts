// The HTTP side of a WebSocket connection: is it a handshake, and how one is refused.
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type GatewayRequest, header } from '../apigateway/request.ts';

/** A refused `$connect`: status, and the message of its body. */
export class HandshakeRefusal extends Error {
  override readonly name = 'HandshakeRefusal';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Whether the request asks for version 13 of the protocol as RFC 6455 §4.1 wants it. */
export const isHandshake = (request: GatewayRequest): boolean =>
  request.method === 'GET' &&
  header(request.headers, 'upgrade')?.toLowerCase() === 'websocket' &&
  header(request.headers, 'sec-websocket-version') === '13' &&
  /^[+/0-9A-Za-z]{22}==$/.test(header(request.headers, 'sec-websocket-key') ?? '');

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'BadRequestException',
  401: 'UnauthorizedException',
  403: 'ForbiddenException',
};

/** Answers a refusal and closes. Differs from AWS: the answer ends the TCP connection. */
export const refuse = (socket: Duplex, { status, message }: HandshakeRefusal, connectionId: string, request: GatewayRequest): void => {
  const body = JSON.stringify({ message, connectionId, requestId: request.extendedRequestId });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}`,
    `Date: ${new Date(request.receivedAt).toUTCString()}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    `x-amzn-RequestId: ${request.requestId}`,
    `x-amzn-ErrorType: ${ERROR_TYPES[status] ?? 'InternalServerErrorException'}`,
    `x-amz-apigw-id: ${request.extendedRequestId}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
};
