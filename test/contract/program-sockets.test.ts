// What a program sends over a WebSocket, as API Gateway takes it: messages that are larger than a frame, in frames that are none too large.
import { expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { openSocket } from '../../cli/web-socket.ts';
import { readMessage } from '../../lambdas/sockets/message.ts';
import { encode } from '../../protocol/codec.ts';
import { FRAME_MAX_BYTES, SOCKET_CLIENT_PAYLOAD_BYTES, SOCKET_WINDOW_BYTES, WINDOW_BYTES } from '../../protocol/limits.ts';
import { startWebSocketApi } from '../../simulator/apigatewayv2/websocket-fixture.ts';

test.each([
  ['a large message', [SOCKET_WINDOW_BYTES]],
  ['many small ones', Array<number>(2_000).fill(100)],
])('%s', async (_, sizes) => {
  const fixture = await startWebSocketApi();
  try {
    const relay = fixture.recording('default', () => ({ statusCode: 200 }));
    await fixture.route('$default');
    const grant = {
      ...{ connect: fixture.url(), exchange: 'exchange-0000001', resume: 'r', tunnel: 'abcdefghijklmno=', protocol: '' },
      ...{ window: SOCKET_WINDOW_BYTES, payload: SOCKET_CLIENT_PAYLOAD_BYTES, buffer: WINDOW_BYTES },
    };
    const socket = await openSocket(
      { url: 'wss://chat.example/', protocols: [] },
      {
        // What was ended stays so.
        ask: async (_address, body) => ({ status: body.includes('resume') ? 401 : 200, text: JSON.stringify(grant) }),
        dial: (address) => new WebSocket(address, { perMessageDeflate: false }),
      },
    );
    for (const size of sizes) socket.send(Buffer.alloc(size, 'x'), 'binary');

    // The first tells of the connection alone; `sizes` are sent in at most so many, or in a frame for each 256.
    const least = Math.max(3, Math.ceil(sizes.length / 256));
    const events = await relay.until(1 + least);
    const messages = events.map(({ body }) => readMessage(String(body))).filter(({ n }) => n !== null);

    const bytes = sizes.reduce((sum, size) => sum + size);
    expect(messages.reduce((sum, { payload }) => sum + payload.length, 0)).toBe(bytes);
    expect(Math.max(...events.map(({ body }) => String(body).length))).toBeLessThanOrEqual(FRAME_MAX_BYTES);
    for (const { n, parts, payload } of messages) {
      const link = { id: 'abcdefghijklmno=', number: 12 };
      const frame = { type: 'socket', exchange: grant.exchange, n: n!, parts, received: 12_345_678, limit: 123_456_789_012, link } as const;
      expect(() => encode(frame, new Uint8Array(32), payload)).not.toThrow();
    }
    // Still open: nothing was refused.
    expect(fixture.sockets()).toHaveLength(1);
    await fixture.dispose();
    await socket.closed;
  } finally {
    await fixture.dispose();
  }
});
