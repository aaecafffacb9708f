import { describe, expect, test } from '@jest/globals';
import { parseFilterPattern } from './filter-pattern.ts';

const LINE = JSON.stringify({ event: 'exchange.finished', exchange: 'abc', status: 200, premises: { answered: 12 }, resumed: false });

describe('a pattern finds the line', () => {
  test.each([
    '',
    '{ $.exchange = "abc" }',
    '{ $.exchange = "a*" }',
    '{$.status=200}',
    '{ $.status != 404 }',
    '{ $.premises.answered = 12 }',
    '{ $.exchange = "x" || $.event = "exchange.*" }',
    '{ ($.exchange = "x" || $.exchange = "abc") && $.status = 200 }',
    '{ $.exchange = "x" && $.status = 404 || $.status = 200 }',
    '{ $.resumed = "false" }',
  ])('%s', (pattern) => {
    expect(parseFilterPattern(pattern)(LINE)).toBe(true);
  });
});

describe('a pattern does not find the line', () => {
  test.each([
    '{ $.exchange = "ab" }',
    '{ $.exchange = "ab." }',
    '{ $.exchange = "abc" && $.status = 404 }',
    '{ $.nothing = "abc" }',
    '{ $.nothing != "abc" }',
    '{ $.status = "2*" }',
    '{ $.exchange = "x" && ($.status = 404 || $.status = 200) }',
  ])('%s', (pattern) => {
    expect(parseFilterPattern(pattern)(LINE)).toBe(false);
  });

  test('that is no JSON', () => {
    expect(parseFilterPattern('{ $.exchange != "x" }')('START RequestId: 1')).toBe(false);
  });
});

test.each(['ERROR', '[a, b]', '{ $.a }', '{ $.a = b }', '{ $.a = "b" ', '{ $.a > 1 }', '{ a = "b" }', '{ $.a = "b" } x'])(
  '%p is refused, since it is not simulated',
  (pattern) => {
    expect(() => parseFilterPattern(pattern)).toThrow('Invalid filter pattern');
  },
);
