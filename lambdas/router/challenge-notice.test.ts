import { expect, test } from '@jest/globals';
import { createLog } from '../../protocol/log.ts';
import { createChallengeNotice } from './challenge-notice.ts';

test('an application that asks for a password is told once, by scheme and never by what the challenge holds', () => {
  const lines: Array<Record<string, unknown>> = [];
  const notice = createChallengeNotice(createLog({ write: (line) => lines.push(JSON.parse(line)) }));

  notice('wiki', [['Content-Type', 'text/html']]);
  for (let answer = 0; answer < 3; answer += 1) {
    notice('wiki', [
      ['WWW-Authenticate', 'Negotiate'],
      ['www-authenticate', 'Basic realm="secret, place"'],
      ['WWW-Authenticate', 'NTLM TlRMTVNTUAACAAAA'],
    ]);
  }
  notice('crm', [['WWW-Authenticate', 'Basic']]);

  expect(lines).toMatchObject([
    { event: 'response.challenge-unheard', level: 'warn', application: 'wiki', schemes: ['Negotiate', 'Basic', 'NTLM'] },
    { event: 'response.challenge-unheard', application: 'crm', schemes: ['Basic'] },
  ]);
  expect(JSON.stringify(lines)).not.toMatch(/secret|TlRM/);
});
