import { describe, expect, test } from '@jest/globals';
import { createTestingCli, NOW } from '../testing-cli.ts';

const cli = createTestingCli();

describe('links', () => {
  const DAY = 86_400_000;
  const asked = (days: number, next = '') => `GET /control/links/wiki?from=${NOW - days * DAY}&to=${NOW}${next}` as const;
  const applications = (links: string) => ({
    'GET /control/applications': [200, { applications: [{ id: 'wiki', translation: { links } }] }] as const,
  });
  const link = (target: string, published: string | null, places: object) => ({
    target,
    published,
    count: 2,
    places,
    examples: [],
    pages: ['w/start'],
  });

  test('are told with what translation would make of them, from every part of the search', async () => {
    const answers = {
      ...applications('report'),
      [asked(7)]: [200, { exchanges: 1, links: [link('http://wiki.corp', 'wiki', { markup: 1, scripts: 1 })], next: 'more' }] as const,
      [asked(7, '&next=more')]: [200, { exchanges: 2, links: [link('http://files.corp', null, { markup: 2 })], next: null }] as const,
    };

    expect(await cli.runAt(answers, 'links', 'wiki')).toBe(0);

    expect(cli.said).toEqual([
      'Internal addresses in 3 answers of wiki in the last 7 days:',
      '',
      'address            application    links  where                for example on',
      'http://wiki.corp   wiki           2      markup 1, scripts 1  w/start',
      'http://files.corp  not published  2      markup 2             w/start',
      '',
      'With translation.links: on, links to http://wiki.corp lead to the external address.',
      '1 of them stands in scripts: these need translation.scripts: true as well, or without-data where users edit what may hold addresses.',
      'Nothing is published at http://files.corp: whoever follows such a link from outside gets nowhere.',
    ]);
  });

  test.each([
    ['off', 'Set it to report'],
    ['report', 'ask again in a minute'],
  ])('where none were found and translation is %s, the administrator is told what to do', async (setting, advice) => {
    const answers = { ...applications(setting), [asked(1)]: [200, { exchanges: 0, links: [], next: null }] as const };

    expect(await cli.runAt(answers, 'links', 'wiki', '--days', '1')).toBe(0);

    expect(cli.said.join(' ')).toContain('in the last day.');
    expect(cli.said.join(' ')).toContain(advice);
  });

  test.each([
    [['links', 'none'], 'ERR_CONTROL_UNKNOWN'],
    [['links', 'wiki', '--days', '0'], 'ERR_REQUEST_INVALID'],
    [['links', 'wiki', '--days', '91'], 'ERR_REQUEST_INVALID'],
  ])('%j is refused with %s', async (argv, code) => {
    expect(await cli.runAt(applications('off'), ...argv)).toBe(1);

    expect(cli.complained[0]).toContain(code);
  });
});
