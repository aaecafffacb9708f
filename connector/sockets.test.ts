// How many WebSockets one session and one origin may have.
import { expect, test } from '@jest/globals';
import { SOCKETS_OPEN_MAX } from '../protocol/limits.ts';
import type { OriginSocket } from './ports.ts';
import { answerOf, createBench, PlayedBody } from './testing/bench.ts';

const socket: OriginSocket = {
  listen: () => undefined,
  send: (_data, _kind, _more, taken) => taken(),
  close: () => undefined,
  terminate: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
};

const prepare = (options: Parameters<typeof createBench>[0]) => {
  const bench = createBench({ limit: 1_000, allow: ['http://app.corp', 'http://other.corp'], ...options });
  const ask = async (owner: string | undefined, url = 'http://app.corp/chat') => {
    const upgrade = { protocols: [], maxAgeMs: 3_600_000, idleMs: 3_600_000, ...(owner !== undefined && { owner }) };
    const request = bench.request({ url, upgrade });
    await bench.deliver(request);
    return request.exchange;
  };
  const opened = () => bench.calls.at(-1)!.answer({ ...answerOf(new PlayedBody().write(null), [], 101), socket });
  const refusals = () => bench.posted.flatMap(({ frame }) => (frame.type === 'error' ? [frame.code] : []));
  return { bench, ask, opened, refusals };
};

test('a session has so many, those that are being opened among them; another session has as many', async () => {
  const { bench, ask, opened, refusals } = prepare({ originSockets: 10_000 });
  for (let count = 0; count < SOCKETS_OPEN_MAX; count += 1) {
    await ask('alice');
    if (count % 2 === 0) opened();
  }
  expect(refusals()).toEqual([]);

  await ask('alice');
  await ask('bob');

  expect(refusals()).toEqual(['ERR_SOCKET_LIMIT']);
  expect(bench.calls).toHaveLength(SOCKETS_OPEN_MAX + 1);
});

test('an origin has so many, whoever asks; beyond them another connector is asked', async () => {
  const { bench, ask, opened, refusals } = prepare({ originSockets: 3 });
  for (const owner of ['alice', undefined, 'bob']) {
    await ask(owner);
    opened();
  }

  await ask('carol');
  await ask('carol', 'http://other.corp/chat');

  expect(refusals()).toEqual(['ERR_CONNECTOR_BUSY']);
  expect(bench.calls.map(({ origin }) => origin)).toEqual(['http://app.corp', 'http://app.corp', 'http://app.corp', 'http://other.corp']);
});

test('one that was not opened, or is over, makes room for the next', async () => {
  const { bench, ask, opened, refusals } = prepare({ originSockets: 1 });
  await ask('alice');
  bench.calls.at(-1)!.answer(answerOf(new PlayedBody().write('not you', null), [], 403));
  await bench.clock.pass(1_000);
  const exchange = await ask('alice');
  opened();
  await bench.clock.pass(1_000);
  const link = { id: 'link-1', number: 0 };
  await bench.deliver({ type: 'socket-receipt', exchange, received: 0, limit: 1 << 20, link });
  await bench.deliver({ type: 'socket-lost', exchange, link });
  await bench.clock.pass(17 * 60_000);

  await ask('alice');

  expect([refusals(), bench.calls.length]).toEqual([[], 3]);
});
