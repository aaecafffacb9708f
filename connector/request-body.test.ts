import { expect, test } from '@jest/globals';
import { RequestBody } from './request-body.ts';
import { settled } from './testing/manual-clock.ts';

const text = async (body: AsyncIterable<Uint8Array>): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: { code: string }) => error.code,
  );

test('what was read is not held any longer', async () => {
  const body = new RequestBody();
  body.push(Buffer.from('abc'));
  const reader = body[Symbol.asyncIterator]();

  await reader.next();

  expect(body.size).toBe(0);
});

test('a repeatable one is held, and read again from its first byte, with what comes meanwhile', async () => {
  const body = new RequestBody(() => undefined, true);
  body.push(Buffer.from('abc'));
  const first = text(body);
  await settled();
  const held = body.size;

  const second = text(body);
  body.push(Buffer.from('def'));
  body.end();

  expect(held).toBe(3);
  expect(await second).toBe('abcdef');
  expect(await failureOf(first)).toBe('ERR_ORIGIN_ABORTED');
});

test('a third reader finds it whole, too, after one that read all and one that went away', async () => {
  const body = new RequestBody(() => undefined, true);
  body.push(Buffer.from('abc'));
  body.end();
  await text(body);
  const away = body[Symbol.asyncIterator]();
  await away.next();
  await away.return(undefined);

  expect(await text(body)).toBe('abc');
});

test('once released, it is held no longer than it takes to read it', async () => {
  const body = new RequestBody(() => undefined, true);
  body.push(Buffer.from('abc'));
  body.push(Buffer.from('def'));
  const reader = body[Symbol.asyncIterator]();
  await reader.next();

  body.release();
  const after = body.size;
  const next = await reader.next();

  expect(after).toBe(3);
  expect(Buffer.from(next.value!).toString()).toBe('def');
  expect(body.size).toBe(0);
});

test('an abandoned one breaks off for every reader, and holds nothing', async () => {
  const body = new RequestBody(() => undefined, true);
  body.push(Buffer.from('abc'));
  const reading = failureOf(text(body));
  await settled();

  body.abandon();

  expect(await reading).toBe('ERR_EXCHANGE_LOST');
  expect(await failureOf(text(body))).toBe('ERR_EXCHANGE_LOST');
  expect(body.size).toBe(0);
});
