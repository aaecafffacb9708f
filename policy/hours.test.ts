// Opening hours, to the minute: a boundary that moved by one would open a door at a time that nobody named.
import { describe, expect, test } from '@jest/globals';
import { DAYS, type Hours, isWithinHours, isZone } from './hours.ts';

/** The week of Monday, 23 November 2026, by UTC. */
const at = (day: number, time: string): number => Date.parse(`2026-11-${23 + day}T${time}:00Z`);
const [MONDAY, TUESDAY, SATURDAY, SUNDAY] = [0, 1, 5, 6];
const hours = (changes: Partial<Hours>): Hours => ({ days: ['mon'], from: '08:00', to: '18:00', zone: 'UTC', ...changes });

describe('hours of one day', () => {
  test.each([
    ['before they begin', MONDAY, '07:59', false],
    ['as they begin', MONDAY, '08:00', true],
    ['in their last minute', MONDAY, '17:59', true],
    ['as they end', MONDAY, '18:00', false],
    ['on the day before', SUNDAY - 7, '12:00', false],
    ['on the day after', TUESDAY, '12:00', false],
  ])('%s', (_, day, time, expected) => {
    expect(isWithinHours(hours({}), at(day, time))).toBe(expected);
  });

  test('may reach from midnight to the last minute', () => {
    const all = hours({ from: '00:00', to: '23:59' });

    expect(['00:00', '23:58', '23:59'].map((time) => isWithinHours(all, at(MONDAY, time)))).toEqual([true, true, false]);
    expect(isWithinHours(all, at(TUESDAY, '00:00'))).toBe(false);
  });

  test('that end as they begin are none at all, not a whole day', () => {
    const none = hours({ days: DAYS, from: '08:00', to: '08:00' });

    expect(['07:59', '08:00', '08:01', '00:00'].map((time) => isWithinHours(none, at(MONDAY, time)))).toEqual(Array(4).fill(false));
  });
});

describe('hours over midnight', () => {
  const night = hours({ days: ['sun'], from: '22:00', to: '06:00' });

  test.each([
    ['before they begin', SUNDAY, '21:59', false],
    ['as they begin', SUNDAY, '22:00', true],
    ['in the last minute of the day', SUNDAY, '23:59', true],
    ['in the first of the next, in another week', SUNDAY + 1, '00:00', true],
    ['in their last minute', SUNDAY + 1, '05:59', true],
    ['as they end', SUNDAY + 1, '06:00', false],
    ['in the morning of the day itself', SUNDAY, '05:59', false],
    ['in the evening of the next', SUNDAY + 1, '22:00', false],
    ['in the evening before', SATURDAY, '22:00', false],
  ])('%s', (_, day, time, expected) => {
    expect(isWithinHours(night, at(day, time))).toBe(expected);
  });
});

test('each day is known by its name, and no other', () => {
  const named = DAYS.map((_, day) => DAYS.filter((name) => isWithinHours(hours({ days: [name] }), at(day, '12:00'))));

  expect(named).toEqual([['mon'], ['tue'], ['wed'], ['thu'], ['fri'], ['sat'], ['sun']]);
});

test.each([
  ['in summer', '2026-07-06T05:59:00Z', '2026-07-06T06:00:00Z'],
  ['in winter', '2026-11-23T06:59:00Z', '2026-11-23T07:00:00Z'],
])('are told by the clocks of their zone, %s', (_, before, from) => {
  const berlin = hours({ zone: 'Europe/Berlin' });

  expect([before, from].map((moment) => isWithinHours(berlin, Date.parse(moment)))).toEqual([false, true]);
});

test('a zone is one that is known', () => {
  expect(['Europe/Berlin', 'UTC', 'Europe/Atlantis', ''].map(isZone)).toEqual([true, true, false, false]);
});
