// Integrated Windows Authentication through the whole path: two people in a real browser, a real Active Directory domain, a real Apache
// that knows users by their Kerberos tickets alone. Neither has a password in the domain that anyone here knows.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { type Domain, startDomain } from '../support/active-directory/domain.ts';
import { withDomain } from '../support/active-directory/suite.ts';
import { type Apache, startApache } from '../support/apache.ts';
import { picture, signInAs, startBrowser } from '../support/browser.ts';
import { startWorld, type World } from '../support/world.ts';

let domain: Domain;
let apache: Apache;
let world: World;
let browser: Browser;

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
    const config = join(domain.folder, 'connector.yaml');
    writeFileSync(
      config,
      `kerberosCredentials: ${domain.keytab('svc-connector')}\nkerberosKdcs: ["${domain.realm}=${domain.controller}"]\n`,
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
});
