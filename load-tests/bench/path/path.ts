// Part 2: the whole path on one machine, beside the bare origin and other ways to it, by one client: small answers for 1, 32 and 256 users,
// megabytes down and up. The simulator's functions in quick mode (threads that run on) and in faithful mode (processes that freeze), apart.
import { Agent, type Dispatcher, request } from 'undici';
import { signIn, type UserProgram } from '../../../test/support/user.ts';
import { startWorld, type World } from '../../../test/support/world.ts';
import { closedLoop, type Load } from '../load.ts';
import { startOrigin } from '../processes.ts';
import { bareOrigin, startHaproxy, startOpenSsh, type Way } from './peers.ts';

const KILOBYTE = 1024;
const MEGABYTE = 1024 * KILOBYTE;
const SMALL_BYTES = KILOBYTE;
const DOWN_MEGABYTES = 20;
/** What fits into an event of a function. */
const UP_MEGABYTES = 4;
const TRANSFERS = 3;
export const USERS = [1, 32, 256];
/** Of the simulator: each request under way has an execution environment of its own, and hundreds do not start on a laptop's cores in time. */
const SIMULATED_USERS_MAX = 32;
/** Environments that start at once. */
const STARTS = 8;
const REQUESTS_EACH = 8;
const REQUESTS_MIN = 200;

export interface PathResult {
  readonly name: string;
  /** Debian packages that would have to be installed; nothing was measured then. */
  readonly missing: string;
  readonly small: ReadonlyArray<{ readonly users: number; readonly load: Load | null }>;
  readonly downPerSecond: number;
  readonly upPerSecond: number;
}

/** Answers the length of the body, or throws. */
type Ask = (path: string, body?: Buffer) => Promise<number>;

export const measurePath = async (): Promise<PathResult[]> => {
  const origin = await startOrigin();
  try {
    const results: PathResult[] = [];
    for (const start of [async () => bareOrigin(origin.url), () => startHaproxy(origin.url), () => startOpenSsh(origin.url)]) {
      results.push(await measureWay(await start()));
    }
    for (const mode of ['quick', 'faithful'] as const) {
      const world = await startWorld('--publish', `bench=${origin.url}/`, '--lambda', mode, '--pace', 'off');
      try {
        results.push(
          await measureAsk(`Sallyport in the simulator, ${mode}`, through(world, await signIn(world, 'bob', 'bench')), SIMULATED_USERS_MAX),
        );
      } finally {
        await world.dispose();
      }
    }
    return results;
  } finally {
    await origin.dispose();
  }
};

const measureWay = async ({ name, url, missing, dispose }: Way): Promise<PathResult> => {
  if (url === null) return { name, missing, small: [], downPerSecond: 0, upPerSecond: 0 };
  const dispatcher = new Agent();
  try {
    return await measureAsk(name, direct(url, dispatcher), Number.POSITIVE_INFINITY);
  } finally {
    await dispatcher.close();
    await dispose();
  }
};

const direct =
  (url: string, dispatcher: Dispatcher): Ask =>
  async (path, body) => {
    const answer = await request(`${url}${path}`, { dispatcher, method: body ? 'POST' : 'GET', body });
    const bytes = await answer.body.arrayBuffer();
    if (answer.statusCode !== 200) throw new Error(`${path} was answered ${answer.statusCode}.`);
    return bytes.byteLength;
  };

const through = (world: World, user: UserProgram): Ask => {
  const target = new URL(world.url('bench'));
  return async (path, body) => {
    const headers: Record<string, string> = body ? { origin: target.origin } : {};
    const answer = await user.fetch(new URL(path, target).href, { ...(body && { method: 'POST', body }), headers });
    if (answer.status !== 200) throw new Error(`${path} was answered ${answer.status}: ${answer.body.toString().slice(0, 500)}`);
    return answer.body.length;
  };
};

const measureAsk = async (name: string, ask: Ask, usersMax: number): Promise<PathResult> => {
  const whole = async (path: string, expected: number, body?: Buffer) => {
    const got = await ask(path, body);
    if (got !== expected) throw new Error(`${name}: ${got} of ${expected} bytes of ${path} arrived.`);
  };
  const page = () => whole(`/noise/${SMALL_BYTES}`, SMALL_BYTES);
  const small: Array<PathResult['small'][number]> = [];
  for (const users of USERS) {
    if (users > usersMax) {
      small.push({ users, load: null });
      continue;
    }
    // Connections and environments for all of them.
    for (let at = STARTS; at < users; at += STARTS) await closedLoop(at, at, page);
    await closedLoop(users, users * 2, page);
    small.push({ users, load: await closedLoop(users, Math.max(REQUESTS_MIN, users * REQUESTS_EACH), page) });
  }
  const picture = Buffer.alloc(UP_MEGABYTES * MEGABYTE, 'Sallyport ');
  const down = () => whole(`/noise/${DOWN_MEGABYTES * MEGABYTE}`, DOWN_MEGABYTES * MEGABYTE);
  const up = () => whole('/sink', String(picture.length).length, picture);
  return {
    ...{ name, missing: '', small },
    downPerSecond: (await closedLoop(1, TRANSFERS, down)).perSecond * DOWN_MEGABYTES,
    upPerSecond: (await closedLoop(1, TRANSFERS, up)).perSecond * UP_MEGABYTES,
  };
};
