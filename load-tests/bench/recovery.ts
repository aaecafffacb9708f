// Part 6: what users notice of a tunnel that dies in silence, of a connector that is stopped and of one that is killed: through the whole
// simulator, functions frozen between requests as on AWS, two connectors of which the first is the victim.
import { setTimeout as wait } from 'node:timers/promises';
import { type OwnConnector, startConnector } from '../../test/support/connector.ts';
import { logged } from '../../test/support/logs.ts';
import { startOrigin, type TestOrigin } from '../../test/support/origin.ts';
import { externalUrl, publish } from '../../test/support/publish.ts';
import { stranger } from '../../test/support/user.ts';
import { startWorld, type World } from '../../test/support/world.ts';

const GROUP = 'bench';
const USERS = 8;
/** Of each user, so long that every kind of loss falls into it. */
const REQUESTS = 40;
const THINK_MS = 50;
const MISHAP_AT = (USERS * REQUESTS) / 3;
/** A user who waited this long was asked for twice: without a mishap an answer takes milliseconds. */
const MOVED_MS = 1_000;

type Mishap = 'drain' | 'kill' | 'silence';

export interface Loss {
  readonly requests: number;
  /** Of methods that may be repeated (RFC 9110 §9.2.2): users who got no answer of the application. */
  readonly lostIdempotent: number;
  /** Of the others: told of by an error, because they may have been carried out. */
  readonly lostOthers: number;
  /** Requests that the application saw more often than users sent them, of those that may not be repeated. */
  readonly runTwice: number;
  /** Answers that came after more than a second. */
  readonly delayed: number;
  readonly longestMs: number;
}

export interface Recovery {
  readonly drain: Loss;
  readonly kill: Loss;
  readonly silence: Loss;
  /** From the silence of the tunnel until the connector gave it up, and until it had another; the longest of all rounds. */
  readonly noticedMs: number;
  readonly backMs: number;
  /** From the kill of the connector that ran it until the other connector ran an exchange that was under way. */
  readonly movedMs: number;
}

export const measureRecovery = async (rounds: number): Promise<Recovery> => {
  const origin = await startOrigin();
  try {
    const world = await startWorld('--connectors', '0');
    try {
      // Each round has connectors and an application of its own: the tunnel that died in silence is never known to be gone.
      const runs = (['drain', 'kill', 'silence'] as const).flatMap((mishap) =>
        Array.from({ length: rounds }, (_, at) => `${mishap}-${at + 1}`),
      );
      await publish(
        world,
        [GROUP, ...runs].map((name) => ({ id: name, group: name, internalUrl: origin.url })),
      );
      const repeated = async (mishap: Mishap) => {
        const all: Array<Awaited<ReturnType<typeof withMishap>>> = [];
        for (let round = 1; round <= rounds; round += 1) all.push(await withMishap(world, origin, mishap, `${mishap}-${round}`));
        return all;
      };
      const drain = await repeated('drain');
      const kill = await repeated('kill');
      const silence = await repeated('silence');
      return {
        drain: together(drain),
        kill: together(kill),
        silence: together(silence),
        noticedMs: Math.max(...silence.map(({ noticedMs }) => noticedMs)),
        backMs: Math.max(...silence.map(({ backMs }) => backMs)),
        movedMs: await moveOne(world, origin),
      };
    } finally {
      await world.dispose();
    }
  } finally {
    await origin.dispose();
  }
};

const startVictim = (world: World, origin: TestOrigin, group: string): Promise<OwnConnector> =>
  startConnector(world, group, [new URL(origin.url).origin]);

/** Of all rounds. */
const together = (rounds: ReadonlyArray<{ readonly loss: Loss }>): Loss => {
  const sum = (of: (loss: Loss) => number) => rounds.reduce((total, { loss }) => total + of(loss), 0);
  return {
    requests: sum(({ requests }) => requests),
    lostIdempotent: sum(({ lostIdempotent }) => lostIdempotent),
    lostOthers: sum(({ lostOthers }) => lostOthers),
    runTwice: sum(({ runTwice }) => runTwice),
    delayed: sum(({ delayed }) => delayed),
    longestMs: Math.max(...rounds.map(({ loss }) => loss.longestMs)),
  };
};

/** Users ask one request after the other; after a third of them the mishap. */
const withMishap = async (world: World, origin: TestOrigin, mishap: Mishap, run: string) => {
  const connectors = [await startVictim(world, origin, run), await startVictim(world, origin, run)];
  try {
    const seen = origin.calls.length;
    const answers: Array<{ readonly post: boolean; readonly ok: boolean; readonly ms: number; readonly name: string }> = [];
    let times: Promise<{ noticedMs: number; backMs: number }> = Promise.resolve({ noticedMs: 0, backMs: 0 });
    let asked = 0;
    const use = async () => {
      for (let at = 0; at < REQUESTS; at += 1) {
        if (asked === Math.floor(MISHAP_AT)) times = befall(world, connectors[0]!, mishap);
        asked += 1;
        const post = asked % 2 === 0;
        const name = `${run}-${asked}`;
        const from = performance.now();
        const answer = await stranger.fetch(`${externalUrl(world, run)}${name}`, post ? { method: 'POST', body: 'a=1' } : {});
        answers.push({ post, ok: answer.status === 200 && answer.body.toString() === 'ok', ms: performance.now() - from, name });
        await wait(THINK_MS);
      }
    };
    await Promise.all(Array.from({ length: USERS }, use));

    const calls = origin.calls.slice(seen);
    const lost = answers.filter(({ ok }) => !ok);
    const loss: Loss = {
      requests: answers.length,
      lostIdempotent: lost.filter(({ post }) => !post).length,
      lostOthers: lost.filter(({ post }) => post).length,
      runTwice: answers.filter(({ post, name }) => post && calls.filter((call) => call === `POST /${name}`).length > 1).length,
      delayed: answers.filter(({ ms }) => ms > MOVED_MS).length,
      longestMs: Math.max(...answers.map(({ ms }) => ms)),
    };
    return { loss, ...(await times) };
  } finally {
    await Promise.all(connectors.map((connector) => connector.dispose()));
  }
};

const befall = async (world: World, { child, log }: OwnConnector, mishap: Mishap) => {
  if (mishap !== 'silence') {
    child.process.kill(mishap === 'drain' ? 'SIGTERM' : 'SIGKILL');
    return { noticedMs: 0, backMs: 0 };
  }
  const { connectionId } = await logged(log, { event: 'tunnel.open' });
  await world.control('POST', `/sockets/${encodeURIComponent(String(connectionId))}/blackhole`);
  const from = Date.now();
  const closed = await logged(log, { event: 'tunnel.closed' }, 120_000);
  const opened = async () =>
    log()
      .filter(({ event }) => event === 'tunnel.open')
      .slice(1);
  const { connectionId: second } = await logged(opened, { event: 'tunnel.open' }, 120_000);
  const back = log().find((line) => line.event === 'tunnel.open' && line.connectionId === second)!;
  return { noticedMs: Date.parse(String(closed.time)) - from, backMs: Date.parse(String(back.time)) - from };
};

/** An exchange that waits for its origin when its connector is killed. */
const moveOne = async (world: World, origin: TestOrigin): Promise<number> => {
  const victim = await startVictim(world, origin, GROUP);
  const held = `GET /held?name=${GROUP}`;
  const answer = stranger.fetch(`${externalUrl(world, GROUP)}held?name=${GROUP}`);
  await origin.arrived(held);
  const other = await startVictim(world, origin, GROUP);
  try {
    const from = performance.now();
    victim.child.process.kill('SIGKILL');
    await origin.arrived(held, 2);
    const ms = performance.now() - from;
    origin.release(GROUP);
    const { status } = await answer;
    if (status !== 200) throw new Error(`The exchange that moved was answered ${status}.`);
    return ms;
  } finally {
    await Promise.all([victim, other].map((connector) => connector.dispose()));
  }
};
