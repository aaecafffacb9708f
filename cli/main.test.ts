import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DecisionReport, Status } from '../protocol/control.ts';
import { loadTenant, tenantFiles } from '../tenants/load.ts';
import { main } from './main.ts';
import { findTarget } from './target.ts';
import { startTestingApi, type TestingApi } from './testing-api.ts';

const NOW = Date.parse('2026-11-24T10:00:00Z');
const status: Status = {
  tenant: 'local',
  domain: 'sallyport.localhost',
  portal: 'http://portal.sallyport.localhost:8080',
  connectors: [
    {
      id: 'hall-1',
      name: 'hall',
      group: 'default',
      version: '0.1.0',
      enrolledAt: NOW,
      seenAt: NOW - 61_000,
      tunnels: [{ connectionId: 'a=', openedAt: NOW, seenAt: NOW, draining: true }],
    },
  ],
  groups: [{ name: 'default', connectors: 1, liveTunnels: 0 }],
  applications: [
    { id: 'wiki', name: 'Wiki', externalUrl: 'http://wiki.apps.sallyport.localhost:8080/', group: 'default', reachable: false },
  ],
};
const local = tenantFiles('local')[0]!;

let folder: string;
let api: TestingApi | undefined;
let said: string[];
let complained: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
  said = [];
  complained = [];
});
afterEach(async () => {
  await api?.close();
  api = undefined;
  rmSync(folder, { recursive: true });
});

const write = (name: string, content: unknown): string => {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return join(folder, name);
};

const run = (...argv: string[]) =>
  main(argv, { env: {}, say: (line) => void said.push(line), complain: (line) => void complained.push(line), now: () => NOW });

/** Runs against something that answers as a simulator's control API. */
const runAt = async (answers: Parameters<typeof startTestingApi>[0], ...argv: string[]) => {
  api = await startTestingApi(answers);
  const ready = write('ready.json', {
    controlApi: api.url,
    region: 'eu-central-1',
    administrator: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  return run(...argv, '--simulator', ready);
};

describe('connector', () => {
  const code = 'https://portal.example.com/connectors/enrol#secret';
  const enroll = (group: string, applications: unknown) => {
    const answers = {
      'POST /control/enrolment-codes': [201, { code, group, expiresAt: NOW }] as const,
      'GET /control/applications': [200, { applications }] as const,
    };
    return runAt(answers, 'connector', 'enroll', '--group', group);
  };

  test('enroll prints the code, and commands that do not hold it', async () => {
    expect(await enroll('berlin', [])).toBe(0);

    expect(api?.asked.find(({ method }) => method === 'POST')?.body).toBe('{"group":"berlin"}');
    expect(said).toContain(`  ${code}`);
    expect(said.filter((line) => line.includes('secret'))).toHaveLength(1);
    expect(said.at(-1)).toContain('No application uses group berlin yet');
  });

  test('the commands allow the origins of the group’s applications and their segments, each once, and no others', async () => {
    const alone = { segments: [], alternateHost: null };
    const applications = [
      { connectorGroup: 'berlin', internalUrl: 'http://wiki.corp:8080/a/', ...alone },
      {
        connectorGroup: 'berlin',
        internalUrl: 'http://wiki.corp:8080/b/',
        ...alone,
        segments: [{ internalUrl: 'http://*.corp.example/' }],
      },
      { connectorGroup: 'berlin', internalUrl: 'https://hr.corp/', ...alone },
      { connectorGroup: 'munich', internalUrl: 'https://other.corp/', ...alone },
    ];

    await enroll('berlin', applications);

    expect(said.at(-1)).toBe(
      "  node connector.mjs --enrolment-code-file - --allow 'http://*.corp.example' --allow http://wiki.corp:8080 --allow https://hr.corp",
    );
  });

  test('remove says what it removed', async () => {
    const removed = { connector: 'hall-1', name: 'hall', group: 'default', tunnelsLeftOpen: 0 };

    expect(await runAt({ 'DELETE /control/connectors/hall-1': [200, removed] }, 'connector', 'remove', 'hall-1')).toBe(0);
    expect(said).toEqual(['Connector hall-1 (hall, group default) is removed: its tunnels are closed, and it cannot dial again.']);
  });

  test('remove says what it could not close', async () => {
    const removed = { connector: 'hall-1', name: 'hall', group: 'default', tunnelsLeftOpen: 2 };

    expect(await runAt({ 'DELETE /control/connectors/hall-1': [200, removed] }, 'connector', 'remove', 'hall-1')).toBe(0);
    expect(said).toEqual([
      expect.stringContaining('is removed, and it cannot dial again'),
      expect.stringContaining('2 of its tunnels could not be closed'),
    ]);
  });
});

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

    expect(await runAt(answers, 'links', 'wiki')).toBe(0);

    expect(said).toEqual([
      'Internal addresses in 3 answers of wiki in the last 7 days:',
      '',
      'address            application    links  where                for example on',
      'http://wiki.corp   wiki           2      markup 1, scripts 1  w/start',
      'http://files.corp  not published  2      markup 2             w/start',
      '',
      'With translation.links: on, links to http://wiki.corp lead to the external address.',
      '1 of them stands in scripts: these need translation.scripts: true as well.',
      'Nothing is published at http://files.corp: whoever follows such a link from outside gets nowhere.',
    ]);
  });

  test.each([
    ['off', 'Set it to report'],
    ['report', 'ask again in a minute'],
  ])('where none were found and translation is %s, the administrator is told what to do', async (setting, advice) => {
    const answers = { ...applications(setting), [asked(1)]: [200, { exchanges: 0, links: [], next: null }] as const };

    expect(await runAt(answers, 'links', 'wiki', '--days', '1')).toBe(0);

    expect(said.join(' ')).toContain('in the last day.');
    expect(said.join(' ')).toContain(advice);
  });

  test.each([
    [['links', 'none'], 'ERR_CONTROL_UNKNOWN'],
    [['links', 'wiki', '--days', '0'], 'ERR_REQUEST_INVALID'],
    [['links', 'wiki', '--days', '91'], 'ERR_REQUEST_INVALID'],
  ])('%j is refused with %s', async (argv, code) => {
    expect(await runAt(applications('off'), ...argv)).toBe(1);

    expect(complained[0]).toContain(code);
  });
});

describe('explain', () => {
  const HOUR = 3_600_000;
  const span = (from: number, to: number, next = '') => `GET /control/exchanges/e-1?from=${NOW - from}&to=${NOW - to}${next}` as const;
  const nothing = [200, { lines: [], next: null }] as const;
  const line = { time: '2026-11-23T20:00:00.000Z', event: 'request.answered', request: 'r-1', ms: 3, status: 302, answer: 'sign-in' };

  test('looks further and further back, goes on where a search stopped, and tells what it found', async () => {
    const answers = {
      [span(HOUR, 0)]: [200, { lines: [], next: 'more' }] as const,
      [span(HOUR, 0, '&next=more')]: nothing,
      [span(6 * HOUR, HOUR + 1)]: nothing,
      [span(24 * HOUR, 6 * HOUR + 1)]: [200, { lines: [line], next: null }] as const,
    };

    expect(await runAt(answers, 'explain', 'e-1')).toBe(0);

    expect(said.slice(0, 4)).toEqual([
      'Nothing in the last hour.',
      'Nothing in the last 6 hours.',
      'Request r-1',
      'Answered with 302 in 3 ms.',
    ]);
    expect(api?.asked).toHaveLength(4);
  });

  test('an id that no line has is told as unknown', async () => {
    const spans = [HOUR, 6 * HOUR, 24 * HOUR, 168 * HOUR, 2160 * HOUR];
    const answers = Object.fromEntries(spans.map((from, index) => [span(from, index === 0 ? 0 : spans[index - 1]! + 1), nothing]));

    expect(await runAt(answers, 'explain', 'e-1')).toBe(1);

    expect(complained[0]).toMatch(/^ERR_CONTROL_UNKNOWN: The router’s log has no e-1\./);
  });

  test('what is no id is not looked for', async () => {
    expect(await runAt({}, 'explain', 'a b')).toBe(1);

    expect(complained[0]).toMatch(/^ERR_REQUEST_INVALID/);
    expect(api?.asked).toEqual([]);
  });
});

describe('apply', () => {
  const answers = (before: unknown) => ({
    'GET /control/status': [200, status] as const,
    'GET /control/applications': [200, { applications: before }] as const,
    'PUT /control/applications': [200, { written: [], removed: [] }] as const,
  });

  test('shows what changed, setting by setting', async () => {
    const [intranet] = loadTenant(local).applications;
    const before = [
      { ...intranet, timeoutMs: 1000 },
      { ...intranet, id: 'gone', name: 'Gone' },
    ];

    const exit = await runAt(answers(before), 'apply', local);

    expect(exit).toBe(0);
    expect(said.slice(0, 3)).toEqual(['~ intranet', '    timeoutMs: 1000 → 85000', '- gone: Gone']);
    const put = api?.asked.find(({ method }) => method === 'PUT');
    expect(JSON.parse(put?.body ?? '')).toMatchObject({
      applications: [{ id: 'intranet', externalUrl: 'https://intranet.apps.sallyport.localhost/' }],
    });
  });

  test('changes nothing where nothing changed', async () => {
    expect(await runAt(answers(loadTenant(local).applications), 'apply', local)).toBe(0);

    expect(said).toEqual(['The applications are already as the file says.']);
    expect(api?.asked.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  test('refuses a file of another tenant', async () => {
    const [example] = tenantFiles('example');

    expect(await runAt(answers([]), 'apply', example!)).toBe(1);
    expect(complained[0]).toMatch(/is for example \(example\.com\), but this deployment is local/);
    expect(api?.asked.some(({ method }) => method === 'PUT')).toBe(false);
  });

  test('refuses a faulty file before anything is sent', async () => {
    expect(await runAt(answers([]), 'apply', write('x.yaml', 'tenant: X\n'))).toBe(1);

    expect(complained[0]).toContain('ERR_CONFIGURATION_INVALID');
    expect(complained[0]).toContain('line 1, column 9');
    expect(api?.asked).toEqual([]);
  });
});

test('status shows connectors, groups and what is offline', async () => {
  expect(await runAt({ 'GET /control/status': [200, status] }, 'status')).toBe(0);

  expect(said).toEqual([
    'local (sallyport.localhost), portal http://portal.sallyport.localhost:8080',
    '',
    'connector  group    version  tunnels        seen',
    'hall-1     default  0.1.0    1, 1 draining  1 min ago',
    '',
    'group    connectors  live tunnels',
    'default  1           0',
    '',
    'application  group    state    external URL',
    'wiki         default  OFFLINE  http://wiki.apps.sallyport.localhost:8080/',
    '',
    'Offline, since no connector of the group has a live tunnel: wiki',
  ]);
});

test('why tells the decision, the rule and what was looked at, of what is supposed', async () => {
  const report: DecisionReport = {
    application: 'wiki',
    request: { method: 'POST', host: 'wiki.apps.sallyport.localhost', path: '/admin/' },
    outcome: 'deny',
    rule: 'Office',
    examined: [
      { rule: 'access', met: true, findings: [] },
      { rule: 'Office', met: false, findings: [{ requirement: 'networks', holds: false, wanted: '10.0.0.0/8', found: '192.0.2.1' }] },
    ],
  };
  const url = 'https://wiki.apps.sallyport.localhost/admin/';
  const supposed = ['--group', 'staff', '--group', 'admins', '--claim', 'team=a=b', '--mfa', '--signed-in-ago', '5m'];

  expect(await runAt({ 'POST /control/decisions': [200, report] }, 'why', 'alice', 'POST', url, ...supposed)).toBe(0);

  expect(JSON.parse(api!.asked[0]!.body)).toEqual({
    method: 'POST',
    url,
    situation: {
      user: 'alice',
      groups: ['staff', 'admins'],
      claims: { team: 'a=b' },
      at: '2026-11-24T10:00:00Z',
      mfa: true,
      signedInAgo: '5m',
    },
  });
  expect(said).toEqual([
    'alice, POST wiki.apps.sallyport.localhost/admin/: denied, by “Office”.',
    'Application wiki:',
    '  met      access',
    '  not met  Office',
    '             no   networks: 10.0.0.0/8 (is: 192.0.2.1)',
  ]);
});

describe('sessions and service tokens', () => {
  test.each([
    [0, 'Nobody was signed in there: nothing was revoked.'],
    [1, 'One session is revoked; downloads and streams of theirs end within 10 seconds.'],
    [2, '2 sessions are revoked; downloads and streams of theirs end within 10 seconds.'],
  ])('revoke says that %d ended', async (revoked, line) => {
    expect(await runAt({ 'POST /control/sessions/revocations': [200, { revoked }] }, 'session', 'revoke', '--application', 'wiki')).toBe(0);

    expect(api!.asked[0]!.body).toBe('{"application":"wiki"}');
    expect(said).toEqual([line]);
  });

  test('list shows a user’s sign-ins', async () => {
    const sessions = [{ id: 's-1', user: 'bob', createdAt: NOW, expiresAt: NOW + 3_600_000, mfa: true }];
    expect(await runAt({ 'GET /control/sessions?user=bob': [200, { sessions }] }, 'session', 'list', 'bob')).toBe(0);

    expect(said).toEqual(['s-1  since 2026-11-24T10:00Z, until 2026-11-24T11:00Z, with a second factor']);
  });

  test('a token is shown once, and never among the arguments', async () => {
    const made = { name: 'ci', token: 'sallyport_secret', expiresAt: NOW };
    const words = ['token', 'create', 'ci', '--application', 'wiki', '--application', 'hr', '--days', '30'];
    expect(await runAt({ 'POST /control/service-tokens': [201, made] }, ...words)).toBe(0);

    expect(JSON.parse(api!.asked[0]!.body)).toEqual({ name: 'ci', applications: ['wiki', 'hr'], days: 30 });
    expect(said.filter((line) => line.includes('secret'))).toEqual(['  sallyport_secret']);
  });
});

describe('wrong calls answer 2 and show the usage', () => {
  test.each([
    [[], 'A command is expected.'],
    [['enrol'], 'There is no command “enrol”.'],
    [['connector'], 'There is no command “connector”.'],
    [['connector', 'enroll'], 'connector enroll needs --group, once.'],
    [['connector', 'enroll', '--group', 'a', '--group', 'b'], 'connector enroll needs --group, once.'],
    [['session', 'revoke'], 'session revoke needs --user or --session or --application, once.'],
    [['session', 'revoke', '--user', 'a', '--session', 'b'], 'session revoke needs --user or --session or --application, once.'],
    [['connector', 'remove'], 'connector remove needs ID.'],
    [['apply'], 'apply needs FILE.'],
    [['apply', 'a', 'b'], 'apply takes no “b”.'],
    [['status', 'x'], 'status takes no “x”.'],
    [['status', '--group', 'x'], 'status takes no --group.'],
    [['why', 'alice', 'GET'], 'why needs URL.'],
    [['connector', 'enroll', '--group', 'a', '--mfa'], 'connector enroll takes no --mfa.'],
    [['status', '--colour'], "Unknown option '--colour'"],
  ])('%j', async (argv, message) => {
    expect(await run(...argv)).toBe(2);
    expect(complained[0]).toContain(message);
    expect(complained[0]).toContain('sallyport connector enroll --group NAME');
  });

  test('help is no mistake', async () => {
    expect(await run('--help')).toBe(0);
    expect(said[0]).toContain('--simulator FILE');
  });
});

describe('which deployment', () => {
  test('an endpoint tells its region', () => {
    const endpoint = 'https://abc123.execute-api.eu-north-1.amazonaws.com';

    expect(findTarget({ endpoint }, {})).toMatchObject({ endpoint, region: 'eu-north-1' });
    expect(findTarget({}, { SALLYPORT_CONTROL_ENDPOINT: endpoint })).toMatchObject({ endpoint, region: 'eu-north-1' });
    expect(findTarget({ endpoint: 'https://control.example.com' }, { AWS_REGION: 'eu-west-1' })).toMatchObject({ region: 'eu-west-1' });
  });

  test.each([
    [['status'], 'Which deployment?'],
    [['status', '--endpoint', 'http://x.example'], 'must be an https URL'],
    [['status', '--endpoint', 'https://x.example'], 'set --region'],
    [['status', '--simulator', '/nowhere/ready.json'], 'npm start -- --ready-file /nowhere/ready.json'],
  ])('%j is refused with what to do', async (argv, message) => {
    expect(await run(...argv)).toBe(1);
    expect(complained[0]).toContain(message);
  });

  test('a ready file that lacks something is refused', async () => {
    expect(await run('status', '--simulator', write('ready.json', { controlApi: 'http://127.0.0.1:1' }))).toBe(1);
    expect(complained[0]).toContain('is not a ready file');
  });
});
