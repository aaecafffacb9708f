// A deadline of a test is lengthened once, however often what it belongs to begins.
import { expect, test } from '@jest/globals';
// It is JavaScript, since jest loads it before it knows of anything else.
// @ts-expect-error
import Environment from './environment.js';

const STATE = { testTimeout: 1_000 };
const PROJECT = { globals: {}, testEnvironmentOptions: {}, fakeTimers: {} };

test('tests and hooks that hang are ended later than they say', async () => {
  const environment = new Environment({ globalConfig: {}, projectConfig: PROJECT }, {});
  const [slow, usual, before] = [{ timeout: 5_000 }, {} as { timeout?: number }, { timeout: 2_000 }];

  environment.handleTestEvent({ name: 'test_start', test: slow }, STATE);
  environment.handleTestEvent({ name: 'test_start', test: usual }, STATE);
  for (let each = 0; each < 3; each += 1) environment.handleTestEvent({ name: 'hook_start', hook: before }, STATE);
  await environment.teardown();

  expect([slow.timeout, usual.timeout, before.timeout]).toEqual([30_000, 6_000, 12_000]);
});
