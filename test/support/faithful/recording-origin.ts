// An origin that remembers the bytes it was sent and answers each case with the bytes that were planned for it.

import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { answerBytes, CASE_FIELD, type Planned } from './case.ts';
import { type Body, ByteReader, type Field, readBody, readHead, valuesOf } from './message.ts';

export interface Seen extends Body {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly fields: readonly Field[];
}

export interface RecordingOrigin {
  readonly port: number;
  /** The requests of one case, in the order in which they came. */
  take(id: string): Seen[];
  dispose(): Promise<void>;
}

/** `plans` may be shared: one origin is asked directly, another through the whole path. */
export const startRecordingOrigin = async (plans: ReadonlyMap<string, Planned>): Promise<RecordingOrigin> => {
  const seen = new Map<string, Seen[]>();
  const sockets = new Set<Socket>();

  const serve = async (socket: Socket): Promise<void> => {
    const reader = new ByteReader(socket);
    while (!reader.ended) {
      const { start, fields } = await readHead(reader);
      const [, method = '', target = '', version = ''] = /^(\S+) (\S+) HTTP\/(\S+)$/.exec(start) ?? [];
      const request: Seen = { method, target, version, fields, ...(await readBody(reader, fields, 'none')) };
      const id = valuesOf(fields, CASE_FIELD.toLowerCase())[0] ?? '';
      seen.set(id, [...(seen.get(id) ?? []), request]);

      const planned = plans.get(id);
      if (planned) socket.write(answerBytes(method, planned));
      const ends =
        !planned || planned.coding === 'close' || version === '1.0' || valuesOf(fields, 'connection').some((value) => /close/i.test(value));
      if (ends) return void socket.end();
    }
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    // A connection that ends between two requests ends in the middle of a head.
    serve(socket).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    take: (id) => {
      const requests = seen.get(id) ?? [];
      seen.delete(id);
      return requests;
    },
    dispose: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};
