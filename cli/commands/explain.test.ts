import { describe, expect, test } from '@jest/globals';
import { createTestingCli, NOW } from '../testing-cli.ts';

const cli = createTestingCli();

describe('explain', () => {
  const HOUR = 3_600_000;
  const span = (from: number, to: number, next = '') => `GET /control/exchanges/e-1?from=${NOW - from}&to=${NOW - to}${next}` as const;
  const nothing = [200, { lines: [], next: null }] as const;
  const line = { time: '2026-11-23T20:00:00.000Z', event: 'request.answered', request: 'r-1', ms: 3, status: 302, answer: 'sign-in' };

  test('looks further and further back, goes on where a search stopped, and tells what it found', async () => {
    const answers = {
      [span(HOUR, 0)]: [200, { lines: [], next: 'more' }] as const,
      [span(HOUR, 0, '&next=more')]: nothing,
      [span(6 * HOUR, HOUR + 1)]: nothing,
      [span(24 * HOUR, 6 * HOUR + 1)]: [200, { lines: [line], next: null }] as const,
    };

    expect(await cli.runAt(answers, 'explain', 'e-1')).toBe(0);

    expect(cli.said.slice(0, 4)).toEqual([
      'Nothing in the last hour.',
      'Nothing in the last 6 hours.',
      'Request r-1',
      'Answered with 302 in 3 ms.',
    ]);
    expect(cli.asked).toHaveLength(4);
  });

  test('an id that no line has is told as unknown', async () => {
    const spans = [HOUR, 6 * HOUR, 24 * HOUR, 168 * HOUR, 2160 * HOUR];
    const answers = Object.fromEntries(spans.map((from, index) => [span(from, index === 0 ? 0 : spans[index - 1]! + 1), nothing]));

    expect(await cli.runAt(answers, 'explain', 'e-1')).toBe(1);

    expect(cli.complained[0]).toMatch(/^ERR_CONTROL_UNKNOWN: No function’s log has e-1\./);
  });

  test('what is no id is not looked for', async () => {
    expect(await cli.runAt({}, 'explain', 'a b')).toBe(1);

    expect(cli.complained[0]).toMatch(/^ERR_REQUEST_INVALID/);
    expect(cli.asked).toEqual([]);
  });
});
