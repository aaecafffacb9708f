import type { FilterLogEventsCommand, FilterLogEventsCommandOutput } from '@aws-sdk/client-cloudwatch-logs';
import { expect, test } from '@jest/globals';
import { createFunctionLog, type LogQuery } from './function-log.ts';

type Page = Partial<FilterLogEventsCommandOutput> | Error;

/** A log that answers these pages in turn; each takes `pageMs`. */
const logOf = (pages: readonly Page[], pageMs = 0) => {
  const asked: FilterLogEventsCommand['input'][] = [];
  let now = 1_700_000_000_000;
  const send = async ({ input }: FilterLogEventsCommand) => {
    asked.push(input);
    now += pageMs;
    const page = pages[asked.length - 1] ?? {};
    if (page instanceof Error) throw page;
    return page;
  };
  const log = createFunctionLog({ client: { send: send as never }, group: 'router-log', now: () => now });
  const find = (query: Partial<LogQuery> = {}) => log.find({ fields: [{ exchange: 'a' }], from: 1, to: 2, ...query });
  return { asked, find };
};
const named = (name: string): Error => Object.assign(new Error('told by AWS'), { name });

test('asks for lines that have the fields, within the time', async () => {
  const { asked, find } = logOf([]);

  await find({ fields: [{ exchange: 'a_b-c' }, { event: 'links.found', application: 'wiki' }] });

  expect(asked).toEqual([
    {
      logGroupName: 'router-log',
      filterPattern: '{ ($.exchange = "a_b-c") || ($.event = "links.found" && $.application = "wiki") }',
      startTime: 1,
      endTime: 2,
      limit: 1000,
      nextToken: undefined,
    },
  ]);
});

test('reads on while pages are empty, and leaves out what is no line of ours', async () => {
  const { asked, find } = logOf([
    { events: [], nextToken: 'one' },
    { events: [{ message: 'START RequestId: 1' }, { message: '"text"' }, { message: '{"n":1}\n' }], nextToken: 'two' },
    { events: [{ message: '{"n":2}' }] },
  ]);

  const page = await find();

  expect(page).toEqual({ lines: [{ n: 1 }, { n: 2 }], next: null });
  expect(asked.map(({ nextToken }) => nextToken)).toEqual([undefined, 'one', 'two']);
});

test('stops before the function’s time is up, and tells where to go on', async () => {
  const { asked, find } = logOf(
    Array.from({ length: 9 }, (_, index) => ({ events: [], nextToken: `t${index}` })),
    4_000,
  );

  const page = await find();

  expect(page).toEqual({ lines: [], next: 't2' });
  expect(asked).toHaveLength(3);
});

test('goes on from a token', async () => {
  const { asked, find } = logOf([]);

  await find({ next: 'there' });

  expect(asked[0]?.nextToken).toBe('there');
});

test.each(['a"b', 'a*', 'a\\', 'a\n', 'a}'])('a value that could say more than a value is not searched for: %p', async (value) => {
  const { asked, find } = logOf([]);

  await expect(find({ fields: [{ exchange: value }] })).rejects.toMatchObject({ code: 'ERR_REQUEST_INVALID' });
  expect(asked).toEqual([]);
});

test('a log that cannot be read is told with its name; a token that is none, as such', async () => {
  await expect(logOf([named('ThrottlingException')]).find()).rejects.toMatchObject({
    code: 'ERR_STORE_UNAVAILABLE',
    message: expect.stringContaining('router-log cannot be read (ThrottlingException)'),
  });
  await expect(logOf([named('InvalidParameterException')]).find({ next: 'x' })).rejects.toMatchObject({ code: 'ERR_REQUEST_INVALID' });
});
