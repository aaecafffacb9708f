// A user's program that sends exactly the bytes it is given, over one connection for as long as that is kept.
import { connect, type Socket } from 'node:net';
import { isBodyless } from './case.ts';
import { type Body, ByteReader, type Field, readBody, readHead, valuesOf } from './message.ts';

export interface Got extends Body {
  readonly interim: readonly number[];
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly Field[];
}

const DEADLINE_MS = 30_000;

export class RawClient {
  readonly #port: number;
  #connection: { readonly socket: Socket; readonly reader: ByteReader } | null = null;

  constructor(port: number) {
    this.#port = port;
  }

  async ask(method: string, request: Buffer): Promise<Got> {
    const { socket, reader } = this.#connection ?? this.#connect();
    const timer = setTimeout(() => socket.destroy(), DEADLINE_MS);
    try {
      socket.write(request);
      const got = await readAnswer(reader, method);
      if (got.coding === 'close' || valuesOf(got.fields, 'connection').some((value) => /close/i.test(value)) || reader.ended) this.close();
      return got;
    } catch (error) {
      this.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#connection?.socket.destroy();
    this.#connection = null;
  }

  #connect() {
    const socket = connect(this.#port, '127.0.0.1');
    socket.setNoDelay(true);
    socket.on('error', () => {});
    this.#connection = { socket, reader: new ByteReader(socket) };
    const mine = this.#connection;
    socket.once('close', () => {
      if (this.#connection === mine) this.#connection = null;
    });
    return mine;
  }
}

const readAnswer = async (reader: ByteReader, method: string): Promise<Got> => {
  const interim: number[] = [];
  for (;;) {
    const { start, fields } = await readHead(reader);
    const [, code, reason = ''] = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(start) ?? [];
    const status = Number(code);
    if (status < 200 && status !== 101) {
      interim.push(status);
      continue;
    }
    const body: Body = isBodyless(method, status)
      ? { coding: 'none', body: Buffer.alloc(0), trailers: [] }
      : await readBody(reader, fields, 'close');
    return { interim, status, reason, fields, ...body };
  }
};
