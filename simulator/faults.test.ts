import { expect, test } from '@jest/globals';
import { createFaults, parseFaults } from './faults.ts';

test('faults are read from text', () => {
  expect(parseFaults('drop=0.01, delay=50,throttle-tables=1')).toEqual({ drop: 0.01, delay: 50, 'throttle-tables': 1 });
  expect(parseFaults('')).toEqual({});
});

test('every fault in the text is told', () => {
  expect(() => parseFaults('drop=2,lose=0.1,delay,gone=x')).toThrow(
    expect.objectContaining({
      code: 'ERR_CONFIGURATION_INVALID',
      message: expect.stringMatching(
        /drop must be a share from 0 to 1; lose is not a fault .*; delay must be milliseconds .*; gone must be a share/,
      ),
    }),
  );
});

test('they change while the simulator runs, and wrong ones change nothing', () => {
  const faults = createFaults({ drop: 0.5 });

  faults.set({ delay: 20 });

  expect(faults).toMatchObject({ drop: 0.5, delayMs: 20 });
  expect(() => faults.set({ drop: 0, gone: -1 })).toThrow('gone must be a share');
  expect(faults.all()).toMatchObject({ drop: 0.5, delay: 20, gone: 0 });
});
