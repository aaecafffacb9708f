import { expect, test } from '@jest/globals';
import { startTestingApi } from '../cli/testing-api.ts';
import type { ReadyFile } from './ready-file.ts';
import { signIn } from './sign-in.ts';

test('an application that stands for any name is no place to sign in at', async () => {
  const api = await startTestingApi({ 'GET /control/applications': [200, { applications: [] }] });
  const ready = {
    ...{ applications: [{ name: 'sites', url: 'https://*.apps.example.com:8080/' }], portal: 'https://portal.example.com:8080/' },
    ...{ controlApi: api.url, region: 'us-east-1', administrator: { accessKeyId: 'AKID', secretAccessKey: 'secret' }, users: [] },
  } as unknown as ReadyFile;
  try {
    await expect(signIn(ready, 'bob', 'sites')).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION_INVALID',
      message: 'sites has no address of its own: https://*.apps.example.com:8080/ stands for any name.',
    });
  } finally {
    await api.close();
  }
});
