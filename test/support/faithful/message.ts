// HTTP/1.1 messages as they stand on the wire, read and written byte by byte: no library between the tests and what was sent.
import type { Socket } from 'node:net';

/** One character for each byte. */
export type Field = readonly [name: string, value: string];

/** How the end of a body is told. */
export type Coding = 'none' | 'length' | 'chunked' | 'close';

export interface Head {
  readonly start: string;
  readonly fields: readonly Field[];
}

export interface Body {
  readonly coding: Coding;
  readonly body: Buffer;
  readonly trailers: readonly Field[];
}

export const valuesOf = (fields: readonly Field[], wanted: string): string[] =>
  fields.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);

/** Reads a socket as a message reader wants it. Every read rejects when the socket ends before. */
export class ByteReader {
  #bytes: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    const end = () => {
      this.#ended = true;
      this.#wake();
    };
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', end);
  }

  get ended(): boolean {
    return this.#ended && this.#bytes.length === 0;
  }

  /** Bytes that have come and were not read. */
  get waiting(): number {
    return this.#bytes.length;
  }

  async line(): Promise<string> {
    for (let from = 0; ; ) {
      const at = this.#bytes.indexOf('\r\n', from);
      if (at >= 0) return this.#take(at + 2).toString('latin1', 0, at);
      from = Math.max(0, this.#bytes.length - 1);
      await this.#more();
    }
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.#bytes.length < count) await this.#more();
    return this.#take(count);
  }

  async rest(): Promise<Buffer> {
    while (!this.#ended) await new Promise<void>((wake) => (this.#wake = wake));
    return this.#take(this.#bytes.length);
  }

  async #more(): Promise<void> {
    if (this.#ended)
      throw new Error(
        `The connection ended in the middle of a message, after ${JSON.stringify(this.#bytes.toString('latin1').slice(0, 200))}.`,
      );
    await new Promise<void>((wake) => (this.#wake = wake));
  }

  #take(count: number): Buffer {
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }
}

export const readHead = async (reader: ByteReader): Promise<Head> => ({ start: await reader.line(), fields: await readFields(reader) });

const readFields = async (reader: ByteReader): Promise<Field[]> => {
  const fields: Field[] = [];
  for (let line = await reader.line(); line !== ''; line = await reader.line()) {
    const colon = line.indexOf(':');
    fields.push([line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]);
  }
  return fields;
};

/** `otherwise`: what a body is when no field tells its end. */
export const readBody = async (reader: ByteReader, fields: readonly Field[], otherwise: 'none' | 'close'): Promise<Body> => {
  if (valuesOf(fields, 'transfer-encoding').some((value) => /chunked/i.test(value)))
    return { coding: 'chunked', ...(await readChunks(reader)) };
  const [length] = valuesOf(fields, 'content-length');
  if (length !== undefined) return { coding: 'length', body: await reader.bytes(Number(length)), trailers: [] };
  return { coding: otherwise, body: otherwise === 'none' ? Buffer.alloc(0) : await reader.rest(), trailers: [] };
};

const readChunks = async (reader: ByteReader): Promise<{ body: Buffer; trailers: Field[] }> => {
  const chunks: Buffer[] = [];
  for (;;) {
    const size = Number.parseInt(await reader.line(), 16);
    if (size === 0) return { body: Buffer.concat(chunks), trailers: await readFields(reader) };
    chunks.push(await reader.bytes(size));
    await reader.line();
  }
};

export const writeHead = (start: string, fields: readonly Field[]): Buffer =>
  Buffer.from(`${start}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`, 'latin1');

/** In chunks of `size`, each with an extension, and what may follow the last one. */
export const writeChunks = (body: Buffer, size: number, trailers: readonly Field[]): Buffer => {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.subarray(at, at + size);
    parts.push(Buffer.from(`${chunk.length.toString(16)};x="y"\r\n`), chunk, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, writeHead('0', trailers)]);
};
