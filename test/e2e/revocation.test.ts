// A user is revoked while answers of theirs are under way, on three router environments at once: everything of theirs ends within the time
// that is promised, by the functions' own clock, and nothing of anybody else's.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CACHE_MS } from '../../protocol/limits.ts';
import { sallyport } from '../support/administrator.ts';
import { eventually } from '../support/eventually.ts';
import { functionLog, type LogLine, logged } from '../support/logs.ts';
import { type PlayedOrigin, startPlayedOrigin } from '../support/played-origin.ts';
import { signIn, type UserProgram } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

/** For what happens within CACHE_MS by the functions' clock, on a machine that has other things to do. */
const PATIENCE_MS = 60_000;

let origin: PlayedOrigin;
let world: World;
let bob: UserProgram;
let alice: UserProgram;

beforeAll(async () => {
  origin = await startPlayedOrigin();
  world = await startWorld('--publish', `live=${origin.url}`, '--pace', 'off');
  [bob, alice] = await Promise.all([signIn(world, 'bob', 'live'), signIn(world, 'alice', 'live')]);
}, 120_000);
afterAll(async () => {
  await world?.dispose();
  await origin?.dispose();
}, 60_000);

const address = (path: string): string => new URL(path, world.url('live')).href;

/** An answer of which the first part has come, and that goes on. */
const begin = async (user: UserProgram, path: string, type: string) => {
  const arrival = origin.arrival(path);
  const opened = user.open(address(path));
  const { response } = await arrival;
  response.writeHead(200, { 'content-type': type }).write('the first part\n');
  const body = (await opened).body[Symbol.asyncIterator]();
  await body.next();
  return { response, body };
};

const ask = async (user: UserProgram, path: string): Promise<number> => {
  void origin.arrival(path).then(({ response }) => response.end('done'));
  return (await user.fetch(address(path))).status;
};

/** Of the router: what each is at. */
const environments = async (): Promise<string[]> => {
  const all = await world.control<Array<{ function: string; state: string }>>('GET', '/lambda/environments');
  return all.filter(({ function: name, state }) => /IngressRouter/.test(name) && state !== 'ended').map(({ state }) => state);
};

const at = ({ time }: LogLine): number => Date.parse(String(time));

test('a revoked user’s download, events and next request end within ten seconds on three environments; another user’s go on', async () => {
  const download = await begin(bob, '/download', 'application/octet-stream');
  const events = await begin(bob, '/events', 'text/event-stream');
  const others = await begin(alice, '/others', 'text/event-stream');
  expect(await ask(bob, '/warm')).toBe(200);
  const running = await environments();
  expect(running.filter((state) => state === 'busy')).toHaveLength(3);
  expect(running.length).toBeGreaterThanOrEqual(4);

  const { status, output } = await sallyport(world, 'session', 'revoke', '--user', 'bob');
  expect([status, output]).toEqual([0, expect.stringContaining('revoked')]);
  const revoked = await logged(() => functionLog(world, 'control'), { audit: 'revocation', user: 'bob' });
  await Promise.all([download, events].map(({ body }) => expect(body.next()).rejects.toThrow()));
  // Each in an environment of its own, and each of them remembers the session.
  await eventually(PATIENCE_MS, async () => {
    expect(await Promise.all(['/1', '/2', '/3', '/4'].map((path) => ask(bob, path)))).toEqual([401, 401, 401, 401]);
  });

  const lines = await functionLog(world, 'router');
  const ended = lines.filter(({ event, user }) => event === 'exchange.failed' && user === 'bob');
  const lastPassed = lines.filter(({ event, user }) => event === 'exchange.finished' && user === 'bob').at(-1)!;
  const took = [...ended, lastPassed].map((line) => at(line) - at(revoked));
  console.log(`After the revocation: answers under way ended after ${took.slice(0, -1).join(' and ')} ms.`);
  expect(ended).toHaveLength(2);
  for (const ms of took) expect(ms).toBeLessThanOrEqual(CACHE_MS);

  others.response.end('and the last part');
  expect(String((await others.body.next()).value)).toBe('and the last part');
}, 150_000);
