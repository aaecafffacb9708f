// A reply socket's link over the `ws` package.
import WebSocket from 'ws';
import { FRAME_MAX_BYTES } from '../../protocol/limits.ts';
import type { Dial } from './reply-socket.ts';

const HANDSHAKE_MS = 3_000;

export const dial: Dial = (url, events) => {
  // API Gateway is not known to speak permessage-deflate, and frames are base64 anyway.
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    handshakeTimeout: HANDSHAKE_MS,
    maxPayload: FRAME_MAX_BYTES,
    followRedirects: false,
  });
  let told = false;
  const closed = (reason: string): void => {
    if (!told) events.closed(reason);
    told = true;
  };
  socket.on('open', () => events.opened());
  socket.on('message', (data) => events.message(String(data)));
  // A refused handshake and a broken link come as an error first; its message never has the URL with the ticket.
  socket.on('error', (error) => closed(error.message));
  socket.on('close', (code) => closed(`closed with ${code}`));
  return {
    send: (text) => {
      // A socket that is closing refuses to send; its close event tells the rest.
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    terminate: () => {
      told = true;
      socket.terminate();
    },
  };
};
