// Attack: reading secrets from the audit.
//
// Somebody who may read the logs, or the SIEM that they are shipped to, looks for what opens something: cookies, codes, tokens, passwords,
// secrets in query strings. Every kind of event is brought about here with a secret in every place where one may stand. None is in any
// line of any function's log, each event is one of the published schema, and `sallyport audit` shows them.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AUDIT_KINDS } from '../../protocol/audit.ts';
import { createWebUser } from '../../simulator/web-user.ts';
import { control, sallyport } from '../support/administrator.ts';
import { FUNCTION_LOGS, functionLog, type LogLine, logged } from '../support/logs.ts';
import { ocsfEvent } from '../support/ocsf.ts';
import { playEnrolment } from '../support/played-connector.ts';
import { stranger } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
const secrets = new Set<string>();

/** A secret of the attacker's choice, in the form of ours. */
const planted = (): string => kept(randomBytes(32).toString('base64url'));
const kept = (secret: string): string => {
  secrets.add(secret);
  return secret;
};
const keepCookies = (header: string): void => {
  for (const pair of header.split('; ')) kept(pair.slice(pair.indexOf('=') + 1));
};

beforeAll(async () => {
  world = await startWorld('--lambda', 'quick');
  await changeThings();
  await signInAndOut();
  await enrolAndDial();
  await beRefused();
}, 180_000);
afterAll(() => world?.dispose(), 60_000);

const changeThings = async (): Promise<void> => {
  const administrator = control(world);
  const [found] = await administrator.applications();
  const entry = (id: string, access: unknown) => ({
    ...{ id, name: id, externalUrl: `https://${found!.host.replace('intranet', id)}/`, internalUrl: found!.internalUrl, access },
    tokens: { services: true },
  });
  await administrator.apply([entry('intranet', 'everyone'), entry('closed', { users: ['nobody@example.com'] })]);
  kept((await administrator.createToken('robot', ['intranet'], 1)).token);
  kept((await administrator.rotateToken('robot')).token);
  await administrator.revokeToken('robot');
};

const signInAndOut = async (): Promise<void> => {
  const web = createWebUser();
  const { username, password } = world.ready.users.find((user) => user.username === 'bob')!;
  kept(password);
  const signedIn = await web.submit(await web.open(`${world.url('intranet')}?reset=${planted()}`), { username, password });
  expect(signedIn.status).toBe(200);
  const { portal } = world.ready;
  for (const url of [world.url('intranet'), portal]) keepCookies(web.cookieFor(url));
  expect((await web.open(`${closed()}secret-plans?token=${planted()}`)).status).toBe(403);
  keepCookies(web.cookieFor(closed()));
  await web.submit(await web.open(`${portal}sign-out`), {});
  await web.close();
  await control(world).revokeSessions({ user: 'bob' });
};

const closed = () => world.url('intranet').replace('intranet', 'closed');

const enrolAndDial = async (): Promise<void> => {
  const administrator = control(world);
  const { code } = await administrator.issueCode('audited');
  kept(code.slice(code.indexOf('#') + 1));
  const connector = await playEnrolment(code, 'tourist');
  await expect(playEnrolment(code, 'mallory')).rejects.toMatchObject({ code: 'ERR_ENROLMENT_INVALID' });
  const token = kept(await connector.token());
  await (await connector.dial(token)).close();
  await expect(connector.dial(token)).rejects.toMatchObject({ code: 'ERR_SERVICE_UNREACHABLE' });
  await administrator.removeConnector(connector.identity.connector);
  await expect(connector.dial()).rejects.toMatchObject({ code: 'ERR_CONNECTOR_UNKNOWN' });
  await connector.dispose();
};

const beRefused = async (): Promise<void> => {
  const { portal } = world.ready;
  const intranet = world.url('intranet');
  const statusOf = async (...request: Parameters<typeof stranger.fetch>) => (await stranger.fetch(...request)).status;

  const statuses = [
    await statusOf(`${portal}callback/any?code=${planted()}&state=${planted()}`, {
      headers: { cookie: `__Host-sallyport-browser=${planted()}` },
    }),
    await statusOf(`${portal}sign-in?to=${encodeURIComponent(`https://elsewhere.example/?${planted()}`)}&challenge=${planted()}`),
    await statusOf(`${portal}back-channel-logout`, { method: 'POST', body: `logout_token=${planted()}` }),
    await statusOf(`${intranet}.sallyport/session?code=${planted()}`, { headers: { cookie: `__Host-sallyport-sign-in=${planted()}` } }),
    await statusOf(`${intranet}?q=${planted()}`, { headers: { authorization: `Bearer sallyport_${planted()}` } }),
    await statusOf(`${intranet}..%2f?q=${planted()}`, { headers: { cookie: `__Host-sallyport-session=${planted()}` } }),
    await statusOf(`${portal}connectors/enrol`, { method: 'POST', body: JSON.stringify({ code: planted() }) }),
    await statusOf(`${portal}connectors/enrol`, { method: 'POST', body: `no JSON: ${planted()}` }),
  ];
  expect(statuses.every((status) => status >= 400 && status < 500)).toBe(true);
  await expect(control(world).revokeSessions({ user: planted(), session: planted() } as never)).rejects.toMatchObject({
    code: 'ERR_REQUEST_INVALID',
  });
};

const lines = async (): Promise<LogLine[]> => (await Promise.all(FUNCTION_LOGS.map((name) => functionLog(world, name)))).flat();

test('no line of any log has a secret in it', async () => {
  const written = await lines();

  const told = written.map((line) => JSON.stringify(line)).filter((line) => [...secrets].some((secret) => line.includes(secret)));

  expect(secrets.size).toBeGreaterThan(20);
  expect(told).toEqual([]);
});

test('every kind of event was brought about, and each event is one of the schema', async () => {
  const events = (await lines()).filter(({ audit }) => audit !== undefined);

  const foreign = events.filter(({ ocsf }) => !ocsfEvent.safeParse(ocsf).success);

  expect(foreign).toEqual([]);
  // Stepping up needs a provider with a second factor, a limit many requests: tests of their own.
  expect([...new Set(events.map(({ audit }) => audit))].sort()).toEqual(
    AUDIT_KINDS.filter((kind) => kind !== 'step-up' && kind !== 'limit').sort(),
  );
});

test('a refusal by policy tells user, application, rule, path without query, and where it came from', async () => {
  const { ocsf } = await logged(() => functionLog(world, 'router'), { audit: 'decision', code: 'ERR_ACCESS_DENIED', user: 'bob' });

  expect(ocsf).toMatchObject({
    actor: { user: { name: 'bob' } },
    policy: { name: 'access', uid: 'closed' },
    http_request: { http_method: 'GET', url: { hostname: new URL(closed()).hostname, path: '/secret-plans' } },
    src_endpoint: { ip: '127.0.0.1' },
  });
});

test('`sallyport audit` shows them in the order of time, from all functions', async () => {
  const { status, output } = await sallyport(world, 'audit', '--since', '1h');

  expect(status).toBe(0);
  const rows = output.trim().split('\n').slice(1);
  expect(rows).toEqual([...rows].sort((one, other) => one.slice(0, 24).localeCompare(other.slice(0, 24))));
  for (const wanted of [
    / sign-in +done +bob /,
    / sign-out +done +bob /,
    / dial +failed /,
    / token +done .*robot made/,
    /decision +refused +bob .*access$/,
  ]) {
    expect(output.split('\n').some((row) => wanted.test(row))).toBe(true);
  }
});

test('`sallyport audit --json` gives each as a line, of the kind, user and application that were asked for', async () => {
  const { status, output } = await sallyport(world, 'audit', '--json', '--kind', 'decision', '--user', 'bob', '--application', 'closed');

  const found = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(status).toBe(0);
  expect(found.length).toBeGreaterThan(0);
  for (const line of found) expect(line).toMatchObject({ audit: 'decision', user: 'bob', application: 'closed' });
});

test('`sallyport audit --kind exchange` shows what was allowed, from the exchange’s own line', async () => {
  const { output } = await sallyport(world, 'audit', '--kind', 'exchange', '--user', 'bob', '--application', 'intranet');

  expect(output).toMatch(/ exchange +200 +bob +intranet /);
});
