// Users at a real application by way of a real Active Directory domain.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Domain, startDomain } from '../support/active-directory/domain.ts';
import { withDomain } from '../support/active-directory/suite.ts';
import { type Apache, startApache } from '../support/apache.ts';
import { createRig, type Rig } from './rig.ts';

let domain: Domain;
let apache: Apache;
let rig: Rig;

withDomain('single sign-on by Kerberos', () => {
  beforeAll(async () => {
    domain = await startDomain(
      'CORP.EXAMPLE',
      [{ name: 'alice' }, { name: 'bob' }, { name: 'u4711', upn: 'eve.adams@mail.example' }],
      [
        {
          name: 'svc-connector',
          principal: 'HTTP/connector.corp.example',
          delegates: ['HTTP/app.corp.example', 'HTTP/other.corp.example'],
          protocolTransition: true,
        },
        { name: 'svc-app', principal: 'HTTP/app.corp.example' },
        { name: 'svc-other', principal: 'HTTP/other.corp.example' },
      ],
    );
    apache = await startApache(domain, [
      { path: 'app', service: 'svc-app' },
      { path: 'other', service: 'svc-other' },
      { path: 'session', service: 'svc-app', session: true },
    ]);
    rig = createRig({ domains: [domain], credentials: domain.keytab('svc-connector') });
  }, 120_000);

  afterAll(async () => {
    await rig?.dispose();
    await apache?.dispose();
    await domain?.dispose();
  }, 30_000);

  test('each user is at the application as themselves, and the application has proved who it is', async () => {
    const seen = await Promise.all(['alice', 'bob', 'alice', 'bob'].map((identity) => rig.ask(`${apache.url}app/`, { identity })));

    expect(seen.map(({ status, user }) => [status, user])).toEqual([
      [200, 'alice@CORP.EXAMPLE'],
      [200, 'bob@CORP.EXAMPLE'],
      [200, 'alice@CORP.EXAMPLE'],
      [200, 'bob@CORP.EXAMPLE'],
    ]);
  });
});
