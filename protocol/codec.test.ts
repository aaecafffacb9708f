import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decode, encode } from './codec.ts';
import type { Frame } from './frames.ts';
import { FRAME_MAX_BYTES, PAYLOAD_MAX_BYTES } from './limits.ts';

const KEY = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex');
const keyOf = () => KEY;
const body: Frame = { type: 'body', exchange: 'exchange-1', n: 1, end: true };

interface Vector {
  readonly frame: Frame;
  readonly payload: string;
  readonly text: string;
}
const vectors: Vector[] = JSON.parse(readFileSync(new URL('./vectors/v1.json', import.meta.url), 'utf8'));

const codeOf = (act: () => unknown): string | undefined => {
  try {
    act();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
};

describe('golden frames', () => {
  test.each(vectors.map((vector) => [vector.frame.type, vector] as const))('%s is written as it always was', (_, vector) => {
    expect(encode(vector.frame, KEY, Buffer.from(vector.payload, 'hex'))).toBe(vector.text);
  });

  test.each(vectors.map((vector) => [vector.frame.type, vector] as const))('%s is read as it always was', (_, vector) => {
    const opened = decode(vector.text, keyOf);

    expect(opened.frame).toEqual(vector.frame);
    expect(opened.payload.toString('hex')).toBe(vector.payload);
  });

  test('there is one for every type of frame', () => {
    expect(new Set(vectors.map(({ frame }) => frame.type))).toEqual(
      new Set(['request', 'body', 'credit', 'reply-to', 'cancel', 'response', 'progress', 'moved', 'error']),
    );
  });
});

describe('a frame that does not open', () => {
  const text = encode(body, KEY, Buffer.from('hello'));

  test('is forged when any character of it was changed', () => {
    for (let at = 0; at < text.length; at += 1) {
      const changed = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
      if (Buffer.from(changed.slice(-22), 'base64url').equals(Buffer.from(text.slice(-22), 'base64url')) && at >= text.length - 22)
        continue;

      expect(['ERR_FRAME_INVALID', 'ERR_FRAME_FORGED']).toContain(codeOf(() => decode(changed, keyOf)));
    }
  });

  test('is forged when it was sealed for another connector', () => {
    expect(codeOf(() => decode(text, () => Buffer.alloc(32)))).toBe('ERR_FRAME_FORGED');
  });

  test('is of no exchange when nobody has a key for it', () => {
    expect(codeOf(() => decode(text, () => null))).toBe('ERR_EXCHANGE_UNKNOWN');
  });

  test('is invalid when a field is missing, of the wrong kind, or the type is unknown', () => {
    const wrong = [
      { ...body, n: -1 },
      { ...body, n: '1' },
      { ...body, end: undefined },
      { ...body, type: 'surprise' },
      { ...body, exchange: 'a b' },
    ];

    for (const frame of wrong) expect(codeOf(() => decode(encode(frame as Frame, KEY), keyOf))).toBe('ERR_FRAME_INVALID');
  });

  test('is invalid when it asks for single sign-on in a way that is not known: nobody must be taken for nobody', () => {
    const kerberos = { method: 'kerberos', service: 'HTTP/app', identity: 'alice', sendOn: 'request', proof: 'checked' };
    const request = { ...vectors[0]!.frame, signOn: kerberos };
    const codes = [
      null,
      'kerberos',
      {},
      { ...kerberos, method: 'constructor' },
      { ...kerberos, method: 'next' },
      { ...kerberos, identity: 1 },
      { method: 'ntlm' },
    ]
      .map((signOn) => ({ ...request, signOn }) as unknown as Frame)
      .map((frame) => codeOf(() => decode(encode(frame, KEY), keyOf)));

    expect(codes).toEqual(Array(7).fill('ERR_FRAME_INVALID'));
    expect(decode(encode(request as Frame, KEY), keyOf).frame).toEqual(request);
  });

  test('is invalid when it tells of timings that are none', () => {
    const response: Frame = { type: 'response', exchange: 'exchange-1', n: 0, status: 200, headers: [], end: true };
    const good = { verified: 0, sent: 1 };
    const codes = [null, 'fast', {}, { verified: 1 }, { ...good, sent: -1 }, { ...good, answered: 0.5 }, { ...good, connected: '1' }]
      .map((timings) => ({ ...response, timings }) as unknown as Frame)
      .map((frame) => codeOf(() => decode(encode(frame, KEY), keyOf)));

    expect(codes).toEqual(Array(7).fill('ERR_FRAME_INVALID'));
    expect(decode(encode({ ...response, timings: good }, KEY), keyOf).frame).toEqual({ ...response, timings: good });
  });

  test('is invalid when its payload is no base64, although the seal holds', () => {
    const sealed = `${JSON.stringify(body)}\nnot*base64!!`;
    const seal = createHmac('sha256', KEY).update(sealed).digest().subarray(0, 16).toString('base64url');

    expect(codeOf(() => decode(`${sealed}\n${seal}`, keyOf))).toBe('ERR_FRAME_INVALID');
  });

  test('never throws anything but a coded error, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: 'binary' }),
          fc.json().map((json) => `${json}\n\n${'A'.repeat(22)}`),
        ),
        (any) => /^ERR_/.test(codeOf(() => decode(any, keyOf)) ?? ''),
      ),
    );
  });
});

test('a field that this version does not know is let be', () => {
  const text = encode({ ...body, later: 'version' } as Frame, KEY);

  expect(decode(text, keyOf).frame).toMatchObject(body);
});

test('any payload and any header value comes out as it went in', () => {
  const frames = fc.record({
    headers: fc.array(fc.tuple(fc.string(), fc.string({ unit: 'grapheme' }))),
    payload: fc.uint8Array({ maxLength: 2000 }),
  });

  fc.assert(
    fc.property(frames, ({ headers, payload }) => {
      const frame: Frame = { type: 'response', exchange: 'exchange-1', n: 0, status: 200, headers, end: true };

      const opened = decode(encode(frame, KEY, payload), keyOf);

      expect(opened.frame).toEqual(frame);
      expect(Buffer.compare(opened.payload, payload)).toBe(0);
    }),
  );
});

test('the largest payload fits a message, and one that does not fit is refused', () => {
  expect(Buffer.byteLength(encode(body, KEY, Buffer.alloc(PAYLOAD_MAX_BYTES)))).toBeLessThanOrEqual(FRAME_MAX_BYTES);
  expect(codeOf(() => encode(body, KEY, Buffer.alloc(FRAME_MAX_BYTES)))).toBe('ERR_FRAME_INVALID');
});
