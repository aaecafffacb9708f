// A day in leaps: the time of a world, its functions and connectors goes four minutes forward at once, then that of its pages; what falls due
// then happens at its own pace, and the next leap waits until nothing is under way. No limit and no lifetime is scaled.
import type { Page } from 'playwright-core';
import { type MovedTime, wake } from './moved-time.ts';
import { isOver } from './patience.ts';
import { allConnections, type Connection } from './sockets.ts';
import type { World } from './world.ts';

/** Two of them are less than API Gateway’s ten idle minutes. */
export const LEAP_MS = 4 * 60_000;
/** What API Gateway ends connections after. */
const IDLE_MS = 10 * 60_000;
const AGE_MS = 2 * 60 * 60_000;
/** Of the machine's own time. */
const REST_MS = 60_000;
/** Whoever was told of something begins to act before it was seen so often that nothing is under way. */
const LOOKS = 3;
const LOOK_MS = 5;

export interface Cuts {
  /** Connections of users that ended after two hours, after ten idle minutes, and by anything else. */
  old: number;
  idle: number;
  other: number;
}

export interface Leaps {
  readonly cuts: Cuts;
  /** One leap. */
  leap(): Promise<void>;
  /** Does something that makes a page send, and waits until API Gateway has heard it. */
  send(act: () => Promise<unknown>): Promise<void>;
  /** Nothing is under way: every WebSocket has its connection, no function runs. */
  rest(): Promise<void>;
}

export interface LeapsOptions {
  readonly world: World;
  readonly time: MovedTime;
  readonly pages: () => readonly Page[];
  /** Processes besides the world's. */
  readonly pids: () => readonly number[];
  /** How many WebSockets users have open; null: it cannot be said. */
  readonly open: () => number | null;
}

export const createLeaps = ({ world, time, pages, pids, open }: LeapsOptions): Leaps => {
  const cuts: Cuts = { old: 0, idle: 0, other: 0 };

  const users = async (): Promise<readonly Connection[]> => (await allConnections(world)).filter(({ principal }) => principal === 'user');

  const isAtRest = async (): Promise<boolean> => {
    const environments = await world.control<ReadonlyArray<{ readonly state: string }>>('GET', '/lambda/environments');
    const wanted = open();
    return environments.every(({ state }) => state === 'idle') && (wanted === null || (await users()).length === wanted);
  };

  const until = async (holds: () => Promise<boolean>, times: number): Promise<void> => {
    const startedAt = performance.now();
    for (let seen = 0; seen < times; ) {
      seen = (await holds()) ? seen + 1 : 0;
      if (isOver(startedAt, REST_MS)) throw new Error(`Not at rest within ${REST_MS} ms: ${JSON.stringify(await allConnections(world))}`);
      await new Promise((resume) => setTimeout(resume, LOOK_MS));
    }
  };
  const rest = () => until(isAtRest, LOOKS);

  const count = (before: readonly Connection[], after: readonly Connection[]): void => {
    const left = new Set(after.map(({ connectionId }) => connectionId));
    for (const { connectionId, connectedAt, lastActiveAt } of before) {
      if (left.has(connectionId)) continue;
      if (time.now() - Date.parse(connectedAt) >= AGE_MS) cuts.old += 1;
      else if (time.now() - Date.parse(lastActiveAt) >= IDLE_MS) cuts.idle += 1;
      else cuts.other += 1;
    }
  };

  return {
    cuts,
    rest,
    send: async (act) => {
      const from = time.now();
      await act();
      await until(async () => (await users()).some(({ lastActiveAt }) => Date.parse(lastActiveAt) >= from), 1);
    },
    leap: async () => {
      // What was just done is through, and is not taken for late.
      await rest();
      const before = await users();
      time.forward(LEAP_MS);
      for (const pid of pids()) wake(pid);
      await rest();
      await Promise.all(pages().map((page) => page.clock.runFor(LEAP_MS)));
      await rest();
      count(before, await users());
    },
  };
};
