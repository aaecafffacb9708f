import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from '@jest/globals';
import { createSecret } from './secrets.ts';

/** A service that gives one answer after the other. */
const service = (...answers: (string | Error | undefined)[]) => {
  const asked: unknown[] = [];
  const send = async (command: { readonly input: { readonly SecretId?: string } }) => {
    asked.push(command.input.SecretId);
    const answer = answers[asked.length - 1];
    if (answer instanceof Error) throw answer;
    return { SecretString: answer };
  };
  return { client: { send } as unknown as Pick<SecretsManagerClient, 'send'>, asked };
};

describe('a secret', () => {
  test('is asked for once, however many need it', async () => {
    const { client, asked } = service('s1');
    const secret = createSecret(client, 'arn:one');

    const values = await Promise.all([secret.read(), secret.read()]);

    expect([...values, await secret.read()]).toEqual(['s1', 's1', 's1']);
    expect(asked).toEqual(['arn:one']);
  });

  test('is read anew on demand', async () => {
    const secret = createSecret(service('s1', 's2').client, 'arn:one');
    await secret.read();

    const fresh = await secret.refresh();

    expect([fresh, await secret.read()]).toEqual(['s2', 's2']);
  });

  test('that cannot be read is a coded error, and asked for again the next time', async () => {
    const secret = createSecret(service(new Error('denied'), 's1').client, 'arn:one');

    await expect(secret.read()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', message: expect.stringContaining('arn:one') });
    expect(await secret.read()).toBe('s1');
  });

  test('that is known stays known when reading it anew fails', async () => {
    const secret = createSecret(service('s1', new Error('throttled')).client, 'arn:one');
    await secret.read();

    await expect(secret.refresh()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    expect(await secret.read()).toBe('s1');
  });

  test('without a text value is a coded error', async () => {
    await expect(createSecret(service(undefined).client, 'arn:one').read()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
  });
});
