import { expect, test } from '@jest/globals';
import { clockVariables, createManualClock } from './clock.ts';

test('two hours pass in a moment, and what falls due runs in its order', async () => {
  const clock = createManualClock(0);
  const ran: string[] = [];
  clock.after(7_200_000, () => ran.push(`late at ${clock.now()}`));
  clock.after(1000, () => {
    ran.push(`early at ${clock.now()}`);
    clock.after(500, () => ran.push(`nested at ${clock.now()}`));
  });
  const cancel = clock.after(2000, () => ran.push('cancelled'));
  cancel();

  await clock.advance(7_200_000);

  expect(ran).toEqual(['early at 1000', 'nested at 1500', 'late at 7200000']);
  expect(clock.now()).toBe(7_200_000);
});

test('what a simulator starts has its clock, where that is not the machine’s, and nothing else of its environment', () => {
  const faketime = { LD_PRELOAD: '/usr/lib/faketime/libfaketimeMT.so.1', FAKETIME_TIMESTAMP_FILE: '/tmp/ahead', FAKETIME_NO_CACHE: '1' };

  expect(clockVariables({ ...faketime, AWS_SECRET_ACCESS_KEY: 'x', HOME: '/root' })).toEqual(faketime);
  expect(clockVariables({ LD_PRELOAD: '/usr/lib/libjemalloc.so.2', FAKETIME: '+1h' })).toEqual({});
});
