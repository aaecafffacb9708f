import { describe, expect, test } from '@jest/globals';
import type { LogPage } from '../../protocol/control.ts';
import { createLog, type LogFields } from '../../protocol/log.ts';
import type { AuditFilter, ControlClient, Span } from '../control-client.ts';
import { main } from '../main.ts';

const NOW = Date.parse('2026-11-24T10:00:00Z');
const OPTIONS = ['--endpoint', 'https://control.example.com', '--region', 'eu-central-1'];

/** As a function logs it. */
const logged = (secondsAgo: number, event: string, fields: LogFields): Record<string, unknown> => {
  const lines: string[] = [];
  createLog({ write: (line) => void lines.push(line), now: () => NOW - secondsAgo * 1000 }).info(event, fields);
  return JSON.parse(lines[0]!);
};

const signIn = logged(60, 'sign-in.completed', { address: '192.0.2.7', audit: { kind: 'sign-in', user: 'bob' } });
const denied = logged(30, 'exchange.refused', {
  ...{ method: 'POST', host: 'wiki.example.com', code: 'ERR_CONDITION_NOT_MET', error: 'bob may not', address: '192.0.2.7' },
  audit: { kind: 'decision', method: 'POST', host: 'wiki.example.com', path: '/a\u001b[2J', status: 403, user: 'bob', rule: 'office only' },
});
const made = logged(45, 'control.service-token-made', {
  administrator: 'arn:aws:iam::123456789012:user/ada',
  audit: { kind: 'token', change: 'create', entity: { type: 'Service token', name: 'robot' } },
});

const run = async (pages: readonly LogPage[], ...argv: string[]) => {
  const asked: Array<readonly [AuditFilter, Span]> = [];
  const said: string[] = [];
  const complained: string[] = [];
  const client = {
    audit: async (filter: AuditFilter, span: Span) => {
      asked.push([filter, span]);
      return pages[asked.length - 1]!;
    },
  };
  const status = await main(['audit', ...argv, ...OPTIONS], {
    env: {},
    say: (line) => void said.push(line),
    complain: (line) => void complained.push(line),
    now: () => NOW,
    connect: () => client as ControlClient,
  });
  return { status, asked, said, complained };
};

test('events of every page are a table in the order of time, without what would steer the terminal', async () => {
  const { status, asked, said } = await run([
    { lines: [denied], next: 'more' },
    { lines: [signIn, made], next: null },
  ]);

  expect(status).toBe(0);
  expect(asked.map(([, { next }]) => next)).toEqual([null, 'more']);
  expect(said.map((line) => line.replaceAll(/ {2,}/g, ' | '))).toEqual([
    'time | kind | outcome | user | about | address | why',
    '2026-11-24T09:59:00.000Z | sign-in | done | bob | 192.0.2.7',
    '2026-11-24T09:59:15.000Z | token | done | arn:aws:iam::123456789012:user/ada | Service token robot made',
    '2026-11-24T09:59:30.000Z | decision | refused | bob | POST wiki.example.com/a�[2J | 192.0.2.7 | office only',
  ]);
});

test('what is asked for is what was said: kind, user, application, since when', async () => {
  const { asked } = await run([{ lines: [], next: null }], '--kind', 'decision', '--user', 'bob', '--application', 'wiki', '--since', '2d');

  expect(asked).toEqual([
    [
      { kind: 'decision', user: 'bob', application: 'wiki' },
      { from: NOW - 2 * 86_400_000, to: NOW, next: null },
    ],
  ]);
});

test('nothing found is said', async () => {
  const { status, said } = await run([{ lines: [], next: null }]);

  expect(status).toBe(0);
  expect(said).toEqual(['Nothing of the kind in the last 1h. Lines come up to a minute late.']);
});

describe('with --json', () => {
  test('each event is a line as it was logged, and nothing else is said', async () => {
    const { said } = await run([{ lines: [denied, signIn], next: null }], '--json');

    expect(said.map((line) => JSON.parse(line))).toEqual([signIn, denied]);
  });

  test('of nothing there is no line', async () => {
    expect((await run([{ lines: [], next: null }], '--json')).said).toEqual([]);
  });
});

test.each([
  ['--kind', 'gossip'],
  ['--since', 'yesterday'],
  ['--since', '91d'],
  ['--application', 'wiki', '--application', 'hr'],
  ['--group', 'staff'],
])('called wrongly it ends with 2, and nothing is asked: %s %s', async (...argv) => {
  const { status, asked, complained } = await run([], ...argv);

  expect({ status, asked }).toEqual({ status: 2, asked: [] });
  expect(complained[0]).toContain('ERR_CONFIGURATION_INVALID');
});
