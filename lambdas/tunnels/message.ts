// Reads what a connector says on its tunnel. Unknown fields are ignored; anything else that is not as protocol/tunnel-messages.ts has it is refused.
import { SallyportError } from '../../protocol/errors.ts';
import { CLIENT_FRAME_MAX_BYTES, ORIGIN_REPORTS_MAX } from '../../protocol/limits.ts';
import type { DrainMessage, HeartbeatMessage, HelloMessage, OriginReport } from '../../protocol/tunnel-messages.ts';
import { shaped } from '../stores/record-shape.ts';
import { ORIGIN_REPORT } from '../stores/registry.ts';

interface ReadHeartbeat extends Omit<HeartbeatMessage, 'origins'> {
  /** Empty: nothing new. For what cannot be read no connector loses its tunnel. */
  readonly origins: readonly OriginReport[] | 'unreadable';
}

export type ServedMessage = HelloMessage | ReadHeartbeat | DrainMessage;

/** A release's name, short enough for the registry and the log. */
const VERSION = /^[\w.+-]{1,64}$/;

/** Throws ERR_FRAME_INVALID. `routeKey` is what API Gateway took for the message's type. */
export const readMessage = (routeKey: string, body: string | undefined): ServedMessage => {
  const message = parse(body ?? '');
  if (message.type !== routeKey) throw unreadable(`it came by route ${routeKey}, with type ${JSON.stringify(message.type)}`);
  switch (message.type) {
    case 'hello':
      if (typeof message.version !== 'string' || !VERSION.test(message.version)) throw unreadable('hello needs the connector’s version');
      return { type: 'hello', version: message.version, ...(message.keysApart === true && { keysApart: true }) };
    case 'heartbeat':
      return { type: 'heartbeat', origins: readReports(message.origins) };
    case 'drain':
      return { type: 'drain' };
    default:
      throw unreadable('its type is unknown');
  }
};

const isReport = shaped(ORIGIN_REPORT);

const readReports = (origins: unknown): ReadHeartbeat['origins'] => {
  if (origins === undefined) return [];
  if (!Array.isArray(origins) || origins.length > ORIGIN_REPORTS_MAX || !origins.every(isReport)) return 'unreadable';
  return origins.map(({ origin, at, code, probed, unverified }) => ({
    ...{ origin, at },
    ...(code !== undefined && { code }),
    ...(probed && { probed }),
    ...(unverified && { unverified }),
  }));
};

const parse = (
  body: string,
): { readonly type?: unknown; readonly version?: unknown; readonly keysApart?: unknown; readonly origins?: unknown } => {
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
