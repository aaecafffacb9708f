// Signing in to an application whose pages call others: which hosts the browser passes through, and with what.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { digest } from '../keys.ts';
import type { Application } from '../stores/records.ts';
import { browser, port, signInUrl, toProvider, wiki, world } from './testing/signing-in.ts';

describe('signing in to an application whose pages call others', () => {
  const at = (id: string, changes: Partial<Application> = {}): Application => ({ ...wiki, id, host: `${id}.apps.example.com`, ...changes });
  const calling = at('wiki', {
    calls: ['orders', 'board', 'status', 'every'],
    segments: [{ host: 'static.apps.example.com', path: '/', internalUrl: 'http://static.corp/' }],
    alternateHost: 'handbook.example.com',
  });
  const orders = at('orders', { segments: [{ host: 'files.apps.example.com', path: '/', internalUrl: 'http://files.corp/' }] });
  const all = ['files.apps.example.com', 'orders.apps.example.com', 'static.apps.example.com'];
  const to = (host = 'wiki.apps.example.com') => `http://${host}:${port()}/page?q=1`;
  const handedOver = async (url: string) => {
    const landing = await browser.open(url, { until: (address) => address.includes('.example.com') });
    const { searchParams, hostname, pathname } = new URL(landing.url);
    return { landing, hostname, pathname, code: await world.sessions.takeCode(digest(searchParams.get('code') ?? '')) };
  };
  const through = (host: string, address = to(), challenge = digest('other')) =>
    `${world.portalUrl}/sign-in?${new URLSearchParams({ to: address, through: host, challenge })}`;

  beforeEach(() => {
    world.applications = [
      calling,
      orders,
      at('board', { access: { users: ['bob'], groups: [] } }),
      at('status', { preAuthentication: 'pass-through', access: 'everyone' }),
      at('every', { host: '*.apps.example.com' }),
    ];
  });

  test('passes through its own further hosts and those of the applications that the user may use', async () => {
    const { hostname, code } = await handedOver(signInUrl(to()));

    expect(hostname).toBe('wiki.apps.example.com');
    expect(code).toMatchObject({ host: 'wiki.apps.example.com', returnTo: '/page?q=1', visits: all, visited: 0 });
  });

  test('gives each of them a code of its own, bound to the cookie there, that leads on', async () => {
    await handedOver(signInUrl(to()));

    const { hostname, pathname, code } = await handedOver(through('orders.apps.example.com'));

    expect([hostname, pathname]).toEqual(['orders.apps.example.com', '/.sallyport/session']);
    expect(code).toMatchObject({
      host: 'orders.apps.example.com',
      challenge: digest('other'),
      returnHost: 'wiki.apps.example.com',
      returnTo: '/page?q=1',
      visits: ['static.apps.example.com'],
      visited: 2,
    });
  });

  test('signs in first where there is no session yet', async () => {
    const { landing, hostname } = await handedOver(through('orders.apps.example.com'));

    expect(landing.trail.filter(toProvider).length).toBeGreaterThan(0);
    expect(hostname).toBe('orders.apps.example.com');
  });

  test.each(['board.apps.example.com', 'status.apps.example.com', 'x.apps.example.com', 'wiki.apps.example.com', 'evil.example'])(
    'a host that its pages may not call for this user (%s) is left out, and does not hold the user up',
    async (host) => {
      await handedOver(signInUrl(to()));

      const { landing, code } = await handedOver(through(host));

      expect([landing.url, code]).toEqual([to(), null]);
    },
  );

  test('the application that is called does not pass through the one that calls', async () => {
    const { code } = await handedOver(signInUrl(to('orders.apps.example.com')));

    expect(code).toMatchObject({ visits: ['files.apps.example.com'] });
  });

  test('from its alternate host, its own is one of those', async () => {
    world.applications = [{ ...calling, host: 'handbook.example.com' }, calling, orders];

    const { code } = await handedOver(signInUrl(to('handbook.example.com')));

    expect(code?.visits).toEqual([...all, 'wiki.apps.example.com']);
  });

  test('passes through 20 at most', async () => {
    const segments = Array.from({ length: 50 }, (_, index) => ({
      host: `s${index}.apps.example.com`,
      path: '/',
      internalUrl: 'http://s.corp/',
    }));
    world.applications = [{ ...calling, calls: [], segments }];

    expect((await handedOver(signInUrl(to()))).code?.visits).toHaveLength(20);
  });

  test.each([
    '',
    'ORDERS.apps.example.com',
    'orders',
    'orders.apps.example.com:81',
    'a@orders.apps.example.com',
    'a/b.example',
    '*.apps.example.com',
  ])('what is no host (%s) is refused', async (host) => {
    const { status } = await browser.open(through(host));

    expect(status).toBe(400);
  });

  test('open redirect: the address to return to is looked at as ever', async () => {
    const { status, trail } = await browser.open(through('orders.apps.example.com', 'http://evil.example/'));

    expect([status, trail.length]).toEqual([400, 1]);
  });
});
