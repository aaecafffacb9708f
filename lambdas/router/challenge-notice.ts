// An origin that asks for a password or a ticket by itself cannot be heard: API Gateway renames WWW-Authenticate, so no browser asks
// its user. Nothing undoes that (docs/limits.md); the administrator is told, once for each application and execution environment.
import type { HeaderList } from '../../protocol/frames.ts';
import type { Log } from '../../protocol/log.ts';

export type ChallengeNotice = (application: string, headers: HeaderList) => void;

export const createChallengeNotice = (log: Log): ChallengeNotice => {
  const told = new Set<string>();
  return (application, headers) => {
    const challenges = headers.filter(([name]) => name.toLowerCase() === 'www-authenticate').map(([, value]) => value);
    if (challenges.length === 0 || told.has(application)) return;
    told.add(application);
    log.warn('response.challenge-unheard', {
      application,
      schemes: [...new Set(challenges.map((challenge) => challenge.trim().split(/[\s,]/, 1)[0]))],
      advice:
        'API Gateway renames WWW-Authenticate: no browser will ask for a password. Choose a single sign-on method for the application.',
    });
  };
};
