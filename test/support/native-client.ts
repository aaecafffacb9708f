// A program on a user's own machine, as Microsoft's library makes one: public client, code flow with PKCE, the answer on loopback
// (RFC 8252). MSAL wants an authority with https, so it is told the provider's metadata, which it would have fetched there.
import { LogLevel, ProtocolMode, PublicClientApplication } from '@azure/msal-node';
import type { Page } from 'playwright-core';
import { signInAs } from './browser.ts';
import type { World } from './world.ts';

const AUTHORITY = 'https://login.sallyport.localhost/';

export interface Asked {
  /** RFC 8707. */
  readonly resource: string;
  readonly scopes: readonly string[];
}

export interface Tokens {
  readonly accessToken: string;
  readonly idToken: string;
}

/** `page`: the system's browser, in which the user signs in. */
export const signInNatively = async (world: World, issuer: string, page: Page, username: string, asked: Asked): Promise<Tokens> => {
  const metadata = await fetch(`${issuer}/.well-known/openid-configuration`);
  const client = new PublicClientApplication({
    auth: {
      clientId: 'program',
      authority: AUTHORITY,
      knownAuthorities: [new URL(AUTHORITY).host],
      authorityMetadata: await metadata.text(),
    },
    system: { protocolMode: ProtocolMode.OIDC, loggerOptions: { loggerCallback: () => undefined, logLevel: LogLevel.Error } },
  });
  return client.acquireTokenInteractive({
    scopes: [...asked.scopes],
    resource: asked.resource,
    openBrowser: async (url) => {
      await page.goto(url);
      await signInAs(page, world, username);
      await page.getByText('You can close this window now').waitFor();
    },
  });
};
