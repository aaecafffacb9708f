// What `npm start` says once all is ready: where to go, as whom, and what to try.
import { createHash, X509Certificate } from 'node:crypto';
import { oneTimeCode, type TestUser, USERS } from './identity-provider/users.ts';
import type { LocalDeployment } from './local-deployment.ts';
import type { ReadyFile } from './ready-file.ts';
import type { StartOptions } from './start-options.ts';
import { isBelowLocalhost } from './web-user.ts';

export const welcome = (
  { ready, domain, proof }: LocalDeployment,
  { readyFile, connectors, tenant }: StartOptions,
  seconds: number,
): string => `
Ready in ${seconds.toFixed(1)} s. Open ${ready.portal}
${isBelowLocalhost(domain) ? '' : elsewhere(domain, ready)}
  Sign in as
${proof === null ? `    whom ${ready.identityProvider} knows: it is asked where it is, with the outputs' redirect URI` : USERS.map(line).join('\n')}

  Applications
${ready.applications.map(({ name, url }) => `    ${name.padEnd(12)}  ${url}`).join('\n')}

  Try
${tenant === null ? '    Open the intranet and see who it takes you for; sign its guestbook with a picture; watch its clock.\n' : ''}\
    What AWS would bill so far:    curl ${ready.meter}
    What else can be looked at:    curl ${ready.control}/
${readyFile ? withReadyFile(readyFile, ready) : '    More with --ready-file FILE:   a Cookie header for curl, and `npx sallyport --simulator FILE status`'}
${connectors === 0 ? '\n  No connector was started: applications are offline until one enrols.\n' : ''}
Ctrl-C ends everything.
`;

const line = (user: TestUser): string => {
  const { username, password, groups, secondFactor } = user;
  const code = secondFactor === 'never' ? '' : `; one-time code ${oneTimeCode(user)}${secondFactor === 'always' ? '' : ' when asked'}`;
  return `    ${username.padEnd(8)}${password.padEnd(14)}${groups.join(', ') || 'no groups'}${code}`;
};

/** Nothing else on this machine is asked to take a real domain for this machine, or to trust what was made on the spot. */
const elsewhere = (domain: string, { portal, certificate }: ReadyFile): string => {
  const key = new X509Certificate(certificate!).publicKey.export({ type: 'spki', format: 'der' });
  const digest = createHash('sha256').update(key).digest('base64');
  return `
  Names below ${domain} lead here for who is told so:
    chromium --user-data-dir=$(mktemp -d) --host-resolver-rules='MAP *.${domain} 127.0.0.1, MAP ${domain} 127.0.0.1' \\
      --ignore-certificate-errors-spki-list=${digest} ${portal}
    curl --connect-to ::127.0.0.1: --cacert FILE ${portal}
`;
};

const withReadyFile = (file: string, { applications, certificate }: ReadyFile): string => `\
    A Cookie header for curl:      npm run --silent sign-in -- --ready-file ${file} --user bob --application ${applications[0]?.name}
    Connectors and tunnels:        npx sallyport --simulator ${file} status${
      certificate === undefined
        ? ''
        : `\n    The authority to trust (PEM):  node -p 'JSON.parse(fs.readFileSync(${JSON.stringify(file)})).certificate'`
    }`;
