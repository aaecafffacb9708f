import { expect, test } from '@jest/globals';
import type { LogPage } from '../../protocol/control.ts';
import { findAudit } from './audit-log.ts';
import type { FunctionLog, LogQuery } from './function-log.ts';

/** A log that answers these pages in turn, and what it was asked. */
const logOf = (...pages: readonly LogPage[]) => {
  const asked: LogQuery[] = [];
  const log: FunctionLog = {
    find: async (query) => {
      asked.push(query);
      return pages[asked.length - 1] ?? { lines: [], next: null };
    },
  };
  return { log, asked };
};
const query = (more: Record<string, string> = {}) => new URLSearchParams({ from: '1', to: '2', ...more });
const line = (second: number) => ({ time: `2026-11-24T10:00:0${second}.000Z` });

test('every log is searched for the marker of the audit, within the time, and a page is in the order of time', async () => {
  const router = logOf({ lines: [line(2), line(4)], next: null });
  const portal = logOf({ lines: [line(1), line(3)], next: null });

  const page = await findAudit({ routerLog: router.log, otherLogs: [portal.log] }, query());

  expect(page).toEqual({ lines: [line(1), line(2), line(3), line(4)], next: null });
  for (const { asked } of [router, portal]) {
    expect(asked).toEqual([{ fields: [{ 'ocsf.metadata.product.name': 'Sallyport' }], from: 1, to: 2, limit: 500, next: undefined }]);
  }
});

test('a page after another goes on in each log where it ended, and asks none that was at its end', async () => {
  const router = logOf({ lines: [line(1)], next: 'more' }, { lines: [line(2)], next: null });
  const portal = logOf();
  const ports = { routerLog: router.log, otherLogs: [portal.log] };

  const { next } = await findAudit(ports, query());
  const last = await findAudit(ports, query({ next: next! }));

  expect(last).toEqual({ lines: [line(2)], next: null });
  expect(router.asked.map((asked) => asked.next)).toEqual([undefined, 'more']);
  expect(portal.asked).toHaveLength(1);
});

test('a user is whom an event is about or the administrator who did it; a kind and an application narrow it further', async () => {
  const router = logOf();

  await findAudit({ routerLog: router.log, otherLogs: [] }, query({ kind: 'decision', user: 'bob', application: 'wiki' }));

  expect(router.asked[0]?.fields).toEqual([
    { audit: 'decision', application: 'wiki', user: 'bob' },
    { audit: 'decision', application: 'wiki', administrator: 'bob' },
  ]);
});

test('exchanges are in the router’s log alone, each as its own line', async () => {
  const router = logOf();
  const portal = logOf();

  await findAudit({ routerLog: router.log, otherLogs: [portal.log] }, query({ kind: 'exchange', user: 'bob' }));

  expect(router.asked[0]?.fields).toEqual([
    { event: 'exchange.finished', user: 'bob' },
    { event: 'exchange.failed', user: 'bob' },
  ]);
  expect(portal.asked).toEqual([]);
});

test.each<Record<string, string>>([
  { kind: 'gossip' },
  { from: 'yesterday' },
  { next: 'made-up' },
  { next: Buffer.from('[1]').toString('base64url') },
])('what cannot be searched for is refused: %j', async (more) => {
  const { log, asked } = logOf();

  const found = findAudit({ routerLog: log, otherLogs: [] }, query(more));

  await expect(found).rejects.toMatchObject({ code: 'ERR_REQUEST_INVALID' });
  expect(asked).toEqual([]);
});
