import { expect, test } from '@jest/globals';
import { SallyportError } from './errors.ts';
import { createLog } from './log.ts';

const capture = () => {
  const lines: Array<Record<string, unknown>> = [];
  return { lines, write: (line: string) => void lines.push(JSON.parse(line)) };
};

test('a line has time, level, event and the fields of its log', () => {
  const { lines, write } = capture();

  createLog({ write, now: () => 0, fields: { tenant: 'example' } })
    .with({ exchange: 'x1' })
    .info('exchange.done', { status: 200 });

  expect(lines).toEqual([
    { time: '1970-01-01T00:00:00.000Z', level: 'info', event: 'exchange.done', tenant: 'example', exchange: 'x1', status: 200 },
  ]);
});

test('an error is told by its code and its chain of causes', () => {
  const { lines, write } = capture();
  const error = new SallyportError('ERR_ORIGIN_UNREACHABLE', 'wiki.corp refused', { cause: new Error('ECONNREFUSED') });

  createLog({ write }).error('exchange.failed', { error });

  expect(lines[0]).toMatchObject({ code: 'ERR_ORIGIN_UNREACHABLE', error: 'SallyportError: wiki.corp refused ← Error: ECONNREFUSED' });
});

test('what is below the level is not written', () => {
  const { lines, write } = capture();

  const log = createLog({ write, level: 'warn' });
  log.info('quiet');
  log.warn('loud');

  expect(lines.map(({ event }) => event)).toEqual(['loud']);
});
