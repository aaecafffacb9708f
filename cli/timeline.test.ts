import { expect, test } from '@jest/globals';
import { describeExchange, type LogLine } from './timeline.ts';

const at = (ms: number) => new Date(Date.parse('2026-11-24T10:00:00.000Z') + ms).toISOString();
const common = { level: 'info', tenant: 'example', function: 'router', request: 'request-1' };
const passed = { application: 'wiki', user: 'alice', method: 'GET', host: 'wiki.apps.example.com', resolved: 2, admitted: 3 };
const finished: LogLine = {
  ...common,
  ...passed,
  time: at(40),
  event: 'exchange.finished',
  exchange: 'second',
  connector: 'hall-1',
  tunnel: 'T=',
  posted: 10,
  head: 36,
  firstByte: 36,
  premises: { verified: 4, connected: 1, answered: 20, sent: 21 },
  status: 200,
  ms: 40,
  bytes: 1234,
};

test('tells each step of an exchange, with what the connector measured in between', () => {
  expect(describeExchange([finished])).toEqual([
    'Request request-1 for application wiki, user alice',
    'Answered with 200 in 40 ms.',
    '',
    '2026-11-24T10:00:00.000Z  the request came in: GET wiki.apps.example.com',
    '                   +2 ms  its application was found: wiki',
    '                   +3 ms  let in as alice',
    '                  +10 ms  posted to tunnel T= of connector hall-1, as exchange second',
    '                  +14 ms    at the connector: found genuine',
    '                  +15 ms    at the connector: connected to the origin',
    '                  +34 ms    at the connector: the origin has answered',
    '                  +35 ms    at the connector: sent the answer on',
    '                  +36 ms  the head is here: 200',
    '                  +36 ms  the first byte of the body is here',
    '                  +40 ms  finished: 200, body of 1234 bytes',
  ]);
});

test('a connector’s clock that is off does not put its steps before the post, nor after what was heard of them', () => {
  const behind = describeExchange([{ ...finished, premises: { verified: 500, sent: 21 } }]);

  expect(behind.filter((line) => line.includes('at the connector')).map((line) => line.trim().split('  ')[0])).toEqual([
    '+15 ms',
    '+36 ms',
  ]);
});

test('tells the attempts before, and what else happened meanwhile', () => {
  const retried: LogLine = {
    ...common,
    time: at(9),
    event: 'exchange.retried',
    exchange: 'first',
    connector: 'cellar-1',
    tunnel: 'S=',
    posted: 5,
    ms: 9,
    code: 'ERR_CONNECTOR_SILENT',
    error: 'SallyportError: Nothing was heard for 3000 ms.',
  };
  const between: LogLine = { ...common, time: at(7), event: 'exchange.tunnel-gone', connector: 'cellar-1', tunnel: 'S=' };

  const links: LogLine = { ...common, time: at(39), event: 'links.found', page: 'wiki.apps.example.com/a' };

  expect(describeExchange([links]).join()).not.toContain('links');
  expect(describeExchange([between, retried, links, finished]).slice(6, 10)).toEqual([
    '                   +5 ms  posted to tunnel S= of connector cellar-1, as exchange first',
    '                   +7 ms  exchange.tunnel-gone connector=cellar-1 tunnel=S=',
    '                   +9 ms  failed: SallyportError: Nothing was heard for 3000 ms.; another connector is asked',
    '                  +10 ms  posted to tunnel T= of connector hall-1, as exchange second',
  ]);
});

test('a failure has its code, its hop and how far it came', () => {
  const { head, firstByte, bytes, ...begun } = finished;
  const failed: LogLine = {
    ...begun,
    event: 'exchange.failed',
    level: 'warn',
    premises: { verified: 4, sent: 9 },
    status: 502,
    hop: 'origin',
    code: 'ERR_ORIGIN_UNREACHABLE',
    error: 'SallyportError: hall-1: http://wiki.corp:8080 refused the connection',
  };

  const story = describeExchange([failed]);

  expect(story[1]).toBe('Failed after 40 ms with ERR_ORIGIN_UNREACHABLE (502, origin): docs/errors.md has what to do.');
  expect(story.slice(-3)).toEqual([
    '                  +14 ms    at the connector: found genuine',
    '                  +23 ms    at the connector: reported that it failed',
    '                  +40 ms  failed: SallyportError: hall-1: http://wiki.corp:8080 refused the connection',
  ]);
});

test('a request that never became an exchange has its end too', () => {
  const request = { ...common, time: at(4), method: 'GET', host: 'wiki.apps.example.com', ms: 4 };
  const refused = {
    ...request,
    event: 'request.refused',
    hop: 'user',
    status: 400,
    code: 'ERR_REQUEST_INVALID',
    error: 'The path has a backslash.',
  };
  const sent = { ...request, ...passed, user: undefined, admitted: undefined, event: 'request.answered', answer: 'sign-in', status: 302 };

  expect(describeExchange([refused])).toEqual([
    'Request request-1',
    'Failed after 4 ms with ERR_REQUEST_INVALID (400, user): docs/errors.md has what to do.',
    '',
    '2026-11-24T10:00:00.000Z  the request came in: GET wiki.apps.example.com',
    '                   +4 ms  failed: The path has a backslash.',
  ]);
  expect(describeExchange([sent]).slice(-2)).toEqual([
    '                   +2 ms  its application was found: wiki',
    '                   +4 ms  answered 302: sent to sign in',
  ]);
});

test('a request without an end says so', () => {
  const story = describeExchange([{ ...common, time: at(9), event: 'exchange.tunnel-gone' }]);

  expect(story[1]).toContain('no end in the log');
});

test('a connector that has no answer has sent none on', () => {
  const failed: LogLine = {
    ...finished,
    event: 'exchange.failed',
    code: 'ERR_ORIGIN_REFUSED',
    premises: { verified: 4, sent: 21 },
    status: 502,
  };

  const story = describeExchange([failed]);

  expect(story.join('\n')).toContain('at the connector: reported that it failed');
  expect(story.join('\n')).not.toContain('sent the answer on');
});

test('a page of the portal that failed is told by the function that made it', () => {
  const line: LogLine = {
    ...{ time: at(0), level: 'warn', tenant: 'example', function: 'portal', requestId: 'JKJaXmPLvHcESHA', event: 'portal.failed' },
    ...{
      method: 'GET',
      path: '/nope',
      status: 404,
      code: 'ERR_APPLICATION_UNKNOWN',
      error: 'There is no such page in the portal.',
      hop: 'user',
    },
  };

  expect(describeExchange([line])).toEqual([
    'Request JKJaXmPLvHcESHA at the function portal',
    'Failed with ERR_APPLICATION_UNKNOWN (404, user): docs/errors.md has what to do.',
    '',
    '2026-11-24T10:00:00.000Z  the request came in: GET /nope',
    '                   +0 ms  failed: There is no such page in the portal.',
  ]);
});
