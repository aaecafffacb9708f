// What goes wrong in a domain: each has a code and says what to do, and whoever has a ticket already does not notice.
import { once } from 'node:events';
import { copyFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Domain, startDomain } from '../support/active-directory/domain.ts';
import { withDomain } from '../support/active-directory/suite.ts';
import { startApache } from '../support/apache.ts';
import type { ApacheServer } from '../support/apache-server.ts';
import { eventually } from '../support/eventually.ts';
import { withClock } from '../support/faketime.ts';
import { createRig, type Rig, type RigOptions } from './rig.ts';

/** Users with a ticket come so often while others wait for the domain controller. */
const ROUNDS = 10;

withDomain('what goes wrong in a domain', () => {
  let domain: Domain;
  let apache: ApacheServer;
  let rig: Rig;
  const ends: Array<() => unknown> = [];
  const another = (options: Partial<RigOptions>): Rig => {
    const made = createRig({ domains: [domain], credentials: domain.keytab('svc-connector'), ...options });
    ends.push(made.dispose);
    return made;
  };

  beforeAll(async () => {
    domain = await startDomain(
      'CORP.EXAMPLE',
      [{ name: 'alice' }, { name: 'bob' }, { name: 'erin' }, { name: 'carol', protected: true }, { name: 'dave', disabled: true }],
      [
        {
          name: 'svc-connector',
          principal: 'HTTP/connector.corp.example',
          delegates: ['HTTP/app.corp.example', 'HTTP/ghost.corp.example'],
          protocolTransition: true,
        },
        { name: 'svc-kerberos-only', principal: 'HTTP/second.corp.example', delegates: ['HTTP/app.corp.example'] },
        { name: 'svc-old', principal: 'HTTP/third.corp.example', delegates: ['HTTP/app.corp.example'], protocolTransition: true },
        { name: 'svc-app', principal: 'HTTP/app.corp.example' },
        { name: 'svc-other', principal: 'HTTP/other.corp.example' },
      ],
    );
    apache = await startApache(domain, [{ path: 'app', service: 'svc-app' }]);
    rig = another({});
    await rig.ask(`${apache.url}app/`, { identity: 'alice' });
  }, 180_000);

  afterAll(async () => {
    for (const end of ends) await end();
    await apache?.dispose();
    await domain?.dispose();
  }, 30_000);

  const refusalOf = (identity: string, service = 'HTTP/app.corp.example', from = rig) =>
    from.ask(`${apache.url}app/`, { identity, service }).then(
      () => 'signed in',
      ({ code, message }) => `${code}: ${message}`,
    );

  test.each([
    ['a user who is unknown', 'nobody', /^ERR_KERBEROS_USER_UNKNOWN: .*nobody@CORP.EXAMPLE/],
    ['a UPN that is unknown', 'alice@elsewhere.example', /^ERR_KERBEROS_USER_UNKNOWN: .*alice@elsewhere.example/],
    ['a name with a slash, which would be a service', 'alice/admin', /^ERR_KERBEROS_USER_UNKNOWN: .*cannot be a user's name/],
    ['a name with a backslash', 'CORP\\alice', /^ERR_KERBEROS_USER_UNKNOWN/],
    ['a name with two @', 'alice@corp.example@corp.example', /^ERR_KERBEROS_USER_UNKNOWN/],
    ['a user who is disabled', 'dave', /^ERR_KERBEROS_USER_DISABLED: .*dave@CORP.EXAMPLE/],
    ['a user who is protected', 'carol', /^ERR_KERBEROS_USER_PROTECTED: .*carol@CORP.EXAMPLE.*cannot be delegated/],
  ])('%s', async (_, identity, expected) => {
    expect(await refusalOf(identity)).toMatch(expected);
  });

  test.each([
    ['is not on the account’s list', 'HTTP/other.corp.example', /^ERR_KERBEROS_DELEGATION: HTTP\/other.*msDS-AllowedToDelegateTo/],
    ['is on its list and does not exist', 'HTTP/ghost.corp.example', /^ERR_KERBEROS_SERVICE_UNKNOWN: .*HTTP\/ghost/],
    ['is of an unknown realm', 'HTTP/app.elsewhere.example@ELSEWHERE.EXAMPLE', /^ERR_KERBEROS_REALM: /],
  ])('an application that %s', async (_, service, expected) => {
    expect(await refusalOf('alice', service)).toMatch(expected);
  });

  describe('the connector’s own account', () => {
    test('may delegate, but not for users who have not signed in by Kerberos', async () => {
      const limited = another({ credentials: domain.keytab('svc-kerberos-only') });

      expect(await refusalOf('alice', undefined, limited)).toMatch(
        /^ERR_KERBEROS_DELEGATION: svc-kerberos-only.*lacks protocol transition/,
      );
    });

    test.each([
      ['has no keytab', () => undefined, /no account in a domain.*--kerberos-credentials/],
      ['has a keytab that is not there', () => join(domain.folder, 'none.keytab'), /none\.keytab.*ENOENT/],
      ['has a keytab that is none', () => written('not.keytab', 'something else'), /neither a keytab nor a credential cache/],
      ['has a keytab that is cut off', () => written('cut.keytab', Buffer.from('0502000000', 'hex')), /holds no key|cut off/],
      ['has an application’s keytab', () => domain.keytab('svc-other'), /does not know HTTP\/other/],
      ['has the key of before its password was changed', () => outdated(), /does not accept the key of svc-old/],
    ])('%s', async (_, credentials, expected) => {
      const refusal = await refusalOf('alice', undefined, another({ credentials: credentials() }));

      expect(refusal).toMatch(/^ERR_KERBEROS_CREDENTIALS: /);
      expect(refusal).toMatch(expected);
    });

    test('is named, and the keytab does not hold it', async () => {
      const refusal = await refusalOf('alice', undefined, another({ principals: ['svc-other@CORP.EXAMPLE'] }));

      expect(refusal).toMatch(/^ERR_KERBEROS_CREDENTIALS: .*no key of svc-other@CORP.EXAMPLE, only of svc-connector@CORP.EXAMPLE/);
    });

    test('is in a credential cache that another program keeps, as for a group managed service account', async () => {
      const cached = another({ credentials: domain.cache('svc-connector') });

      expect(await cached.ask(`${apache.url}app/`, { identity: 'bob' })).toMatchObject({ status: 200, user: 'bob@CORP.EXAMPLE' });
    });

    test('has a keytab again: the file is read anew, without a restart', async () => {
      const file = written('late.keytab', 'not yet');
      const late = another({ credentials: file });
      const before = await refusalOf('alice', undefined, late);

      copyFileSync(domain.keytab('svc-connector'), file);

      expect(before).toMatch(/^ERR_KERBEROS_CREDENTIALS/);
      expect(await late.ask(`${apache.url}app/`, { identity: 'alice' })).toMatchObject({ status: 200, user: 'alice@CORP.EXAMPLE' });
    });

    const written = (name: string, content: string | Buffer): string => {
      writeFileSync(join(domain.folder, name), content);
      return join(domain.folder, name);
    };
    const outdated = (): string => {
      const file = join(domain.folder, 'outdated.keytab');
      copyFileSync(domain.keytab('svc-old'), file);
      domain.rekey('svc-old');
      return file;
    };
  });

  describe('the helper', () => {
    test('cannot be started: the code says so, with its last words', async () => {
      const lame = another({ helper: join(domain.folder, 'no-such-program.mjs') });

      expect(await refusalOf('alice', undefined, lame)).toMatch(/^ERR_KERBEROS_UNAVAILABLE: .*no-such-program/s);
    });

    test('is killed: the next request starts another, and users are who they were', async () => {
      const before = rig.kerberos.helperPid!;
      process.kill(before, 'SIGKILL');

      const seen = await Promise.all(['alice', 'bob'].map((identity) => rig.ask(`${apache.url}app/`, { identity })));

      expect(seen.map(({ user }) => user)).toEqual(['alice@CORP.EXAMPLE', 'bob@CORP.EXAMPLE']);
      expect(rig.kerberos.helperPid).not.toBe(before);
    });
  });

  describe('clocks', () => {
    test('the application’s is six minutes off', async () => {
      const late = await startApache(domain, [{ path: 'app', service: 'svc-app' }], { clock: '+6m' });
      ends.push(late.dispose);

      const refused = rig.ask(`${late.url}app/`, { identity: 'alice' });

      await expect(refused).rejects.toMatchObject({
        code: 'ERR_KERBEROS_CLOCK',
        message: expect.stringContaining('HTTP/app.corp.example'),
      });
    });

    test.each([
      ['ahead', '+20m'],
      ['behind', '-20m'],
    ])('the connector’s is twenty minutes %s', async (_, offset) => {
      const fast = another({ environment: withClock(offset) });

      const refused = fast.ask(`${apache.url}app/`, { identity: 'alice' });

      await expect(refused).rejects.toMatchObject({ code: 'ERR_KERBEROS_CLOCK', message: expect.stringContaining('this machine') });
    });
  });

  describe('the domain controller', () => {
    test('is stopped: users with a ticket go on, others are told at once; it comes back and so do they', async () => {
      await domain.stop();

      const [known, stranger] = [await rig.ask(`${apache.url}app/`, { identity: 'alice' }), await refusalOf('erin')];
      await domain.start();
      const back = await rig.ask(`${apache.url}app/`, { identity: 'erin' });

      expect(known).toMatchObject({ status: 200, user: 'alice@CORP.EXAMPLE' });
      expect(stranger).toMatch(/^ERR_KERBEROS_KDC: /);
      expect(back).toMatchObject({ status: 200, user: 'erin@CORP.EXAMPLE' });
    }, 60_000);

    test('is frozen: more wait for it than there are threads, and users with a ticket do not notice', async () => {
      // Enough for all that is asked meanwhile.
      const hurried = another({ deadlineMs: 8_000 });
      await hurried.ask(`${apache.url}app/`, { identity: 'alice' });
      domain.freeze();
      const order: string[] = [];

      const stuck = Promise.all(
        Array.from({ length: 60 }, async (_, index) => {
          const refusal = await refusalOf(`stranger${index}`, undefined, hurried);
          order.push('stuck');
          return refusal;
        }),
      );
      for (let round = 0; round < ROUNDS; round += 1) {
        const { user } = await hurried.ask(`${apache.url}app/`, { identity: 'alice' });
        order.push(user ?? 'nobody');
      }
      const refusals = await stuck;
      domain.thaw();

      expect(order.slice(0, ROUNDS)).toEqual(Array(ROUNDS).fill('alice@CORP.EXAMPLE'));
      expect(refusals.filter((refusal) => !refusal.startsWith('ERR_KERBEROS_KDC: '))).toEqual([]);
      await eventually(30_000, async () => {
        expect(await hurried.ask(`${apache.url}app/`, { identity: 'bob' })).toMatchObject({ status: 200, user: 'bob@CORP.EXAMPLE' });
      });
    }, 60_000);

    test('takes connections and says nothing, and is the first of two: the other is turned to, once for all', async () => {
      const mute = createServer(() => undefined).listen(0, '127.0.0.1');
      await once(mute, 'listening');
      const first = { ...domain, controller: `127.0.0.1:${(mute.address() as AddressInfo).port}` };
      const both = another({ domains: [first, domain], deadlineMs: 6_000 });

      const seen = await Promise.all(['alice', 'bob', 'erin'].map((identity) => both.ask(`${apache.url}app/`, { identity })));
      mute.close();

      expect(seen.map(({ user }) => user)).toEqual(['alice@CORP.EXAMPLE', 'bob@CORP.EXAMPLE', 'erin@CORP.EXAMPLE']);
      expect(both.lines.filter(({ event }) => event === 'kerberos.controllers-reordered')).toHaveLength(1);
    }, 60_000);

    test('is frozen while the helper is killed: the request under way is asked anew, and answered when it thaws', async () => {
      const patient = another({ deadlineMs: 20_000 });
      await patient.ask(`${apache.url}app/`, { identity: 'alice' });
      domain.freeze();
      const waiting = patient.ask(`${apache.url}app/`, { identity: 'bob' });
      const killed = patient.kerberos.helperPid!;
      await patient.ask(`${apache.url}app/`, { identity: 'alice' });

      process.kill(killed, 'SIGKILL');
      await patient.helperGone(killed);
      domain.thaw();

      expect(await waiting).toMatchObject({ status: 200, user: 'bob@CORP.EXAMPLE' });
      expect(patient.kerberos.helperPid).not.toBe(killed);
    }, 60_000);
  });
});
