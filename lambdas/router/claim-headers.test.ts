import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isFieldValue } from '../../protocol/headers.ts';
import { claimHeaders } from './claim-headers.ts';
import { user } from './testing/records.ts';

test('each configured field carries its claim; a claim that the user lacks is no field', () => {
  const headers = {
    'X-User': 'username',
    'X-Mail': 'email',
    'X-Id': 'subject',
    'X-Dept': 'department',
    'X-None': 'nothing',
    'X-Proto': 'toString',
  };

  const fields = claimHeaders({ headers }, user({ claims: { department: 'R&D' } }));

  expect(fields).toEqual([
    ['X-User', 'alice@example.com'],
    ['X-Mail', 'alice@example.com'],
    ['X-Id', 'subject-1'],
    ['X-Dept', 'R&D'],
  ]);
});

test('a group whose name has a comma stays one group', () => {
  const fields = claimHeaders({ headers: { 'X-Groups': 'groups' } }, user({ groups: ['staff', 'guests,admins', '100%'] }));

  expect(fields).toEqual([['X-Groups', 'staff,guests%2Cadmins,100%25']]);
});

describe('header injection by a claim', () => {
  test.each(['a\r\nX-Admin: 1', 'a\nb', 'a\rb', 'a\0b', ' alice', 'alice ', 'alice\u00a0', 'a\ud800'])('refuses %j', (name) => {
    expect(() => claimHeaders({ headers: { 'X-Name': 'name' } }, user({ name }))).toThrow(
      expect.objectContaining({ code: 'ERR_IDENTITY_REFUSED' }),
    );
  });

  test('U+010A and U+560A are two and three bytes, never a line feed', () => {
    const [[, value] = ['', '']] = claimHeaders({ headers: { 'X-Name': 'name' } }, user({ name: 'a\u010a\u560ab' }));

    expect(value).toBe(Buffer.from('a\u010a\u560ab').toString('latin1'));
  });

  test('any claim becomes bytes that read back as the same claim, or is refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        let value: string;
        try {
          value = claimHeaders({ headers: { 'X-Name': 'name' } }, user({ name }))[0]![1];
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
