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
