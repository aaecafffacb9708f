import { describe, expect, test } from '@jest/globals';
import { loadTenant, tenantFiles } from '../../tenants/load.ts';
import { createTestingCli } from '../testing-cli.ts';

const cli = createTestingCli();
const local = tenantFiles('local')[0]!;

describe('apply', () => {
  const answers = (before: unknown) => ({
    'GET /control/status': [200, { tenant: 'local', domain: 'sallyport.localhost' }] as const,
    'GET /control/applications': [200, { applications: before }] as const,
    'PUT /control/applications': [200, { written: [], removed: [] }] as const,
  });

  test('shows what changed, setting by setting', async () => {
    const [intranet] = loadTenant(local).applications;
    const before = [
      { ...intranet, timeoutMs: 1000 },
      { ...intranet, id: 'gone', name: 'Gone' },
    ];

    const exit = await cli.runAt(answers(before), 'apply', local);

    expect(exit).toBe(0);
    expect(cli.said.slice(0, 3)).toEqual(['~ intranet', '    timeoutMs: 1000 → 85000', '- gone: Gone']);
    const put = cli.asked.find(({ method }) => method === 'PUT');
    expect(JSON.parse(put?.body ?? '')).toMatchObject({
      applications: [{ id: 'intranet', externalUrl: 'https://intranet.apps.sallyport.localhost/' }],
    });
  });

  test('warns of applications that browsers take for one', async () => {
    const [intranet] = loadTenant(local).applications;
    const entry = (id: string, externalUrl: string) => ({
      id,
      name: id,
      externalUrl,
      internalUrl: `http://${id}.corp/`,
      access: 'everyone',
    });
    const segments = [{ externalUrl: 'https://both.apps.sallyport.localhost/c/', internalUrl: 'http://c.corp/' }];
    const applications = [
      entry('a', 'https://both.apps.sallyport.localhost/a/'),
      entry('b', 'https://both.apps.sallyport.localhost/b/'),
      { ...entry('c', 'https://alone.apps.sallyport.localhost/'), segments },
    ];
    const file = cli.write('shared.yaml', JSON.stringify({ tenant: 'local', domain: 'sallyport.localhost', applications }));

    expect(await cli.runAt(answers([intranet]), 'apply', file)).toBe(0);

    expect(cli.said.filter((line) => line.startsWith('Warning'))).toEqual([
      expect.stringMatching(/^Warning: a, b, c share both\.apps\.sallyport\.localhost\. .*one origin/),
    ]);
  });

  test('changes nothing where nothing changed', async () => {
    expect(await cli.runAt(answers(loadTenant(local).applications), 'apply', local)).toBe(0);

    expect(cli.said).toEqual(['The applications are already as the file says.']);
    expect(cli.asked.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  test('refuses a file of another tenant', async () => {
    const [example] = tenantFiles('example');

    expect(await cli.runAt(answers([]), 'apply', example!)).toBe(1);
    expect(cli.complained[0]).toMatch(/is for example \(example\.com\), but this deployment is local/);
    expect(cli.asked.some(({ method }) => method === 'PUT')).toBe(false);
  });

  test('refuses a faulty file before anything is sent', async () => {
    expect(await cli.runAt(answers([]), 'apply', cli.write('x.yaml', 'tenant: X\n'))).toBe(1);

    expect(cli.complained[0]).toContain('ERR_CONFIGURATION_INVALID');
    expect(cli.complained[0]).toContain('line 1, column 9');
    expect(cli.asked).toEqual([]);
  });
});
