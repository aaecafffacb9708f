import { describe, expect, test } from '@jest/globals';
import { SallyportError } from '../../protocol/errors.ts';
import { AccountOrUserDenied } from '../kerberos/failures.ts';
import type { TicketAsk } from '../kerberos/kerberos.ts';
import type { Probed } from '../kerberos/probe.ts';
import { parseController } from '../kerberos/realms.ts';
import { examine, type Patient } from './kerberos.ts';

const NOW = Date.UTC(2030, 0, 1);
const PATIENT: Patient = { user: 'alice', compareWith: undefined, service: 'HTTP/app', internalUrl: 'http://app.corp/' };

interface World {
  readonly controllers?: readonly string[];
  readonly probe?: (host: string) => Probed | Error;
  readonly ticket?: (ask: TicketAsk) => Error | null;
  readonly application?: Error | number;
  readonly patient?: Partial<Patient>;
}

/** The report as lines, and how many tickets were left open. */
const reportOf = async ({ controllers = ['CORP.EXAMPLE=dc1'], probe, ticket, application = 200, patient }: World) => {
  let open = 0;
  const findings = await examine(
    {
      kerberos: {
        prepare: async () => ({
          accounts: [{ principal: 'svc@CORP.EXAMPLE', store: {} }],
          realms: ['CORP.EXAMPLE'],
          controllers: controllers.map(parseController),
        }),
        ticket: async (ask) => {
          const failure = ticket?.(ask) ?? null;
          if (failure) throw failure;
          open += 1;
          const close = () => {
            open -= 1;
          };
          return { header: '', ticket: 1, cached: false, verify: async () => true, close };
        },
      },
      probe: async (host) => {
        const probed = probe?.(host) ?? { time: NOW, error: 25 };
        if (probed instanceof Error) throw probed;
        return probed;
      },
      ask: async () => {
        if (application instanceof Error) throw application;
        return { status: application, headers: [], body: (async function* () {})() };
      },
      now: () => NOW,
    },
    { ...PATIENT, ...patient },
  );
  expect(open).toBe(0);
  return findings.map(({ step, state, text }) => `${step}: ${state}${text === '' ? '' : ` ${text}`}`);
};

test('all is well', async () => {
  expect(await reportOf({})).toEqual([
    'credentials: ok svc@CORP.EXAMPLE',
    'controllers: ok dc1 answers',
    'clock: ok this machine is 0 s ahead of dc1',
    'account: ok svc@CORP.EXAMPLE signs in',
    'user: ok alice is known and may be signed in',
    'delegation: ok svc@CORP.EXAMPLE may sign users in to HTTP/app@CORP.EXAMPLE',
    'application: ok http://app.corp/ takes the ticket, proves who it is and answers 200',
  ]);
});

describe('a fault is told at its step, with what was well before and what was not reached', () => {
  test.each([
    ['ahead of', NOW - 360_000],
    ['behind', NOW + 360_000],
  ])('a clock that is six minutes %s', async (words, time) => {
    expect(await reportOf({ probe: () => ({ time, error: 25 }) })).toContain(`clock: fault this machine is 360 s ${words} dc1`);
  });

  test('one controller of two that does not answer', async () => {
    const report = await reportOf({
      controllers: ['CORP.EXAMPLE=dc1', 'CORP.EXAMPLE=dc2'],
      probe: (host) => (host === 'dc1' ? new Error('no connection within 5000 ms') : { time: NOW, error: 25 }),
    });

    expect(report).toContain('controllers: fault dc1: no connection within 5000 ms');
    expect(report).toContain('controllers: ok dc2 answers');
    expect(report).toContain('user: ok alice is known and may be signed in');
  });

  test('an account that the domain does not know', async () => {
    expect(await reportOf({ probe: () => ({ time: NOW, error: 6 }) })).toContain('account: fault dc1 does not know svc@CORP.EXAMPLE');
  });

  test('a user who is unknown: the application is not asked', async () => {
    const report = await reportOf({ ticket: () => new SallyportError('ERR_KERBEROS_USER_UNKNOWN', 'unknown') });

    expect(report.slice(3)).toEqual([
      'account: not reached',
      'user: fault ERR_KERBEROS_USER_UNKNOWN: unknown',
      'delegation: not reached',
      'application: not reached',
    ]);
  });

  test('an application that does not take the ticket', async () => {
    const report = await reportOf({ application: new SallyportError('ERR_KERBEROS_REFUSED', 'older keytab') });

    expect(report.at(-1)).toBe('application: fault ERR_KERBEROS_REFUSED: older keytab');
  });
});

describe('what the domain says in one way for two reasons', () => {
  const denied = new AccountOrUserDenied('ERR_KERBEROS_DELEGATION', 'one or the other.');
  const only = (name: string) => (ask: TicketAsk) => (ask.identity === name ? null : denied);

  test('is left open without somebody to compare with', async () => {
    expect((await reportOf({ ticket: () => denied })).find((line) => line.startsWith('delegation'))).toMatch(/fault.*--compare-with/);
  });

  test('is the user’s when another can be signed in', async () => {
    const report = await reportOf({ ticket: only('bob'), patient: { compareWith: 'bob' } });

    expect(report.find((line) => line.startsWith('user'))).toMatch(
      /fault ERR_KERBEROS_USER_PROTECTED: bob can be signed in and alice cannot/,
    );
  });

  test('is the account’s when nobody can', async () => {
    const report = await reportOf({ ticket: () => denied, patient: { compareWith: 'bob' } });

    expect(report.find((line) => line.startsWith('delegation'))).toBe('delegation: fault ERR_KERBEROS_DELEGATION: one or the other.');
  });
});
