import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isFieldValue } from '../../protocol/headers.ts';
import { introduce } from './single-sign-on.ts';
import { application, user } from './testing/records.ts';

const headersOf = (headers: Record<string, string>, who = user()) =>
  introduce(application({ singleSignOn: { method: 'headers', headers } }), { user: who, handle: 'session' }).headers;
const kerberos = {
  method: 'kerberos',
  headers: {},
  servicePrincipalName: 'HTTP/app.corp.example',
  identity: '{upn|lower}',
  sendOn: 'request',
  mutualAuthentication: 'checked',
} as const;

test('each configured field carries what its template makes; a claim that the user lacks is no field', () => {
  const headers = {
    'X-User': '{username}',
    'X-Mail': '{email|user-part|upper}',
    'X-Id': '{subject}',
    'X-Dept': '{department}',
    'X-None': '{nothing}',
    'X-Proto': '{toString}',
    'X-Way-In': 'outside',
  };

  const fields = headersOf(headers, user({ claims: { department: 'R&D' } }));

  expect(fields).toEqual([
    ['X-User', 'alice@example.com'],
    ['X-Mail', 'ALICE'],
    ['X-Id', 'subject-1'],
    ['X-Dept', 'R&D'],
    ['X-Way-In', 'outside'],
  ]);
});

test('a group whose name has a comma stays one group', () => {
  const fields = headersOf({ 'X-Groups': '{groups}' }, user({ groups: ['staff', 'guests,admins', '100%'] }));

  expect(fields).toEqual([['X-Groups', 'staff,guests%2Cadmins,100%25']]);
});

describe('header injection by a claim', () => {
  test.each(['a\r\nX-Admin: 1', 'a\nb', 'a\rb', 'a\0b', ' alice', 'alice ', 'alice\u00a0', 'a\ud800'])('refuses %j', (name) => {
    expect(() => headersOf({ 'X-Name': '{name}' }, user({ name }))).toThrow(expect.objectContaining({ code: 'ERR_IDENTITY_REFUSED' }));
  });

  test('U+010A and U+560A are two and three bytes, never a line feed', () => {
    const [[, value] = ['', '']] = headersOf({ 'X-Name': '{name}' }, user({ name: 'a\u010a\u560ab' }));

    expect(value).toBe(Buffer.from('a\u010a\u560ab').toString('latin1'));
  });

  test('any claim becomes bytes that read back as the same claim, or is refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
        let value: string;
        try {
          value = headersOf({ 'X-Name': '{name}' }, user({ name }))[0]![1];
        } catch {
          return;
        }
        expect(isFieldValue(value)).toBe(true);
        expect(Buffer.from(value, 'latin1').toString('utf8')).toBe(name);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('what travels to the connector', () => {
  test('nothing, where it has nothing to do', () => {
    expect(introduce(application(), { user: user(), handle: 'session' }).signOn).toBeUndefined();
  });

  test('the finished name, and no claim', () => {
    const { signOn } = introduce(application({ singleSignOn: kerberos }), {
      user: user({ claims: { upn: 'Alice@Corp.Example', department: 'Secret' } }),
      handle: 'session',
    });

    expect(signOn).toEqual({
      method: 'kerberos',
      service: 'HTTP/app.corp.example',
      identity: 'alice@corp.example',
      sendOn: 'request',
      proof: 'checked',
    });
  });

  test('of NTLM a name for the connection: each session at each application has another, and nobody learns the session by it', () => {
    const ntlm = (id: string, handle: string) =>
      introduce(application({ id, singleSignOn: { method: 'ntlm', headers: {} } }), { user: user(), handle }).signOn;

    const names = [ntlm('wiki', 'one'), ntlm('wiki', 'two'), ntlm('shop', 'one')].map((signOn) => JSON.stringify(signOn));

    expect(new Set(names).size).toBe(3);
    expect(ntlm('wiki', 'one')).toEqual({ method: 'ntlm', connection: expect.stringMatching(/^[\w-]{43}$/) });
    expect(ntlm('wiki', 'one')).toEqual(ntlm('wiki', 'one'));
  });

  test('a user without the claim is refused, never signed in as somebody else', () => {
    expect(() => introduce(application({ singleSignOn: kerberos }), { user: user(), handle: 'session' })).toThrow(
      expect.objectContaining({ code: 'ERR_IDENTITY_REFUSED', message: expect.stringContaining('{upn|lower}') }),
    );
  });
});
