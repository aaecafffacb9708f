import { expect, test } from '@jest/globals';
import type { DecisionReport } from '../../protocol/control.ts';
import { createTestingCli } from '../testing-cli.ts';

const cli = createTestingCli();

test('why tells the decision, the rule and what was looked at, of what is supposed', async () => {
  const report: DecisionReport = {
    application: 'wiki',
    request: { method: 'POST', host: 'wiki.apps.sallyport.localhost', path: '/admin/' },
    outcome: 'deny',
    rule: 'Office',
    examined: [
      { rule: 'access', met: true, findings: [] },
      { rule: 'Office', met: false, findings: [{ requirement: 'networks', holds: false, wanted: '10.0.0.0/8', found: '192.0.2.1' }] },
    ],
    supposed: { groups: ['staff', 'admins'], session: null },
  };
  const url = 'https://wiki.apps.sallyport.localhost/admin/';
  const supposed = ['--group', 'staff', '--group', 'admins', '--claim', 'team=a=b', '--mfa', '--signed-in-ago', '5m'];

  expect(await cli.runAt({ 'POST /control/decisions': [200, report] }, 'why', 'alice', 'POST', url, ...supposed)).toBe(0);

  expect(JSON.parse(cli.asked[0]!.body)).toEqual({
    method: 'POST',
    url,
    situation: {
      user: 'alice',
      groups: ['staff', 'admins'],
      claims: { team: 'a=b' },
      at: '2026-11-24T10:00:00Z',
      mfa: true,
      signedInAgo: '5m',
    },
    session: null,
  });
  expect(cli.said).toEqual([
    'alice, POST wiki.apps.sallyport.localhost/admin/: denied, by “Office”.',
    'Groups: staff, admins, as the options say; a real request has those of the user’s session (--session last).',
    'Application wiki:',
    '  met      access',
    '  not met  Office',
    '             no   networks: 10.0.0.0/8 (is: 192.0.2.1)',
  ]);
});

test('why takes the user for whom a session says, and then nothing else of them', async () => {
  const report: DecisionReport = {
    ...{
      application: 'wiki',
      request: { method: 'GET', host: 'wiki.apps.sallyport.localhost', path: '/' },
      outcome: 'allow',
      rule: 'access',
    },
    ...{ examined: [], supposed: { groups: ['staff'], session: Date.UTC(2026, 10, 24, 9) } },
  };
  const url = 'https://wiki.apps.sallyport.localhost/';

  expect(await cli.runAt({ 'POST /control/decisions': [200, report] }, 'why', 'alice', 'GET', url, '--session', 'last')).toBe(0);

  expect(JSON.parse(cli.asked[0]!.body)).toMatchObject({ session: 'last' });
  expect(cli.said).toContain('Groups: staff, of the session of 2026-11-24T09:00:00Z.');
  expect(await cli.runAt({}, 'why', 'alice', 'GET', url, '--session', 'last', '--group', 'staff')).toBe(2);
  expect(cli.complained[0]).toMatch(/why takes --session, or --group: the session says it already/);
});

test.each([
  ['--claim', 'team', /--claim expects NAME=VALUE, and got team\./],
  ['--claim', '=a', /--claim expects NAME=VALUE/],
  ['--at', 'yesterday', /--at expects a time in UTC such as 2026-01-06T12:00Z, and got yesterday/],
])('why refuses %s %s before it asks', async (option, value, told) => {
  expect(await cli.runAt({}, 'why', 'alice', 'GET', 'https://wiki.apps.sallyport.localhost/', option, value)).toBe(2);

  expect(cli.complained[0]).toMatch(told);
});
