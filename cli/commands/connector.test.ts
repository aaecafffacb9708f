import { describe, expect, test } from '@jest/globals';
import { createTestingCli, NOW } from '../testing-cli.ts';

const cli = createTestingCli();

describe('connector', () => {
  const code = 'https://portal.example.com/connectors/enrol#secret';
  const enroll = (group: string, applications: unknown) => {
    const answers = {
      'POST /control/enrolment-codes': [201, { code, group, expiresAt: NOW }] as const,
      'GET /control/applications': [200, { applications }] as const,
    };
    return cli.runAt(answers, 'connector', 'enroll', '--group', group);
  };

  test('enroll prints the code, and commands that do not hold it', async () => {
    expect(await enroll('berlin', [])).toBe(0);

    expect(cli.asked.find(({ method }) => method === 'POST')?.body).toBe('{"group":"berlin"}');
    expect(cli.said).toContain(`  ${code}`);
    expect(cli.said.filter((line) => line.includes('secret'))).toHaveLength(1);
    expect(cli.said.at(-1)).toContain('No application uses group berlin yet');
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

    expect(cli.said.at(-1)).toBe(
      "  node connector.mjs --enrolment-code-file - --allow 'http://*.corp.example' --allow http://wiki.corp:8080 --allow https://hr.corp",
    );
  });

  test('remove says what it removed', async () => {
    const removed = { connector: 'hall-1', name: 'hall', group: 'default', tunnelsLeftOpen: 0 };

    expect(await cli.runAt({ 'DELETE /control/connectors/hall-1': [200, removed] }, 'connector', 'remove', 'hall-1')).toBe(0);
    expect(cli.said).toEqual(['Connector hall-1 (hall, group default) is removed: its tunnels are closed, and it cannot dial again.']);
  });

  test('remove says what it could not close', async () => {
    const removed = { connector: 'hall-1', name: 'hall', group: 'default', tunnelsLeftOpen: 2 };

    expect(await cli.runAt({ 'DELETE /control/connectors/hall-1': [200, removed] }, 'connector', 'remove', 'hall-1')).toBe(0);
    expect(cli.said).toEqual([
      expect.stringContaining('is removed, and it cannot dial again'),
      expect.stringContaining('2 of its tunnels could not be closed'),
    ]);
  });
});
