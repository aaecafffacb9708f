// Attack: a request that breaks what reads it, in the hope that whoever checks it then lets it through (fail-open: authelia
// GHSA-68wm-pfjf-wqp6, authentik CVE-2024-47070 and CVE-2026-25748). Whatever path, cookie, token or address is thrown at an application
// that demands a sign-in: the answer is a refusal or a way to sign in, and no connector hears of it.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { application } from '../../lambdas/router/testing/records.ts';
import { createRig } from '../../lambdas/router/testing/rig.ts';

const SESSION = '__Host-sallyport-session';
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom(...'=;, "\\%\r\n\t\0@:/.?#[]{}') }),
);
const cookie = fc.oneof(
  text,
  text.map((value) => `${SESSION}=${value}`),
  fc.stringMatching(/^[\w-]{43}$/).map((value) => `${SESSION}=${value}`),
  fc.stringMatching(/^[\w-]{43}$/).map((value) => `${SESSION}=${value}; ${SESSION}="${value}"`),
);
const fields = fc.record(
  {
    Cookie: fc.array(cookie, { minLength: 1, maxLength: 3 }),
    Authorization: fc.array(
      fc.oneof(
        text,
        text.map((value) => `Bearer ${value}`),
      ),
      { minLength: 1, maxLength: 2 },
    ),
    'X-Forwarded-For': fc.array(text, { minLength: 1, maxLength: 3 }),
    'X-Forwarded-Host': fc.array(text, { minLength: 1, maxLength: 1 }),
    'X-Original-URL': fc.array(text, { minLength: 1, maxLength: 1 }),
    'User-Agent': fc.constantFrom(['GoogleHC/1.0'], ['ELB-HealthChecker/2.0'], ['kube-probe/1.30']),
    Accept: fc.constantFrom(['text/html'], ['*/*']),
  },
  { requiredKeys: [] },
);

test('nothing that cannot be read lets anybody in', async () => {
  const rig = createRig();
  rig.applications[0] = application({ tokens: { audience: 'api://orders', scopes: [], header: 'Authorization', services: true } });
  const statuses = new Set<number | null>();

  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('GET', 'HEAD', 'POST', 'OPTIONS', 'get', 'TRACE'),
      text,
      text,
      fields,
      async (httpMethod, path, query, headers) => {
        const response = await rig.answer({
          httpMethod,
          path: `/${path}`,
          multiValueQueryStringParameters: query === '' ? null : { [query]: [query] },
          headers,
        });
        statuses.add(response.status);
        expect(response.status).toBeGreaterThanOrEqual(300);
      },
    ),
    { numRuns: 1_000 },
  );

  expect(rig.received).toEqual([]);
  // Nor is any of it a failure of ours.
  expect([...statuses].filter((status) => status === null || status >= 500)).toEqual([]);
  // So that it is seen that a request which can be read does get through.
  expect((await rig.answer({ headers: { Cookie: [rig.signIn()] } })).status).toBe(200);
}, 120_000);
