// Router and connector, both as they are, over a network that loses, doubles and reorders their frames, and over channels that die.
// Whatever happens, the user gets the whole answer, an error with a code, or a download that visibly broke: never a wrong one.
import { describe, expect, test } from '@jest/globals';
import { turn } from '../../lambdas/router/testing/manual-clock.ts';
import { tunnel } from '../../lambdas/router/testing/records.ts';
import { CALM, join, type Network } from '../support/joined.ts';

/** Half of the answers are text, which is compressed on the tunnel. */
const createWorld = (seed: number, network: Network, origin: () => AsyncIterable<Uint8Array>) => {
  const type = seed % 2 === 0 ? 'text/plain' : 'application/octet-stream';
  const calls: string[] = [];
  const uploads: Buffer[] = [];
  const joined = join(
    async ({ method, body }) => {
      calls.push(method);
      const parts: Uint8Array[] = [];
      if (body instanceof Uint8Array) parts.push(body);
      else if (body) for await (const part of body) parts.push(part);
      uploads.push(Buffer.concat(parts));
      return { status: 200, headers: [['Content-Type', type]], body: origin() };
    },
    { network, seed },
  );
  return { ...joined, calls, uploads };
};

const bytes = (size: number): Buffer => Buffer.from(Uint8Array.from({ length: size }, (_, at) => (at * 7 + (at >> 8)) % 256));
const inChunks = (whole: Buffer, size: number) =>
  async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < whole.length; at += size) {
      yield whole.subarray(at, at + size);
      await turn();
    }
  };

const SEEDS = Array.from({ length: 12 }, (_, seed) => seed + 1);

describe('frames doubled and reordered do no harm', () => {
  const network = { drop: 0, duplicate: 0.2, reorder: 0.4 };

  test.each(SEEDS)('download %i', async (seed) => {
    const whole = bytes(2_500_000);
    const { rig, calls, finish } = createWorld(seed, network, inChunks(whole, 70_000));

    const { response } = await finish(await rig.ask());

    expect(response.ended).toBe(true);
    expect(response.body().equals(whole)).toBe(true);
    expect(calls).toEqual(['GET']);
  });

  test.each(SEEDS)('upload %i', async (seed) => {
    const whole = bytes(1_200_000);
    const { rig, uploads, finish } = createWorld(seed, network, inChunks(Buffer.from('taken'), 5));

    const { response } = await finish(await rig.ask({ httpMethod: 'POST', body: whole.toString('base64'), isBase64Encoded: true }));

    expect(response.body().toString()).toBe('taken');
    expect(uploads).toHaveLength(1);
    expect(uploads[0]!.equals(whole)).toBe(true);
  });
});

describe('frames lost: the whole answer, a code, or a visible break', () => {
  const network = { drop: 0.03, duplicate: 0.05, reorder: 0.2 };
  const rates = { complete: 0 };

  test.each(SEEDS)('download %i', async (seed) => {
    const whole = bytes(1_500_000);
    const { rig, finish } = createWorld(seed, network, inChunks(whole, 60_000));

    const { response, finished, failure } = await finish(await rig.ask());

    expect(finished()).toBe(true);
    if (response.status !== 200) expect(JSON.parse(response.body().toString()).code).toMatch(/^ERR_/);
    else if (response.ended) expect(response.body().equals(whole)).toBe(true);
    else expect(failure()).toMatchObject({ code: expect.stringMatching(/^ERR_/) });
    rates.complete += response.status === 200 && response.ended ? 1 : 0;
  });

  test('most downloads are whole in spite of it', () => {
    expect(rates.complete).toBeGreaterThanOrEqual(SEEDS.length - 3);
  });

  test.each(SEEDS)('POST %i is carried out at most once', async (seed) => {
    const { rig, calls, finish } = createWorld(seed, { ...network, drop: 0.3 }, inChunks(Buffer.from('done'), 4));

    const { response, finished } = await finish(await rig.ask({ httpMethod: 'POST', body: 'a=1' }));

    expect(finished()).toBe(true);
    expect(calls.length).toBeLessThanOrEqual(1);
    if (response.status === 200) expect(response.body().toString()).toBe('done');
    else expect(JSON.parse(response.body().toString()).code).toMatch(/^ERR_/);
  });
});

describe('channels that die in the middle of a download', () => {
  const whole = bytes(8_000_000);

  const begun = async () => {
    const world = createWorld(1, CALM, inChunks(whole, 90_000));
    const asked = await world.rig.ask();
    asked.response.slow = true;
    await turn();
    return { ...world, asked };
  };

  test('the reply channel, noticed by the router', async () => {
    const { rig, asked, finish } = await begun();

    rig.replyApi.close(rig.replyApi.connections()[0]!);
    asked.response.takeAgain();
    await finish(asked);

    expect(asked.response.ended).toBe(true);
    expect(asked.response.body().equals(whole)).toBe(true);
  });

  test('the reply channel, without a word', async () => {
    const { rig, asked, finish } = await begun();

    rig.replyApi.mute(rig.replyApi.connections()[0]!);
    asked.response.takeAgain();
    await finish(asked);

    expect(asked.response.ended).toBe(true);
    expect(asked.response.body().equals(whole)).toBe(true);
  });

  test('the tunnel, with another one open', async () => {
    const { rig, exchanges, asked, openTunnel, finish } = await begun();

    rig.behaviours.set('tunnel-a=', 'gone');
    openTunnel('tunnel-a2=');
    exchanges.moved('tunnel-a2=');
    asked.response.takeAgain();
    await finish(asked);

    expect(asked.response.ended).toBe(true);
    expect(asked.response.body().equals(whole)).toBe(true);
  });

  test('both, without a word', async () => {
    const { rig, asked, exchanges, openTunnel, finish } = await begun();

    rig.behaviours.set('tunnel-a=', () => undefined);
    rig.replyApi.mute(rig.replyApi.connections()[0]!);
    asked.response.takeAgain();
    await rig.clock.advance(9_000);
    openTunnel('tunnel-a2=');
    rig.tunnels.push(tunnel({ connectionId: 'tunnel-a2=', seenAt: rig.clock.now() }));
    exchanges.moved('tunnel-a2=');
    await finish(asked);

    expect(asked.response.ended).toBe(true);
    expect(asked.response.body().equals(whole)).toBe(true);
  });
});
