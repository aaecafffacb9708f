// Part 2: the whole path on one machine, beside the bare origin and other ways to it, by one client: small answers for 1, 8, 32 and 256 users,
// megabytes down and up. The simulator's functions in quick mode (threads that run on) and in faithful mode (processes that freeze), apart.
// With more users than the machine answers in time, parts of ours give exchanges up: how many is part of the result.
import { Agent, type Dispatcher, request } from 'undici';
import { signIn, type UserProgram } from '../../../test/support/user.ts';
import { startWorld, type World } from '../../../test/support/world.ts';
import { type Answered, closedLoop } from '../load.ts';
import { startOrigin } from '../processes.ts';
import { bareOrigin, startHaproxy, startOpenSsh, type Way } from './peers.ts';

const KILOBYTE = 1024;
const MEGABYTE = 1024 * KILOBYTE;
const SMALL_BYTES = KILOBYTE;
const DOWN_MEGABYTES = 20;
/** What fits into an event of a function. */
const UP_MEGABYTES = 4;
const TRANSFERS = 3;
export const USERS = [1, 8, 32, 256];
const WARM_UP_EACH = 2;
const REQUESTS_EACH = 8;
const REQUESTS_MIN = 200;
/** A slow machine measures fewer of them. */
const LIMIT_MS = 20_000;

export interface PathResult {
  readonly name: string;
  /** Debian packages that would have to be installed; nothing was measured then. */
  readonly missing: string;
  readonly small: readonly Small[];
  readonly downPerSecond: number;
  readonly upPerSecond: number;
}

export interface Small {
  readonly users: number;
  /** Of what was answered. */
  readonly load: Answered;
  /** How many were given up on the way, by the code of the answer. */
  readonly givenUp: Readonly<Record<string, number>>;
}

class GivenUp extends Error {}

/** Answers the length of the body. Throws `GivenUp` where a part of ours waited for too long, and other errors for whatever else it may be. */
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
        results.push(await measureAsk(`Sallyport in the simulator, ${mode}`, through(world, await signIn(world, 'bob', 'bench'))));
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
    return await measureAsk(name, direct(url, dispatcher));
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
    if (answer.status >= 500) throw new GivenUp(/\bERR_\w+/.exec(answer.body.toString())?.[0] ?? String(answer.status));
    if (answer.status !== 200) throw new Error(`${path} was answered ${answer.status}: ${answer.body.toString().slice(0, 500)}`);
    return answer.body.length;
  };
};

const measureAsk = async (name: string, ask: Ask): Promise<PathResult> => {
  const whole = async (path: string, expected: number, body?: Buffer) => {
    const got = await ask(path, body);
    if (got !== expected) throw new Error(`${name}: ${got} of ${expected} bytes of ${path} arrived.`);
  };
  const page = () => whole(`/noise/${SMALL_BYTES}`, SMALL_BYTES);
  const small: Small[] = [];
  for (const users of USERS) {
    // Connections and environments for all of them.
    await closedLoop(users, users * WARM_UP_EACH, page, { limitMs: LIMIT_MS, fails: codeOf });
    const requests = Math.max(REQUESTS_MIN, users * REQUESTS_EACH);
    const givenUp: Record<string, number> = {};
    const fails = (error: unknown) => {
      const code = codeOf(error);
      givenUp[code] = (givenUp[code] ?? 0) + 1;
    };
    small.push({ users, load: await closedLoop(users, requests, page, { limitMs: LIMIT_MS, fails }), givenUp });
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

const codeOf = (error: unknown): string => {
  if (error instanceof GivenUp) return error.message;
  throw error;
};
