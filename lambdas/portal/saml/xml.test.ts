import { describe, expect, test } from '@jest/globals';
import { readBase64, readXml } from './xml.ts';

const read = (xml: string): string => readXml(Buffer.from(xml), 'Response', (why) => new Error(why));
const declaring = (count: number): string => {
  const elements = Array.from({ length: count }, (_, index) => `<a xmlns:p${index}="urn:x">`);
  return `<Response>${elements.join('')}${'</a>'.repeat(count)}</Response>`;
};

test('thirty prefixes are read, however often each is declared; one more is refused, since a parser copies them for every element', () => {
  const often = `<Response>${'<a xmlns:xs="urn:x" xmlns:xsi="urn:y"/>'.repeat(1000)}</Response>`;

  expect([read(declaring(30)), read(often)]).toEqual([declaring(30), often]);
  expect(() => read(declaring(31))).toThrow('it declares 31 prefixes, more than 30');
});

describe('Base64', () => {
  test.each(['PGEvPg==', 'PGEv\r\nPg==\r\n', ' PGEvPg = = ', 'PGEvPg'])('%j is read', (text) => {
    expect(readBase64(text)?.toString()).toBe('<a/>');
  });

  test.each(['', '  ', '=', 'PGE!vPg==', 'PGEvPg===', 'PG=EvPg', 'PGEvPg-_'])('%j is none', (text) => {
    expect(readBase64(text)).toBeNull();
  });
});
