import { describe, expect, test } from '@jest/globals';
import { ocsfEvent } from '../test/support/ocsf.ts';
import { AUDIT_KINDS, type AuditFact } from './audit.ts';
import { SallyportError } from './errors.ts';
import { createLog } from './log.ts';

const NOW = 1_700_000_000_000;
const COMMON = { tenant: 'example', function: 'portal', requestId: 'r-1', address: '2001:db8::1' };
const ADMINISTRATOR = 'arn:aws:iam::123456789012:user/ada';

/** Each kind at least once, with what its line says besides. */
const FACTS: ReadonlyArray<readonly [typeUid: number, fact: AuditFact, fields?: object]> = [
  [300201, { kind: 'sign-in', user: 'alice@example.com', protocol: 'openid', mfa: true }],
  [300201, { kind: 'sign-in', user: null }, { error: new SallyportError('ERR_IDENTITY_REFUSED') }],
  [300201, { kind: 'step-up', user: null }, { error: new SallyportError('ERR_STEP_UP_FAILED') }],
  [300202, { kind: 'sign-out', user: 'alice@example.com' }],
  [300301, { kind: 'session', user: 'alice@example.com', host: 'wiki.apps.example.com' }],
  [
    400206,
    {
      ...{ kind: 'decision', method: 'POST', host: 'wiki.apps.example.com', path: '/admin', status: 403 },
      ...{ user: 'alice@example.com', application: 'wiki', rule: 'office only' },
    },
    { error: new SallyportError('ERR_CONDITION_NOT_MET') },
  ],
  [400203, { kind: 'decision', method: 'GET', status: 302, challenged: true }],
  [400299, { kind: 'refusal', method: 'PROPFIND', status: 400 }, { error: new SallyportError('ERR_REQUEST_INVALID') }],
  [600303, { kind: 'refusal', operation: 'PUT /control/applications' }, { administrator: ADMINISTRATOR }],
  [600302, { kind: 'refusal', operation: 'GET /control/status' }, { error: new SallyportError('ERR_CONTROL_DENIED') }],
  [400203, { kind: 'limit', method: 'GET', host: 'portal.example.com', path: '/sign-in', status: 429, rule: 'sign-in' }],
  [300401, { kind: 'enrolment', change: 'create', entity: { type: 'Enrolment code', name: 'berlin' } }, { administrator: ADMINISTRATOR }],
  [300406, { kind: 'enrolment', change: 'enroll', entity: { type: 'Connector', name: 'hall', uid: 'hall-1' }, details: { group: 'a' } }],
  [300407, { kind: 'enrolment', change: 'unenroll', entity: { type: 'Connector', name: 'hall', uid: 'hall-1' } }],
  [300201, { kind: 'dial', user: null }, { error: new SallyportError('ERR_CONNECTOR_UNKNOWN') }],
  [300403, { kind: 'token', change: 'update', entity: { type: 'Service token', name: 'robot' } }, { administrator: ADMINISTRATOR }],
  [300404, { kind: 'revocation', change: 'delete', entity: { type: 'Session', name: 'one' }, user: 'alice@example.com' }],
  [300403, { kind: 'configuration', change: 'update', entity: { type: 'Directory', name: 'applications' } }],
];

const lineOf = (audit: AuditFact, fields: object = {}): Record<string, unknown> => {
  const lines: string[] = [];
  createLog({ write: (line) => void lines.push(line), now: () => NOW, fields: COMMON }).info('something', { ...fields, audit });
  return JSON.parse(lines[0]!);
};

test.each(FACTS.map(([typeUid, fact, fields = {}]) => ({ typeUid, fact, fields })))(
  'an event is one of the schema: $typeUid, $fact',
  ({ typeUid, fact, fields }) => {
    const line = lineOf(fact, fields);

    expect(ocsfEvent.safeParse(line.ocsf).error).toBeUndefined();
    expect(line).toMatchObject({
      audit: fact.kind,
      ocsf: { type_uid: typeUid, time: NOW, metadata: { tenant_uid: 'example', correlation_uid: 'r-1' } },
    });
  },
);

test('every kind is among the events that are held to the schema', () => {
  expect([...new Set(FACTS.map(([, { kind }]) => kind))].sort()).toEqual([...AUDIT_KINDS].sort());
});

test('the schema that events are held to refuses one that lacks what its class requires', () => {
  const { ocsf } = lineOf({ kind: 'sign-in', user: 'alice@example.com' });

  for (const name of ['time', 'class_uid', 'metadata', 'user', 'type_uid', 'severity_id']) {
    expect(ocsfEvent.safeParse({ ...(ocsf as object), [name]: undefined }).success).toBe(false);
  }
});

describe('the line of an event', () => {
  test('says whom and what it is about as every line does', () => {
    const { user, application } = lineOf({ kind: 'decision', method: 'GET', status: 403, user: 'bob', application: 'wiki' });

    expect({ user, application }).toEqual({ user: 'bob', application: 'wiki' });
  });

  test('of a failure says so, with its code; a refusal is none that succeeded', () => {
    const failed = lineOf({ kind: 'sign-in', user: null }, { error: new SallyportError('ERR_SIGN_IN_INVALID', 'It was used before.') });
    const challenged = lineOf({ kind: 'decision', method: 'GET', status: 302, challenged: true });

    expect(failed.ocsf).toMatchObject({ status_id: 2, severity_id: 2, status_code: 'ERR_SIGN_IN_INVALID', user: { name: 'unknown' } });
    expect(challenged.ocsf).toMatchObject({ status_id: 2, disposition_id: 23 });
  });

  test('names the administrator who did it', () => {
    const { ocsf } = lineOf(
      { kind: 'token', change: 'create', entity: { type: 'Service token', name: 'robot' } },
      { administrator: ADMINISTRATOR },
    );

    expect(ocsf).toMatchObject({ actor: { user: { name: ADMINISTRATOR, type_id: 2 } }, status_id: 1 });
  });
});

test('a line that is no event of the audit has nothing of it', () => {
  const lines: string[] = [];

  createLog({ write: (line) => void lines.push(line), now: () => NOW }).info('exchange.finished', { audit: undefined });

  expect(JSON.parse(lines[0]!)).toEqual({ time: new Date(NOW).toISOString(), level: 'info', event: 'exchange.finished' });
});
