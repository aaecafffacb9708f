// What AWS would bill: for the smallest exchange, warm, and for large answers.
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { prose } from '../../connector/testing/prose.ts';
import { METERED_BYTES } from '../../protocol/limits.ts';
import { type Amounts, bill } from '../support/meter.ts';
import { type PlayedOrigin, startPlayedOrigin } from '../support/played-origin.ts';
import { signIn, type UserProgram } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

const TEN_MEGABYTES = 10 * 1024 * 1024;
const NOISE = randomBytes(TEN_MEGABYTES);
const TEXT = prose(TEN_MEGABYTES);

let origin: PlayedOrigin;
let world: World;
let alice: UserProgram;
let bob: UserProgram;

beforeAll(async () => {
  origin = await startPlayedOrigin();
  world = await startWorld('--publish', `files=${origin.url}`, '--pace', 'off');
  [alice, bob] = await Promise.all([signIn(world, 'alice', 'intranet'), signIn(world, 'bob', 'files')]);
}, 120_000);
afterAll(async () => {
  await world?.dispose();
  await origin?.dispose();
});

const oneExchange = async (): Promise<Amounts> => {
  const before = await bill(world);
  const { status } = await alice.fetch(world.url('intranet'));
  expect(status).toBe(200);
  return (await bill(world)).since(before);
};

test('an exchange costs one request, one invocation, one message each way and no database operation', async () => {
  await oneExchange();

  const cost = await oneExchange();

  expect(cost).toMatchObject({ restRequests: 1, invocations: 1, messagesToConnector: 1, messagesToRouter: 1, databaseOperations: 0 });
});

describe('a large answer', () => {
  /** Base64 in messages that are full to the last byte: nothing that carries text can do with less. */
  const least = (bytes: number): number => Math.ceil((bytes * 4) / 3 / METERED_BYTES);

  const messagesFor = async (content: Buffer, headers: Record<string, string>): Promise<number> => {
    const arrival = origin.arrival('/content');
    const before = await bill(world);
    const answered = bob.fetch(new URL('content', world.url('files')).href);
    (await arrival).response.writeHead(200, { ...headers, 'content-length': content.length }).end(content);
    const { body } = await answered;
    expect(createHash('sha256').update(body).digest('hex')).toBe(createHash('sha256').update(content).digest('hex'));
    return (await bill(world)).since(before).messagesToRouter;
  };

  test('of 10 MB that do not compress costs within 5 % of the least possible', async () => {
    const messages = await messagesFor(NOISE, { 'content-type': 'application/octet-stream' });

    console.log(`10 MB of noise: ${messages} messages of 32 KB; the least possible is ${least(TEN_MEGABYTES)}.`);
    expect(messages).toBeLessThanOrEqual(least(TEN_MEGABYTES) * 1.05);
  });

  test('of 10 MB of text costs less than half of that', async () => {
    const messages = await messagesFor(TEXT, { 'content-type': 'text/plain' });

    console.log(`10 MB of text: ${messages} messages of 32 KB.`);
    expect(messages).toBeLessThan(least(TEN_MEGABYTES) / 2);
  });

  test('of 60 KB of text costs one message, compressed by the origin no more than its own bytes', async () => {
    const page = TEXT.subarray(0, 60_000);

    expect(await messagesFor(page, { 'content-type': 'text/html' })).toBe(1);
    expect(await messagesFor(page, { 'content-type': 'text/html', 'content-encoding': 'none-of-ours' })).toBe(least(page.length));
  });
});
