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
  groups: [
    { name: 'default', connectors: 1, liveTunnels: 1 },
    { name: 'site', connectors: 0, liveTunnels: 0 },
  ],
  applications: [
    {
      ...{ id: 'crm', name: 'CRM', externalUrl: 'http://crm.apps.sallyport.localhost:8080/', group: 'default' },
      ...{ reachable: false, state: 'unreachable' },
      origins: [
        {
          ...{ origin: 'https://crm.corp', reachable: false },
          attempts: [{ connector: 'hall-1', at: NOW - 5_000, by: 'request', code: 'ERR_ORIGIN_CERTIFICATE' }],
        },
      ],
    },
    {
      ...{ id: 'hr', name: 'HR', externalUrl: 'http://hr.apps.sallyport.localhost:8080/', group: 'site' },
      ...{ reachable: false, state: 'offline', origins: [{ origin: 'http://hr.corp', reachable: false, attempts: [] }] },
    },
    {
      ...{ id: 'new', name: 'New', externalUrl: 'http://new.apps.sallyport.localhost:8080/', group: 'default' },
      ...{ reachable: false, state: 'unknown', origins: [{ origin: 'http://new.corp', reachable: false, attempts: [] }] },
    },
    {
      ...{ id: 'wiki', name: 'Wiki', externalUrl: 'http://wiki.apps.sallyport.localhost:8080/', group: 'default' },
      ...{ reachable: true, state: 'reachable' },
      origins: [
        { origin: 'http://wiki.corp', reachable: true, attempts: [{ connector: 'hall-1', at: NOW - 130_000, by: 'probe', code: null }] },
      ],
    },
  ],
};

test('status shows connectors, groups, and by whom and when each application was reached, or what it fails of', async () => {
  expect(await cli.runAt({ 'GET /control/status': [200, status] }, 'status')).toBe(3);

  expect(cli.said).toEqual([
    'local (sallyport.localhost), portal http://portal.sallyport.localhost:8080',
    '',
    'connector  group    version  tunnels        seen',
    'hall-1     default  0.1.0    1, 1 draining  1 min ago',
    '',
    'group    connectors  live tunnels',
    'default  1           1',
    'site     0           0',
    '',
    'application  group    state        last success               external URL',
    'crm          default  UNREACHABLE  -                          http://crm.apps.sallyport.localhost:8080/',
    'hr           site     OFFLINE      -                          http://hr.apps.sallyport.localhost:8080/',
    'new          default  unknown      -                          http://new.apps.sallyport.localhost:8080/',
    'wiki         default  reachable    2 min ago, hall-1 (probe)  http://wiki.apps.sallyport.localhost:8080/',
    '',
    'crm is unreachable:',
    '  https://crm.corp: hall-1, 5 s ago (request): ERR_ORIGIN_CERTIFICATE',
    '',
    'hr is offline: no connector of group site has a live tunnel.',
    '',
    'new is unknown: not every connector of group default has tried it yet.',
  ]);
});

test('status --json is the whole of it for programs', async () => {
  expect(await cli.runAt({ 'GET /control/status': [200, status] }, 'status', '--json')).toBe(3);

  expect(JSON.parse(cli.said.join('\n'))).toEqual(status);
});

test('status exits with 0 when every application is reachable', async () => {
  const good = { ...status, applications: status.applications.filter(({ reachable }) => reachable) };

  expect(await cli.runAt({ 'GET /control/status': [200, good] }, 'status')).toBe(0);
});

test('status that cannot be read exits with 1', async () => {
  expect(await cli.runAt({ 'GET /control/status': [403, { code: 'ERR_CONTROL_DENIED' }] }, 'status')).toBe(1);
});
