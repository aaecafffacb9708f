import type { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { withoutInterim } from './interim.ts';

/** A socket whose reads give one chunk after the other, and null between `arrive`s. */
const prepare = () => {
  const arrived: Buffer[] = [];
  const socket = withoutInterim({
    read: () => arrived.shift() ?? null,
    write: () => true,
  } as unknown as Pick<Socket, 'read' | 'write'>);
  const readAll = (): string => {
    let text = '';
    for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null)
      text += chunk.toString('latin1');
    return text;
  };
  return {
    request: () => socket.write('POST / HTTP/1.1\r\nhost: x\r\n\r\n'),
    write: (chunk: string | Buffer) => socket.write(chunk),
    arrive: (...texts: string[]) => {
      arrived.push(...texts.map((text) => Buffer.from(text, 'latin1')));
      return readAll();
    },
  };
};

const CONTINUE = 'HTTP/1.1 100 Continue\r\nX-A: b\r\n\r\n';
const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

test('interim answers before an answer are hidden, however many there are and however they are cut', () => {
  for (let cut = 0; cut <= CONTINUE.length * 2 + HINTS.length; cut += 1) {
    const { request, arrive } = prepare();
    request();

    const text = CONTINUE + HINTS + CONTINUE + OK;
    const read = arrive(text.slice(0, cut)) + arrive(text.slice(cut));

    expect(read).toBe(OK);
  }
});

test('each request may have one', () => {
  const { request, arrive } = prepare();
  request();
  arrive(OK);
  request();

  expect(arrive(CONTINUE, OK)).toBe(OK);
});

test('a body that looks like one is a body, also while the rest of the request is still being written', () => {
  const { request, write, arrive } = prepare();
  request();
  arrive(OK);
  write(Buffer.from('more of the request HTTP/1.1\r\n'));

  expect(arrive(CONTINUE)).toBe(CONTINUE);
});

test.each(['HTTP/1.1 101 Switching Protocols\r\n\r\n', 'HTTP/1.1 2', 'HTTP/2 ', 'SSH-2.0'])(
  'whatever else comes is left to the client: %j',
  (text) => {
    const { request, arrive } = prepare();
    request();

    expect(arrive(text) + arrive('00 and more')).toBe(`${text}00 and more`);
  },
);

test('an interim answer without an end is not held for ever', () => {
  const { request, arrive } = prepare();
  request();

  expect(arrive(`HTTP/1.1 100 ${'x'.repeat(5_000)}`)).toHaveLength(5_013);
});
