// Integrated Windows Authentication through the whole path: two people in a real browser, a real Active Directory domain, a real Apache
// that knows users by their Kerberos tickets alone. Neither has a password in the domain that anyone here knows.
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { type Domain, startDomain } from '../support/active-directory/domain.ts';
import { withDomain } from '../support/active-directory/suite.ts';
import { startApache } from '../support/apache.ts';
import type { ApacheServer } from '../support/apache-server.ts';
import { picture, signInAs, startBrowser } from '../support/browser.ts';
import { built } from '../support/built.ts';
import { startChild } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { startWorld, type World } from '../support/world.ts';

let domain: Domain;
let apache: ApacheServer;
let world: World;
let browser: Browser;
let config: string;

withDomain('Integrated Windows Authentication', () => {
  beforeAll(async () => {
    domain = await startDomain(
      'CORP.EXAMPLE',
      [{ name: 'bob' }, { name: 'carol' }, { name: 'dave', protected: true }],
      [
        {
          name: 'svc-connector',
          principal: 'HTTP/connector.corp.example',
          delegates: ['HTTP/app.corp.example'],
          protocolTransition: true,
        },
        { name: 'svc-app', principal: 'HTTP/app.corp.example' },
      ],
    );
    apache = await startApache(domain, [{ path: 'app', service: 'svc-app' }]);
    config = join(domain.folder, 'connector.yaml');
    writeFileSync(
      config,
      `kerberosCredentials: ${domain.keytab('svc-connector')}\nkerberosKdcs: ["${domain.realm}=${domain.controller}"]\nkerberosSeconds: 30\n`,
    );
    world = await startWorld('--publish', `app=${apache.url}`, '--connector-config', config);
    await world.apply([
      {
        id: 'app',
        name: 'Staff portal',
        externalUrl: 'https://app.apps.sallyport.localhost/',
        internalUrl: `${apache.url}app/`,
        access: 'everyone',
        singleSignOn: {
          method: 'kerberos',
          servicePrincipalName: 'HTTP/app.corp.example',
          identity: '{onpremisesuserprincipalname}',
          mutualAuthentication: 'required',
        },
      },
    ]);
    browser = await startBrowser();
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await world?.dispose();
    await apache?.dispose();
    await domain?.dispose();
  }, 60_000);

  const visit = async (username: string): Promise<Page> => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(world.url('app'));
    await signInAs(page, world, username);
    await page.waitForURL(`${world.url('app')}**`);
    return page;
  };

  test('bob and carol sign in once, and Apache knows each as themselves', async () => {
    const pages = await Promise.all([visit('bob'), visit('carol')]);

    const users = await Promise.all(pages.map((page) => page.locator('#user').textContent()));
    await picture(pages[0]!, 'kerberos');
    expect(users).toEqual(['bob@CORP.EXAMPLE', 'carol@CORP.EXAMPLE']);
  }, 90_000);

  test('whose account may not be used by others reads why, with a code', async () => {
    const page = await visit('dave');

    await page.getByText('ERR_KERBEROS_USER_PROTECTED').waitFor();
    await picture(page, 'kerberos-protected');
    expect(await page.getByText('may not be used for this application').count()).toBe(1);
  }, 60_000);

  describe('the connector’s doctor', () => {
    const doctor = async (...args: string[]): Promise<{ code: number | NodeJS.Signals; report: string }> => {
      const settings = ['--state-directory', world.ready.connectors[0]!.stateDirectory, '--config', config, '--allow', apache.url];
      const child = startChild(process.execPath, [built('connector.mjs'), 'doctor', 'kerberos', ...settings, ...args]);
      return { code: await child.ended, report: child.output() };
    };

    beforeAll(async () => {
      // The connector is told of applications when it connects.
      const { sockets } = await world.control<{ sockets: Array<{ connectionId: string; api: string }> }>('GET', '/sockets');
      for (const { connectionId } of sockets.filter(({ api }) => /tunnel/i.test(api))) {
        await world.control('POST', `/sockets/${encodeURIComponent(connectionId)}/kill`);
      }
      await eventually(30_000, async () => {
        expect(await readFile(join(world.ready.connectors[0]!.stateDirectory, 'applications.json'), 'utf8')).toContain('HTTP/app');
      });
    }, 60_000);

    test('finds nothing wrong where nothing is', async () => {
      const { code, report } = await doctor('--application', 'app', '--user', 'bob');

      expect(report).toMatch(
        /^ok +credentials +svc-connector@CORP.*\nok +controllers .*\nok +clock +this machine is \d.*\nok +account .*\nok +user +bob.*\nok +delegation .*\nok +application .*answers 200/m,
      );
      expect(code).toBe(0);
    }, 30_000);

    test.each([
      ['a user who is unknown', ['--user', 'nobody'], /^FAULT +user +ERR_KERBEROS_USER_UNKNOWN/m],
      [
        'a user who is protected, compared with another',
        ['--user', 'dave', '--compare-with', 'bob'],
        /^FAULT +user +ERR_KERBEROS_USER_PROTECTED/m,
      ],
      ['what cannot be told apart without another', ['--user', 'dave'], /^FAULT +delegation .*--compare-with/m],
      [
        'a domain controller that is not there',
        ['--user', 'bob', '--kerberos-kdcs', 'CORP.EXAMPLE=127.0.0.1:1'],
        /^FAULT +controllers +127.0.0.1:1/m,
      ],
      [
        'a realm without controllers',
        ['--user', 'bob', '--kerberos-kdcs', 'OTHER.EXAMPLE=127.0.0.1:1'],
        /^FAULT +controllers +none of CORP.EXAMPLE/m,
      ],
      ['a keytab that is not there', ['--user', 'bob', '--kerberos-credentials', '/none.keytab'], /^FAULT +credentials .*ENOENT/m],
    ])('names %s', async (_, args, expected) => {
      const { code, report } = await doctor('--application', 'app', ...args);

      expect(report).toMatch(expected);
      expect(code).toBe(1);
    });

    test('names a service that is not on the account’s list, and one that nobody has', async () => {
      const [listed, unknown] = await Promise.all([
        doctor('--service', 'HTTP/connector.corp.example', '--user', 'bob'),
        doctor('--service', 'HTTP/ghost.corp.example', '--user', 'bob'),
      ]);

      expect(listed.report).toMatch(/^FAULT +delegation .*msDS-AllowedToDelegateTo/m);
      expect(unknown.report).toMatch(/^FAULT +delegation .*ERR_KERBEROS_SERVICE_UNKNOWN/m);
    });

    test('says what it needs to be told', async () => {
      const { code, report } = await doctor('--application', 'payroll', '--user', 'bob');

      expect(report).toMatch(/has not heard of payroll.*Known with Kerberos: app/s);
      expect(code).toBe(2);
    });
  });
});
