import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readCredentialsFile } from './credentials-file.ts';

const text = (value: string): Buffer => Buffer.concat([uint16(value.length), Buffer.from(value)]);
const uint16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const uint32 = (value: number): Buffer => Buffer.concat([uint16(value >>> 16), uint16(value & 0xffff)]);

const entry = (realm: string, names: string[], version: number, encryption: number): Buffer => {
  const body = Buffer.concat([
    uint16(names.length),
    text(realm),
    ...names.map(text),
    uint32(1),
    uint32(1_700_000_000),
    Buffer.from([version & 0xff]),
    uint16(encryption),
    text('k'.repeat(32)),
    uint32(version),
  ]);
  return Buffer.concat([uint32(body.length), body]);
};
const hole = Buffer.concat([Buffer.from('fffffff8', 'hex'), Buffer.alloc(8)]);
const keytab = Buffer.concat([
  Buffer.from('0502', 'hex'),
  entry('CORP.EXAMPLE', ['svc'], 300, 18),
  hole,
  entry('CORP.EXAMPLE', ['HTTP', 'app'], 2, 17),
]);
const long = (value: string): Buffer => Buffer.concat([uint32(value.length), Buffer.from(value)]);
const cache = Buffer.concat([
  Buffer.from('0504000c00010008ffffffff00000000', 'hex'),
  ...[uint32(1), uint32(1), long('CORP.EXAMPLE'), long('gmsa$')],
]);

describe('a file of credentials', () => {
  test('a keytab tells whose keys it holds, with holes left out and versions beyond a byte', () => {
    expect(readCredentialsFile(keytab)).toEqual({
      kind: 'keytab',
      keys: [
        { principal: 'svc@CORP.EXAMPLE', version: 300, encryption: 18 },
        { principal: 'HTTP/app@CORP.EXAMPLE', version: 2, encryption: 17 },
      ],
    });
  });

  test('a credential cache tells whose it is', () => {
    expect(readCredentialsFile(cache)).toEqual({ kind: 'cache', principal: 'gmsa$@CORP.EXAMPLE' });
  });

  test.each([
    ['nothing', Buffer.alloc(0), 'neither a keytab nor a credential cache'],
    ['something else', Buffer.from('-----BEGIN'), 'neither a keytab nor a credential cache'],
    ['a keytab without keys', Buffer.from('0502', 'hex'), 'holds no key'],
    ['a keytab that is cut off', keytab.subarray(0, keytab.length - 10), 'is cut off'],
    ['a cache that is cut off', cache.subarray(0, 30), 'is cut off'],
  ])('%s is told as such', (_, bytes, message) => {
    expect(() => readCredentialsFile(bytes)).toThrow(message);
  });

  test('whatever bytes come, it ends with a sentence', () => {
    const start = fc.constantFrom('0502', '0504', '');
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 200 }), (magic, rest) => {
        try {
          readCredentialsFile(Buffer.concat([Buffer.from(magic, 'hex'), rest]));
        } catch (error) {
          expect((error as Error).message).toMatch(/^it /);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
