// `$connect`: agrees on the protocol's version in the WebSocket subprotocol, and takes the dial: a token that was seen before,
// in whatever log or proxy, opens nothing.
import { ERRORS, SallyportError } from '../../protocol/errors.ts';
import { SUBPROTOCOL } from '../../protocol/frames.ts';
import type { Registry } from '../stores/records.ts';
import type { TunnelAnswer, TunnelEvent, TunnelIdentity } from './event.ts';

/** Throws ERR_PROTOCOL_VERSION, ERR_DIAL_REPLAYED, ERR_STORE_UNAVAILABLE, or ERR_INTERNAL for a dial that the authorizer did not tell of. */
export const connect = async (
  { headers = {}, requestContext: { authorizer } }: TunnelEvent,
  { connector }: Pick<TunnelIdentity, 'connector'>,
  registry: Pick<Registry, 'takeDial'>,
): Promise<TunnelAnswer> => {
  const offered = Object.entries(headers)
    .filter(([name]) => name.toLowerCase() === 'sec-websocket-protocol')
    .flatMap(([, value]) => value.split(','))
    .map((name) => name.trim());
  if (!offered.includes(SUBPROTOCOL)) {
    const message = `${ERRORS.ERR_PROTOCOL_VERSION.message} The service speaks ${SUBPROTOCOL}; update the connector.`;
    throw new SallyportError('ERR_PROTOCOL_VERSION', message);
  }

  const { dial: id, dialExpiresAt } = authorizer ?? {};
  if (!id || !dialExpiresAt) throw new SallyportError('ERR_INTERNAL', 'The authorizer says nothing of the dial. Deploy the stack again.');
  if (!(await registry.takeDial({ connector, id, expiresAt: Number(dialExpiresAt) }))) throw new SallyportError('ERR_DIAL_REPLAYED');
  return { statusCode: 200, headers: { 'Sec-WebSocket-Protocol': SUBPROTOCOL } };
};

/** What a connector makes of the status: 400, versions differ; any other but 401 and 403, dial again. */
export const refuseConnect = ({ code, message, traits }: SallyportError): TunnelAnswer => ({
  statusCode: code === 'ERR_PROTOCOL_VERSION' ? 400 : traits.status,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ code, message: code === 'ERR_PROTOCOL_VERSION' ? message : ERRORS[code].message }),
});
