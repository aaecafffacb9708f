// The bench on which signing in is tested, which whoever imports it gets before and after their tests: a portal with its provider, a few
// applications, and the browser of a user.
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { digest } from '../../keys.ts';
import type { Application } from '../../stores/records.ts';
import { application } from '../../stores/testing/application.ts';
import { PORTAL_COOKIE } from '../cookies.ts';
import { Browser } from './browser.ts';
import { startWorld, type World } from './world.ts';

export const wiki = application({
  name: 'Wiki <1>',
  description: 'What we know',
  access: { users: [], groups: ['staff'] },
  homePath: 'start?view=all',
});
export const board: Application = {
  ...wiki,
  id: 'board',
  name: 'Board',
  description: '',
  host: 'board.apps.example.com',
  access: { users: ['bob'], groups: [] },
};
export const wild: Application = { ...wiki, id: 'wild', name: 'Wild', host: '*.dev.apps.example.com' };
export const travel: Application = {
  ...wild,
  id: 'travel',
  name: 'Travel',
  singleSignOn: { method: 'linked', url: 'https://elsewhere.example.net/a?b=1&c=2', headers: {} },
};

export const alice = {
  sub: 'a-1',
  preferred_username: 'alice',
  name: 'Alice <Ames>',
  email: 'alice@example.com',
  email_verified: true,
  groups: ['staff'],
  department: 'Sales',
  amr: ['pwd', 'mfa'],
};
export const bob = { ...alice, sub: 'b-1', preferred_username: 'bob', name: 'Bob' };

/** One for a file of tests. */
export let world: World;
/** One for each test, in which nobody is signed in. */
export let browser: Browser;
export const NO_WISHES = { stepUp: null, loginHint: null, domainHint: null };

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  browser = new Browser();
  world.idp.user = alice;
  world.idp.away = false;
  world.applications = [wiki, board, wild, travel];
  world.tunnels = [];
  world.lines.length = 0;
});

export const port = () => new URL(world.portalUrl).port;
export const atApplication = (url: string) => url.startsWith('http://wiki.apps.example.com');
export const toProvider = (url: string) => url.startsWith(world.idp.issuer);
export const isCallback = (url: string) => url.startsWith(`${world.portalUrl}/callback/main`);
export const signInUrl = (to = `http://wiki.apps.example.com:${port()}/a%2Fb/?q=1%20`, challenge = digest('browser')) =>
  `${world.portalUrl}/sign-in?${new URLSearchParams({ to, challenge })}`;
export const portalSession = () => {
  const secret = browser.cookie(world.portalUrl, PORTAL_COOKIE);
  return secret === undefined ? null : world.sessions.find(digest(secret));
};
/** Which sessions there are, of whomever. */
export const stored = async (): Promise<string[]> => {
  const all = await Promise.all(['alice', 'bob'].map((username) => world.sessions.withHandle({ username })));
  return all
    .flat()
    .map(({ id }) => id)
    .sort();
};
