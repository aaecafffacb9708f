// What a user sees of a sign-in at an identity provider that somebody else wrote, whatever protocol it speaks: LemonLDAP::NG, as Debian ships it.
import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { picture } from './browser.ts';
import { type Lemonldap, signInAtLemonldap } from './lemonldap.ts';
import type { ProviderWorld } from './provider-world.ts';

export interface AtProvider {
  readonly page: Page;
  readonly world: ProviderWorld;
  readonly lemonldap: Lemonldap;
}

/** What the sample application was told in this header field. */
export const toldIn = (page: Page, name: string): Promise<string> =>
  page
    .getByRole('row', { name: new RegExp(`^${name} `) })
    .getByRole('cell')
    .innerText();

/** Registers the tests; `at` is called in each of them. */
export const testSignIn = (at: () => AtProvider): void => {
  test('an application opens for a user of this provider, and sees who it is', async () => {
    const { page, world } = at();
    await page.goto(`${world.intranet}?from=mail`);
    await page.locator('#userfield').waitFor();
    await picture(page, 'lemonldap-sign-in');
    await signInAtLemonldap(page, 'dwho', 'dwho');
    await page.getByRole('heading', { name: 'Good day, Doctor Who' }).waitFor();

    expect(page.url()).toBe(`${world.intranet}?from=mail`);
    expect(await toldIn(page, 'remote-user')).toBe('dwho');
    expect(await toldIn(page, 'remote-email')).toBe('dwho@badwolf.org');
    expect((await toldIn(page, 'remote-groups')).split(',').sort()).toEqual(['timelords', 'users']);
  }, 60_000);

  test('a wrong password stays at the provider, and the right one leads on from there', async () => {
    const { page, world, lemonldap } = at();
    await page.goto(world.intranet);
    await signInAtLemonldap(page, 'dwho', 'exterminate');
    await page.getByText('Wrong credentials').waitFor();
    expect(new URL(page.url()).origin).toBe(lemonldap.url);

    await signInAtLemonldap(page, 'dwho', 'dwho');

    await page.getByRole('heading', { name: 'Good day, Doctor Who' }).waitFor();
  }, 60_000);
};
