// An application's timeouts, kept by router and connector together, up to the longest that can be set.
import { describe, expect, test } from '@jest/globals';
import type { OriginAnswer } from '../../connector/ports.ts';
import { turn } from '../../lambdas/router/testing/manual-clock.ts';
import { application } from '../../lambdas/router/testing/records.ts';
import { ORIGIN_IDLE_MAX_MS, ORIGIN_TIMEOUT_MAX_MS } from '../../protocol/limits.ts';
import { join } from '../support/joined.ts';

/** An origin whose answer comes when the test says so. */
const ask = async (timeouts: { timeoutMs?: number; idleTimeoutMs?: number }) => {
  let answer!: (answer: OriginAnswer) => void;
  let aborted = false;
  const world = join(({ signal }) => {
    signal.addEventListener('abort', () => {
      aborted = true;
    });
    return new Promise((resolve, reject) => {
      answer = resolve;
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  });
  world.rig.applications.splice(0, 1, application(timeouts));
  const asked = await world.rig.ask({ httpMethod: 'POST' });
  return {
    ...world,
    asked,
    aborted: () => aborted,
    answer: (body: AsyncIterable<Uint8Array>) => answer({ status: 200, headers: [], body }),
    codeShown: () => JSON.parse(asked.response.body().toString()).code,
    failure: () => world.rig.logged('exchange.failed')[0]?.code,
  };
};

/** Sends each text as soon as `next` resolves, and then waits for ever. */
const inSteps = (next: () => Promise<void>, ...texts: string[]) =>
  async function* (): AsyncGenerator<Uint8Array> {
    for (const text of texts) {
      await next();
      yield Buffer.from(text);
    }
    await new Promise(() => undefined);
  };

describe('time to the first byte', () => {
  test.each([85_000, 180_000, ORIGIN_TIMEOUT_MAX_MS])('of %i ms: an answer just within it arrives', async (timeoutMs) => {
    const { rig, asked, answer } = await ask({ timeoutMs });

    await rig.clock.advance(timeoutMs - 1);
    answer(
      (async function* () {
        yield Buffer.from('at last');
      })(),
    );
    await turn();

    expect(asked.response.status).toBe(200);
    expect(asked.response.body().toString()).toBe('at last');
    expect(asked.response.held).toBe(Math.floor((timeoutMs - 1) / 60_000));
  });

  test.each([1_000, 85_000, ORIGIN_TIMEOUT_MAX_MS])(
    'of %i ms: after it the user has 504 with the code, and the origin is left',
    async (timeoutMs) => {
      const { rig, asked, codeShown, aborted } = await ask({ timeoutMs });

      await rig.clock.advance(timeoutMs);

      expect(asked.response.status).toBe(504);
      expect(codeShown()).toBe('ERR_ORIGIN_TIMEOUT');
      expect(aborted()).toBe(true);
    },
  );

  test('says nothing about the time that the answer then takes', async () => {
    const { rig, asked, answer } = await ask({ timeoutMs: 1_000, idleTimeoutMs: 10_000 });
    const step = () => new Promise<void>((resolve) => rig.clock.after(9_000, resolve));

    answer(inSteps(step, 'a', 'b', 'c', 'd')());
    await rig.clock.advance(36_000);

    expect(asked.response.body().toString()).toBe('abcd');
  });
});

describe('silence in the middle of an answer', () => {
  test.each([1_000, ORIGIN_IDLE_MAX_MS])('of %i ms cuts it, with a code of its own in the log', async (idleTimeoutMs) => {
    const { rig, asked, answer, aborted, failure } = await ask({ idleTimeoutMs });
    answer(inSteps(async () => undefined, 'half')());
    await turn();

    await rig.clock.advance(idleTimeoutMs);

    expect(asked.response.body().toString()).toBe('half');
    expect(asked.response.ended).toBe(false);
    expect(asked.failure()).toMatchObject({ code: 'ERR_ORIGIN_SILENT' });
    expect(failure()).toBe('ERR_ORIGIN_SILENT');
    expect(aborted()).toBe(true);
  });

  test('is none while the user takes nothing', async () => {
    const { rig, asked, answer } = await ask({ idleTimeoutMs: 5_000 });
    const whole = Buffer.alloc(6_000_000, 7);
    asked.response.slow = true;
    answer(
      (async function* () {
        for (let at = 0; at < whole.length; at += 50_000) yield whole.subarray(at, at + 50_000);
      })(),
    );
    await turn();

    await rig.clock.advance(200_000);
    const before = asked.response.body().length;
    asked.response.takeAgain();
    await rig.clock.advance(1_000);

    expect(before).toBeLessThan(whole.length);
    expect(asked.response.body().equals(whole)).toBe(true);
    expect(asked.response.ended).toBe(true);
  });
});
