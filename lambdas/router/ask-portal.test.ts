import type { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { expect, test } from '@jest/globals';
import { createAskToken } from './ask-portal.ts';

const question = { application: 'payroll', host: 'payroll.apps.example.com', by: { session: 's-1' } };

/** The portal's function, which answers with this. */
const portal = (answer: () => Promise<object>) => {
  const asked: InvokeCommand['input'][] = [];
  const send = (async ({ input }: InvokeCommand) => {
    asked.push(input);
    return answer();
  }) as unknown as LambdaClient['send'];
  return { asked, ask: createAskToken({ send }, 'portal') };
};
const payload = (value: unknown) => ({ Payload: { transformToString: () => JSON.stringify(value) } });

test('the portal’s function is invoked for a token, and its answer waited for', async () => {
  const { asked, ask } = portal(async () => payload({ token: 't', goodUntil: 7 }));

  expect(await ask(question)).toEqual({ token: 't', goodUntil: 7 });
  expect(asked).toEqual([{ FunctionName: 'portal', InvocationType: 'RequestResponse', Payload: JSON.stringify({ tokenFor: question }) }]);
});

test.each<[string, () => Promise<object>]>([
  ['cannot be asked', () => Promise.reject(new Error('Rate exceeded'))],
  ['fails', async () => ({ ...payload({ errorMessage: 'x' }), FunctionError: 'Unhandled' })],
  ['answers nothing', async () => ({})],
])('a function that %s is told of as such, and may be asked again', async (_, answer) => {
  await expect(portal(answer).ask(question)).rejects.toMatchObject({ code: 'ERR_ACCESS_TOKEN_UNAVAILABLE', traits: { retryable: true } });
});
