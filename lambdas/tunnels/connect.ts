// `$connect`: agrees on the protocol's version in the WebSocket subprotocol, before anything else is said.
import { ERRORS } from '../../protocol/errors.ts';
import { SUBPROTOCOL } from '../../protocol/frames.ts';
import type { TunnelAnswer, TunnelEvent } from './event.ts';

export const connect = ({ headers = {} }: TunnelEvent): TunnelAnswer => {
  const offered = Object.entries(headers)
    .filter(([name]) => name.toLowerCase() === 'sec-websocket-protocol')
    .flatMap(([, value]) => value.split(','))
    .map((name) => name.trim());
  if (offered.includes(SUBPROTOCOL)) return { statusCode: 200, headers: { 'Sec-WebSocket-Protocol': SUBPROTOCOL } };

  const code = 'ERR_PROTOCOL_VERSION';
  const message = `${ERRORS[code].message} The service speaks ${SUBPROTOCOL}; update the connector.`;
  return { statusCode: 400, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ code, message }) };
};
