// The smallest exchange, warm: what AWS would bill for it.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Amounts, bill } from '../support/meter.ts';
import { signIn, type UserProgram } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
let alice: UserProgram;

beforeAll(async () => {
  world = await startWorld();
  alice = await signIn(world, 'alice', 'intranet');
}, 120_000);
afterAll(() => world.dispose());

const oneExchange = async (): Promise<Amounts> => {
  const before = await bill(world);
  const { status } = await alice.fetch(world.url('intranet'));
  expect(status).toBe(200);
  return (await bill(world)).since(before);
};

test('costs one request, one invocation, one message each way and no database operation', async () => {
  await oneExchange();

  const cost = await oneExchange();

  expect(cost).toMatchObject({ restRequests: 1, invocations: 1, messagesToConnector: 1, messagesToRouter: 1, databaseOperations: 0 });
});
