// Reads what a connector says on its tunnel. Unknown fields are ignored; anything else that is not as protocol/tunnel-messages.ts has it is refused.
import { SallyportError } from '../../protocol/errors.ts';
import { CLIENT_FRAME_MAX_BYTES } from '../../protocol/limits.ts';
import type { DrainMessage, HeartbeatMessage, HelloMessage } from '../../protocol/tunnel-messages.ts';

export type ServedMessage = HelloMessage | HeartbeatMessage | DrainMessage;

/** A release's name, short enough for the registry and the log. */
const VERSION = /^[\w.+-]{1,64}$/;

/** Throws ERR_FRAME_INVALID. `routeKey` is what API Gateway took for the message's type. */
export const readMessage = (routeKey: string, body: string | undefined): ServedMessage => {
  const message = parse(body ?? '');
  if (message.type !== routeKey) throw unreadable(`it came by route ${routeKey}, with type ${JSON.stringify(message.type)}`);
  switch (message.type) {
    case 'hello':
      if (typeof message.version !== 'string' || !VERSION.test(message.version)) throw unreadable('hello needs the connector’s version');
      return { type: 'hello', version: message.version };
    case 'heartbeat':
    case 'drain':
      return { type: message.type };
    default:
      throw unreadable('its type is unknown');
  }
};

const parse = (body: string): { readonly type?: unknown; readonly version?: unknown } => {
  const bytes = Buffer.byteLength(body);
  if (bytes > CLIENT_FRAME_MAX_BYTES) throw unreadable(`${bytes} bytes are more than ${CLIENT_FRAME_MAX_BYTES}`);
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    throw unreadable('it is not JSON', { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unreadable('it is not a JSON object');
  return value;
};

const unreadable = (why: string, options?: ErrorOptions): SallyportError =>
  new SallyportError('ERR_FRAME_INVALID', `The message cannot be read: ${why}.`, options);
