// Users at a real application by way of a real Active Directory domain: each as themselves, whatever is tried.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Domain, startDomain } from '../support/active-directory/domain.ts';
import { withDomain } from '../support/active-directory/suite.ts';
import { startApache } from '../support/apache.ts';
import type { ApacheServer } from '../support/apache-server.ts';
import { createRig, type Rig } from './rig.ts';

const CROWD = Array.from({ length: 50 }, (_, index) => `user${index + 1}`);

withDomain('single sign-on by Kerberos', () => {
  let domain: Domain;
  let branch: Domain;
  let apache: ApacheServer;
  let branchApache: ApacheServer;
  let rig: Rig;

  beforeAll(async () => {
    const users = [
      { name: 'alice' },
      { name: 'bob' },
      { name: 'u4711', upn: 'eve.adams@mail.example' },
      ...CROWD.map((name) => ({ name })),
    ];
    const branchStarts = startDomain(
      'BRANCH.EXAMPLE',
      [{ name: 'alice' }],
      [
        {
          name: 'svc-branch',
          principal: 'HTTP/connector.branch.example',
          delegates: ['HTTP/app.branch.example'],
          protocolTransition: true,
        },
        { name: 'svc-app', principal: 'HTTP/app.branch.example' },
      ],
    );
    domain = await startDomain('CORP.EXAMPLE', users, [
      {
        name: 'svc-connector',
        principal: 'HTTP/connector.corp.example',
        delegates: ['HTTP/app.corp.example', 'HTTP/other.corp.example'],
        protocolTransition: true,
      },
      { name: 'svc-app', principal: 'HTTP/app.corp.example' },
      { name: 'svc-other', principal: 'HTTP/other.corp.example' },
    ]);
    apache = await startApache(domain, [
      { path: 'app', service: 'svc-app' },
      { path: 'other', service: 'svc-other' },
      { path: 'session', service: 'svc-app', session: true },
    ]);
    branch = await branchStarts;
    branchApache = await startApache(branch, [{ path: 'app', service: 'svc-app' }]);
    // A keytab is two bytes and entries: those of both realms go into one.
    const credentials = join(domain.folder, 'both.keytab');
    const [corp, other] = [domain.keytab('svc-connector'), branch.keytab('svc-branch')].map((file) => readFileSync(file));
    writeFileSync(credentials, Buffer.concat([corp!, other!.subarray(2)]));
    rig = createRig({ domains: [domain, branch], credentials });
  }, 180_000);

  afterAll(async () => {
    await rig?.dispose();
    await Promise.all([apache?.dispose(), branchApache?.dispose()]);
    await Promise.all([domain?.dispose(), branch?.dispose()]);
  }, 30_000);

  test('each user is at the application as themselves, and the application has proved who it is', async () => {
    const seen = await Promise.all(['alice', 'bob', 'alice', 'bob'].map((identity) => rig.ask(`${apache.url}app/`, { identity })));

    expect(seen.map(({ status, user }) => [status, user])).toEqual([
      [200, 'alice@CORP.EXAMPLE'],
      [200, 'bob@CORP.EXAMPLE'],
      [200, 'alice@CORP.EXAMPLE'],
      [200, 'bob@CORP.EXAMPLE'],
    ]);
    expect(JSON.stringify(seen)).not.toMatch(/Negotiate/i);
  });

  test.each([
    ['a name alone', 'alice', 'alice@CORP.EXAMPLE'],
    ['in any case', 'ALICE', 'alice@CORP.EXAMPLE'],
    ['with the realm, in any case', 'Alice@corp.example', 'alice@CORP.EXAMPLE'],
    // Samba leaves the address as it is; Active Directory would answer with the account's own name.
    ['a UPN whose suffix is no realm', 'Eve.Adams@mail.example', 'eve.adams\\@mail.example@CORP.EXAMPLE'],
  ])('a user is found by %s', async (_, identity, expected) => {
    expect(await rig.ask(`${apache.url}app/`, { identity })).toMatchObject({ status: 200, user: expected });
  });

  test('an application that asks first is asked without a ticket, then with one; the body is sent both times', async () => {
    const page = await rig.ask(`${apache.url}app/`, { identity: 'bob', sendOn: 'challenge' });
    const free = await rig.ask(apache.url, { identity: 'bob', sendOn: 'challenge', proof: 'required' });
    const posted = await rig.ask(
      `${apache.url}app/`,
      { identity: 'bob', sendOn: 'challenge' },
      { method: 'POST', body: Buffer.from('x'.repeat(100_000)) },
    );

    expect(page).toMatchObject({ status: 200, user: 'bob@CORP.EXAMPLE' });
    expect(free.user).toBeUndefined();
    expect(posted).toMatchObject({ status: 200, user: 'bob@CORP.EXAMPLE' });
  });

  test('an application with sessions of its own, where the proof comes once', async () => {
    const first = await rig.ask(`${apache.url}session/`, { identity: 'bob' });

    expect(first).toMatchObject({ status: 200, user: 'bob@CORP.EXAMPLE' });
    expect(first.headers.some(([name]) => name.toLowerCase() === 'set-cookie')).toBe(true);
  });

  test('two applications of one user have a ticket each', async () => {
    const seen = await Promise.all([
      rig.ask(`${apache.url}app/`, { identity: 'alice' }),
      rig.ask(`${apache.url}other/`, { identity: 'alice', service: 'HTTP/other.corp.example' }),
    ]);

    expect(seen.map(({ status, user }) => [status, user])).toEqual([
      [200, 'alice@CORP.EXAMPLE'],
      [200, 'alice@CORP.EXAMPLE'],
    ]);
  });

  test('an application of another realm: its own account signs in, and a name alone is one of that realm', async () => {
    const service = 'HTTP/app.branch.example@BRANCH.EXAMPLE';

    const seen = await Promise.all([
      rig.ask(`${branchApache.url}app/`, { identity: 'alice', service }),
      rig.ask(`${branchApache.url}app/`, { identity: 'alice@branch.example', service }),
    ]);
    // There is no trust between the two.
    const stranger = rig.ask(`${branchApache.url}app/`, { identity: 'bob@corp.example', service });

    expect(seen.map(({ user }) => user)).toEqual(['alice@BRANCH.EXAMPLE', 'alice@BRANCH.EXAMPLE']);
    await expect(stranger).rejects.toMatchObject({ code: 'ERR_KERBEROS_REALM' });
  });

  test('a ticket for one application is worth nothing at another', async () => {
    const refused = rig.ask(`${apache.url}other/`, { identity: 'alice', service: 'HTTP/app.corp.example' });

    await expect(refused).rejects.toMatchObject({ code: 'ERR_KERBEROS_REFUSED' });
  });

  test('the key of an application changes: one further attempt with a new ticket, and the user notices nothing', async () => {
    await rig.ask(`${apache.url}app/`, { identity: 'alice' });
    domain.rekey('svc-app');

    const seen = await Promise.all(['alice', 'alice', 'bob'].map((identity) => rig.ask(`${apache.url}app/`, { identity })));

    expect(seen.map(({ status, user }) => [status, user])).toEqual([
      [200, 'alice@CORP.EXAMPLE'],
      [200, 'alice@CORP.EXAMPLE'],
      [200, 'bob@CORP.EXAMPLE'],
    ]);
  }, 60_000);

  test.each([
    ['another answer’s proof', (first: string) => first],
    ['a proof with one bit changed', (first: string) => flipped(first)],
    ['a proof that is none', () => 'QUJDRA=='],
    ['no proof, where one is required', () => null],
  ])('an origin that answers with %s is refused', async (_, forge) => {
    const first = await proofOf(rig, `${apache.url}app/`);
    const proof = forge(first);
    const forger = await startForger(proof === null ? {} : { 'WWW-Authenticate': `Negotiate ${proof}` });

    const refused = rig.ask(forger.url, { identity: 'alice' });

    await expect(refused).rejects.toMatchObject({ code: 'ERR_KERBEROS_REFUSED' });
    forger.server.close();
  });

  test('the process’s own credentials are never used: with alice’s at hand, bob is bob and nobody is alice (mechglue’s default)', async () => {
    // As if nothing of our own configuration were there to keep it from them.
    const environment = { KRB5CCNAME: `FILE:${domain.cache('alice')}`, KRB5_CONFIG: join(domain.folder, 'krb5.conf') };
    const open = createRig({ domains: [domain], credentials: domain.keytab('svc-connector'), environment });

    const [bob, nobody] = await Promise.allSettled([
      open.ask(`${apache.url}app/`, { identity: 'bob' }),
      open.ask(`${apache.url}app/`, { identity: 'nobody' }),
    ]);
    await open.dispose();

    expect(bob).toMatchObject({ value: { status: 200, user: 'bob@CORP.EXAMPLE' } });
    expect(nobody).toMatchObject({ reason: { code: 'ERR_KERBEROS_USER_UNKNOWN' } });
  }, 30_000);

  test('fifty users at once, four thousand requests: the application never sees another user', async () => {
    const rounds = 80;
    const wrong: unknown[] = [];
    const browse = async (url: string, signedOn: boolean) => {
      const began = performance.now();
      await Promise.all(
        CROWD.map(async (identity) => {
          for (let round = 0; round < rounds; round += 1) {
            const { status, user } = await (signedOn ? rig.ask(url, { identity }) : rig.plain(url));
            if (signedOn && (status !== 200 || user !== `${identity}@CORP.EXAMPLE`)) wrong.push({ identity, status, user });
          }
        }),
      );
      return (CROWD.length * rounds * 1000) / (performance.now() - began);
    };

    const before = rig.fetched();
    const bare = await browse(apache.url, false);
    const signedOn = await browse(`${apache.url}app/`, true);

    console.log(
      `Kerberos: ${CROWD.length * rounds} requests of ${CROWD.length} users, tickets fetched for ${rig.fetched() - before}, ${signedOn.toFixed(0)} a second, ` +
        `${((signedOn / bare) * 100).toFixed(0)} % of what the same site answers without single sign-on (${bare.toFixed(0)} a second)`,
    );
    expect(wrong).toEqual([]);
  }, 180_000);
});

/** A genuine proof, as it travels: taken by calling the application without the method that checks and removes it. */
const proofOf = async (rig: Rig, url: string): Promise<string> => {
  const ticket = await rig.kerberos.ticket({ identity: 'alice', service: 'HTTP/app.corp.example' });
  const answer = await fetch(url, { headers: { Authorization: ticket.header } });
  ticket.close();
  return /^Negotiate (.+)$/.exec(answer.headers.get('www-authenticate') ?? '')?.[1] ?? '';
};

const flipped = (token: string): string => {
  const bytes = Buffer.from(token, 'base64');
  bytes[bytes.length - 5]! ^= 1;
  return bytes.toString('base64');
};

const startForger = async (headers: Record<string, string>): Promise<{ server: Server; url: string }> => {
  const server = createServer((_, response) => response.writeHead(200, headers).end('I am the application, trust me'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
};
