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
  });
  expect(cli.said).toEqual([
    'alice, POST wiki.apps.sallyport.localhost/admin/: denied, by “Office”.',
    'Application wiki:',
    '  met      access',
    '  not met  Office',
    '             no   networks: 10.0.0.0/8 (is: 192.0.2.1)',
  ]);
});
