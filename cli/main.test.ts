// What every command has in common: how it is called, and which deployment it is for.
import { describe, expect, test } from '@jest/globals';
import { findTarget } from './target.ts';
import { createTestingCli } from './testing-cli.ts';

const cli = createTestingCli();

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
    expect(await cli.run(...argv)).toBe(2);
    expect(cli.complained[0]).toContain(message);
    expect(cli.complained[0]).toContain('sallyport connector enroll --group NAME');
  });

  test('help is no mistake', async () => {
    expect(await cli.run('--help')).toBe(0);
    expect(cli.said[0]).toContain('--simulator FILE');
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
    expect(await cli.run(...argv)).toBe(1);
    expect(cli.complained[0]).toContain(message);
  });

  test('a ready file that lacks something is refused', async () => {
    expect(await cli.run('status', '--simulator', cli.write('ready.json', { controlApi: 'http://127.0.0.1:1' }))).toBe(1);
    expect(cli.complained[0]).toContain('is not a ready file');
  });
});
