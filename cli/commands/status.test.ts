import { expect, test } from '@jest/globals';
import type { Status } from '../../protocol/control.ts';
import { createTestingCli, NOW } from '../testing-cli.ts';

const cli = createTestingCli();
const status: Status = {
  tenant: 'local',
  domain: 'sallyport.localhost',
  portal: 'http://portal.sallyport.localhost:8080',
  connectors: [
    {
      id: 'hall-1',
      name: 'hall',
      group: 'default',
      version: '0.1.0',
      enrolledAt: NOW,
      seenAt: NOW - 61_000,
      tunnels: [{ connectionId: 'a=', openedAt: NOW, seenAt: NOW, draining: true }],
    },
  ],
  groups: [{ name: 'default', connectors: 1, liveTunnels: 0 }],
  applications: [
    { id: 'wiki', name: 'Wiki', externalUrl: 'http://wiki.apps.sallyport.localhost:8080/', group: 'default', reachable: false },
  ],
};

test('status shows connectors, groups and what is offline', async () => {
  expect(await cli.runAt({ 'GET /control/status': [200, status] }, 'status')).toBe(0);

  expect(cli.said).toEqual([
    'local (sallyport.localhost), portal http://portal.sallyport.localhost:8080',
    '',
    'connector  group    version  tunnels        seen',
    'hall-1     default  0.1.0    1, 1 draining  1 min ago',
    '',
    'group    connectors  live tunnels',
    'default  1           0',
    '',
    'application  group    state    external URL',
    'wiki         default  OFFLINE  http://wiki.apps.sallyport.localhost:8080/',
    '',
    'Offline, since no connector of the group has a live tunnel: wiki',
  ]);
});
