// Where the provider gave us no secret: PKCE binds the answer to who asked. And the sign-out of Amazon Cognito, which has parameters of its own.
import { afterEach, expect, test } from '@jest/globals';
import { startWorld, type World } from './testing/world.ts';

const CHECKS = { state: 's'.repeat(43), nonce: 'n'.repeat(43), verifier: 'v'.repeat(43) };
const NO_WISHES = { stepUp: null, loginHint: null, domainHint: null };

let world: World;
afterEach(() => world.close());

/** What the provider's answer leads to, by hand: every redirect until it comes back to the portal. */
const answerOf = async (signInUrl: string): Promise<URLSearchParams> => {
  const cookies = new Map<string, string>();
  for (let url = signInUrl; ; ) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const next = new URL(response.headers.get('location')!, url);
    if (next.href.startsWith(`${world.portalUrl}/callback/`)) return next.searchParams;
    url = next.href;
  }
};

test('a user signs in without a secret of ours, and the answer is worth nothing to who has not asked', async () => {
  world = await startWorld({ isPublicClient: true });
  world.idp.user = { sub: '1', preferred_username: 'alice' };
  const [provider] = world.providers;

  const { claims } = await provider!.redeem(await answerOf(await provider!.signInUrl(CHECKS, NO_WISHES)), CHECKS);
  const stolen = await answerOf(await provider!.signInUrl(CHECKS, NO_WISHES));
  const theft = provider!.redeem(stolen, { ...CHECKS, verifier: 'w'.repeat(43) });

  expect(claims).toMatchObject({ sub: '1', preferred_username: 'alice' });
  await expect(theft).rejects.toMatchObject({ code: 'ERR_SIGN_IN_INVALID' });
});

test('Cognito is asked to sign out as it expects it, and no ID token is in the address', async () => {
  world = await startWorld({ isPublicClient: true, signOut: 'cognito' });

  const url = new URL((await world.providers[0]!.signOutUrl('an ID token'))!);

  expect(Object.fromEntries(url.searchParams)).toEqual({ client_id: 'sallyport', logout_uri: `${world.portalUrl}/signed-out` });
});
