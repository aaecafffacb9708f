// Many signed-in users at one router and one connector (wire.ts), so that all that either keeps in memory is shared by all of them. Behind it
// applications that say whom they take a request for, and the same ones without single sign-on.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVault, seal } from '../../cli/commands/credentials.ts';
import { digest, randomSecret } from '../../lambdas/keys.ts';
import { systemClock as clock } from '../../lambdas/router/clock.ts';
import { SESSION_COOKIE } from '../../lambdas/router/cookies.ts';
import { recordResponse } from '../../lambdas/router/testing/recorded-response.ts';
import { application, event, session, user } from '../../lambdas/router/testing/records.ts';
import type { ApplicationHere, Session, SingleSignOn, StoredCredentials } from '../../lambdas/stores/records.ts';
import { ownerOf } from '../../protocol/vault.ts';
import { type Domain, startDomain } from './active-directory/domain.ts';
import { startApache } from './apache.ts';
import type { ApacheServer } from './apache-server.ts';
import { type NamingOrigin, passwordOf, startNamingOrigin } from './naming-origin.ts';
import { createRouterWith, GROUP, startWire } from './wire.ts';

export interface Round {
  readonly requests: number;
  readonly seconds: number;
  /** What came of requests that an application took for another user's, or that failed for good. */
  readonly wrong: readonly string[];
  /** How often a user had to ask again, as the page says: a busy machine lets a connector be silent for too long. */
  readonly again: number;
}

export interface ManyUsers {
  /** Ids of applications, each beside the one that is the same without single sign-on. */
  readonly pairs: readonly { readonly method: string; readonly without: string }[];
  /** All users at once, each with one request after the other, in turn at these applications; everyone begins at another one. */
  round(applications: readonly string[], requestsOfEach: number): Promise<Round>;
  /** Kerberos tickets that requests went with so far. */
  tickets(): Promise<{ readonly fetched: number; readonly kept: number }>;
  dispose(): Promise<void>;
}

const DOMAIN = 'apps.example.com';
const MINUTE_MS = 60_000;
const TRIES_MAX = 5;
const SERVICE = 'HTTP/app.corp.example';
const REALM = 'CORP.EXAMPLE';

/** `withKerberos`: there can be a domain here. */
export const startManyUsers = async (count: number, { withKerberos }: { readonly withKerberos: boolean }): Promise<ManyUsers> => {
  const names = Array.from({ length: count }, (_, index) => `user${String(index + 1).padStart(2, '0')}`);
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-many-users-'));
  const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const dispose = async () => {
    for (let end = ends.pop(); end; end = ends.pop()) await end();
  };
  try {
    const origin = await startNamingOrigin(names);
    ends.push(() => origin.dispose());
    const windows = withKerberos ? await startWindows(names, ends) : null;

    const vaultFile = join(folder, 'vault.json');
    const lines: string[] = [];
    await createVault(vaultFile, (line) => lines.push(line));
    const vaultKey = /vaultKey: (\S+)/.exec(lines.join('\n'))![1]!;

    const applications = applicationsOf(origin, windows?.apache ?? null, vaultKey);
    const { sessions, cookies } = signedIn(names, applications);
    const credentials = new Map<string, StoredCredentials>();
    for (const name of names) {
      const owner = ownerOf(user({ username: name, subject: name }));
      const sealed = await seal(vaultKey, { application: 'form', owner, username: name, password: passwordOf(name) });
      credentials.set(owner, { sealed, owner, setBy: name, setAt: 0, refusedAt: null });
    }
    const wire = await startWire(folder, ends);
    const allow = [origin.url, ...(windows ? [windows.apache.url] : [])].flatMap((url) => ['--allow', new URL(url).origin]);
    const health = await wire.startConnector([
      ...allow,
      ...['--vault-keys', vaultFile],
      // One controller, on the same cores, makes all their tickets, one after the other.
      ...(windows ? ['--kerberos-credentials', windows.domain.keytab('svc-connector'), '--kerberos-seconds', '60'] : []),
      ...(windows ? ['--kerberos-kdcs', `${REALM}=${windows.domain.controller}`] : []),
    ]);

    const router = createRouterWith(wire, applications, sessions, credentials);
    const expected = (id: string, name: string): string | null =>
      id.startsWith('open-') ? null : id === 'kerberos' ? `${name}@${REALM}` : name;

    /** Null: as it should be. `again`: nothing came, for now. */
    const ask = async (id: string, name: string, number: number): Promise<string | null | 'again'> => {
      const response = recordResponse();
      const headers = { Cookie: [`${SESSION_COOKIE}=${cookies.get(`${name} ${id}`)}`] };
      const query = { n: [String(number)] };
      await router(event({ host: `${id}.${DOMAIN}`, headers, multiValueQueryStringParameters: query }), response, clock.now() + MINUTE_MS);
      if (response.status === 504) return 'again';
      const [, known = null] = /<strong id="user">([^<]*)</.exec(response.body().toString()) ?? [];
      const want = expected(id, name);
      return response.status === 200 && (want === null || want === known)
        ? null
        : `${name} at ${id}: ${response.status}, taken for ${known}`;
    };

    return {
      pairs: [
        { method: 'headers', without: 'open-headers' },
        { method: 'form', without: 'open-form' },
        ...(windows ? [{ method: 'kerberos', without: 'open-kerberos' }] : []),
      ],
      round: async (ids, requestsOfEach) => {
        const wrong: string[] = [];
        let again = 0;
        const startedAt = performance.now();
        await Promise.all(
          names.map(async (name, place) => {
            for (let number = 0; number < requestsOfEach; number += 1) {
              const id = ids[(place + number) % ids.length]!;
              let fault = await ask(id, name, number);
              for (let tries = 1; fault === 'again' && tries < TRIES_MAX; tries += 1) {
                again += 1;
                fault = await ask(id, name, number);
              }
              if (fault !== null) wrong.push(fault);
            }
          }),
        );
        return { requests: names.length * requestsOfEach, seconds: (performance.now() - startedAt) / 1000, wrong, again };
      },
      tickets: async () => {
        const metrics = await (await fetch(`${health}/metrics`)).text();
        const read = (source: string) =>
          Number(new RegExp(`^sallyport_kerberos_tickets_total\\{source="${source}"\\} (\\d+)$`, 'm').exec(metrics)?.[1] ?? 0);
        return { fetched: read('fetched'), kept: read('kept') };
      },
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
};

/** A domain with these users, and an Apache that knows its visitors by their tickets alone. */
const startWindows = async (names: readonly string[], ends: (() => unknown)[]): Promise<{ domain: Domain; apache: ApacheServer }> => {
  const domain = await startDomain(
    REALM,
    names.map((name) => ({ name })),
    [
      { name: 'svc-connector', principal: 'HTTP/connector.corp.example', delegates: [SERVICE], protocolTransition: true },
      { name: 'svc-app', principal: SERVICE },
    ],
  );
  ends.push(() => domain.dispose());
  const apache = await startApache(domain, [
    { path: 'kerberos', service: 'svc-app' },
    { path: 'open', service: 'svc-app', open: true },
  ]);
  ends.push(() => apache.dispose());
  return { domain, apache };
};

const applicationsOf = (origin: NamingOrigin, apache: ApacheServer | null, vaultKey: string): readonly ApplicationHere[] => {
  const at = (id: string, internalUrl: string, singleSignOn: SingleSignOn = { method: 'none', headers: {} }): ApplicationHere =>
    application({ id, host: `${id}.${DOMAIN}`, internalUrl, connectorGroup: GROUP, singleSignOn });
  const form = { page: '/form/sign-in', usernameField: null, passwordField: null, success: null, failure: null };
  return [
    at('headers', `${origin.url}headers/`, { method: 'headers', headers: { 'Remote-User': '{username}' } }),
    at('open-headers', `${origin.url}headers/`),
    at('form', `${origin.url}form/`, { method: 'password', headers: {}, scheme: 'form', credentials: 'user', vaultKey, form }),
    at('open-form', `${origin.url}open/`),
    ...(apache === null
      ? []
      : [
          at('kerberos', `${apache.url}kerberos/`, {
            method: 'kerberos',
            headers: {},
            servicePrincipalName: SERVICE,
            identity: '{username}',
            sendOn: 'request',
            mutualAuthentication: 'required',
          }),
          at('open-kerberos', `${apache.url}open/`),
        ]),
  ];
};

/** A session of each user at each application; the cookies' secrets go by both names. */
const signedIn = (names: readonly string[], applications: readonly ApplicationHere[]) => {
  const sessions = new Map<string, Session>();
  const cookies = new Map<string, string>();
  for (const name of names) {
    for (const { id, host } of applications) {
      const secret = randomSecret();
      cookies.set(`${name} ${id}`, secret);
      const signedInAs = user({ username: name, subject: name, name });
      sessions.set(
        digest(secret),
        session({ id: digest(secret), parent: `of ${name}`, host, user: signedInAs, expiresAt: clock.now() + 600 * MINUTE_MS }),
      );
    }
  }
  return { sessions, cookies };
};
