import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { application } from '../stores/testing/application.ts';
import { Browser } from './testing/browser.ts';
import { startWorld, type World } from './testing/world.ts';

let world: World;
let browser: Browser;

beforeAll(async () => {
  world = await startWorld();
  world.idp.user = { sub: 'a-1', preferred_username: 'alice', groups: ['staff'], amr: ['pwd'] };
});
afterAll(() => world.close());
beforeEach(() => {
  browser = new Browser();
});

const board = { id: 'board', name: 'Board', host: 'board.apps.example.com', access: { users: ['bob'], groups: [] } } as const;
/** A sign-in leads to the list as a whole; what is searched for comes after it. */
const open = async (search = '') => {
  const { text } = await browser.open(world.portalUrl);
  return search === '' ? text : (await browser.open(`${world.portalUrl}/${search}`)).text;
};
const cards = (text: string) =>
  [...text.matchAll(/<li data-id="(.*?)"( hidden)?><(a|div) /g)].map(([, id, hidden, element]) => [
    id,
    hidden ? 'hidden' : 'shown',
    element,
  ]);

describe('which applications the portal lists', () => {
  test('those that the user may use, and no word of others', async () => {
    world.applications = [application(), application(board)];

    expect(cards(await open())).toEqual([['wiki', 'shown', 'a']]);
  });

  test('one that everyone shall see comes last, leads nowhere, and says that there is no access', async () => {
    world.applications = [application(), application({ ...board, visibleTo: 'everyone' })];

    const text = await open();

    expect(cards(text)).toEqual([
      ['wiki', 'shown', 'a'],
      ['board', 'shown', 'div'],
    ]);
    expect(text).toMatch(/<strong>Board<\/strong><span class="mark">No access<\/span>/);
    expect(text).not.toContain('board.apps.example.com');
  });

  test('not one that nobody shall see there', async () => {
    world.applications = [application({ visibleTo: 'nobody' })];

    expect(await open()).toContain('No application is published for you yet');
  });
});

describe('a search without a script', () => {
  beforeEach(() => {
    world.applications = [application(), application({ ...board, access: 'everyone', name: 'Bücher', description: 'Who owes <what>' })];
  });

  test.each([
    ['bucher', 'board'],
    ['OWES büch', 'board'],
    ['wik', 'wiki'],
  ])('for %j finds %s', async (words, id) => {
    const text = await open(`?search=${encodeURIComponent(words)}`);

    expect(cards(text).filter(([, state]) => state === 'shown')).toEqual([[id, 'shown', 'a']]);
  });

  test('says when it finds nothing, and keeps what was asked, escaped', async () => {
    const text = await open(`?search=${encodeURIComponent('"><b>x')}`);

    expect(cards(text).every(([, state]) => state === 'hidden')).toBe(true);
    expect(text).toContain('No application fits.');
    expect(text).toContain('value="&quot;&gt;&lt;b&gt;x"');
  });
});

describe('an icon', () => {
  const iconIn = (text: string) => /<li data-id="wiki".*?class="icon(.*?)<\/?(?:span|strong)/s.exec(text)?.[1];

  test.each([
    ['Wiki', null, /aria-hidden="true">W$/],
    ['older applications (2)', null, /aria-hidden="true">OA$/],
    ['Ärzte', null, /aria-hidden="true">Ä$/],
    ['***', null, /aria-hidden="true">\*$/],
    ['Wiki', '💶', /aria-hidden="true">💶$/],
    ['Wiki', '"<', /aria-hidden="true">&quot;&lt;$/],
  ])('of %s with %p fits %p', async (name, icon, expected) => {
    world.applications = [application({ name, icon })];

    expect(iconIn(await open())).toMatch(expected);
  });

  test('that is a picture is an image in a page that allows pictures of its own only', async () => {
    const icon = 'data:image/svg+xml;base64,PHN2Zz4=';
    world.applications = [application({ icon })];

    const { text, policy } = await browser.open(world.portalUrl);

    expect(text).toContain(`<img class="icon" alt="" width="44" height="44" src="${icon}">`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain('img-src data:;');
  });
});

test('the page’s policy allows exactly its script', async () => {
  world.applications = [application()];

  const { text, policy } = await browser.open(world.portalUrl);

  const scripts = [...text.matchAll(/<script>(.*?)<\/script>/gs)].map(([, script]) =>
    createHash('sha256').update(script!).digest('base64'),
  );
  expect(scripts).toHaveLength(1);
  expect(policy).toContain(`script-src 'sha256-${scripts[0]}'`);
});
