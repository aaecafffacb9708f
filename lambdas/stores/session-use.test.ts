// A session that lies unused ends to the millisecond, and is kept by notes that are few and never come too late.
import { expect, test } from '@jest/globals';
import { isNoteDue, isUnused, noteWindow } from './session-use.ts';

const NOW = 1_700_000_000_000;
const IDLE_MS = 1_800_000;
const used = (agoMs: number, idleMs: number | undefined = IDLE_MS) => ({ idleMs, usedAt: NOW - agoMs });

test('is unused from the moment on in which its time is over', () => {
  expect([0, IDLE_MS - 1, IDLE_MS, IDLE_MS + 1].map((agoMs) => isUnused(used(agoMs), NOW))).toEqual([false, false, true, true]);
});

test('that may lie as long as it will is never unused, and needs no notes', () => {
  const unlimited = { usedAt: 0 };

  expect([isUnused(unlimited, NOW), isNoteDue(unlimited, NOW), isUnused({}, NOW), isNoteDue({}, NOW)]).toEqual(Array(4).fill(false));
});

test('whose use was never noted has lain for ever', () => {
  expect(isUnused({ idleMs: IDLE_MS }, NOW)).toBe(true);
});

test('is noted again once the last note is a tenth of its time old, never for one that is over', () => {
  expect([0, IDLE_MS / 10 - 1, IDLE_MS / 10, IDLE_MS - 1].map((agoMs) => isNoteDue(used(agoMs), NOW))).toEqual([false, false, true, true]);
  const { after, until } = noteWindow(IDLE_MS, NOW);
  expect(isUnused({ idleMs: IDLE_MS, usedAt: after }, NOW)).toBe(false);
  expect(isUnused({ idleMs: IDLE_MS, usedAt: after - 1 }, NOW)).toBe(true);
  expect(until).toBe(NOW - IDLE_MS / 10);
});

test('an idle time that is no multiple of ten is noted early rather than late', () => {
  expect(noteWindow(15, NOW).until).toBe(NOW - 2);
});
