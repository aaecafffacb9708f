import { describe, expect, test } from '@jest/globals';
import { elements, MESSAGE_MAX_BYTES, readBase64, readXml } from './xml.ts';

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

describe('a message', () => {
  const refusal = (xml: string | Uint8Array): string | null => {
    try {
      readXml(typeof xml === 'string' ? Buffer.from(xml) : xml, 'Response', (why) => new Error(why));
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const filled = (bytes: number): string => `<Response>${'x'.repeat(bytes - '<Response></Response>'.length)}</Response>`;

  test('has half a megabyte at most', () => {
    expect(MESSAGE_MAX_BYTES).toBe(524_288);
    expect([refusal(filled(MESSAGE_MAX_BYTES)), refusal(filled(MESSAGE_MAX_BYTES + 1))]).toEqual([null, 'it is too long']);
  });

  test.each([
    '<Response/>',
    '<Response />',
    '<Response\n/>',
    '<p:Response xmlns:p="urn:x"/>',
    ' \n<Response></Response> ',
    '<?xml version="1.0"?><Response/>',
    ' <?xml version="1.0" encoding="UTF-8"?>\n<Response/>',
    '<Response><Responses/><MyResponse/></Response>',
  ])('%j is one', (xml) => {
    expect(refusal(xml)).toBeNull();
  });

  test.each([
    '',
    '<Other/>',
    '<Other><Response/></Other>',
    '<Other/><Response/>',
    'x<Response/>',
    '<Response/><Response/>',
    '<Response><Response/></Response>',
    '<Response><p:Response xmlns:p="urn:x"/></Response>',
    '<Response><é:Response/></Response>',
    '<Responses/>',
    '<MyResponse/>',
    '<p:q:Response/>',
  ])('%j is no single one', (xml) => {
    expect(refusal(xml)).toBe('it is no single Response');
  });

  test.each([
    '<Response/><?xml version="1.0"?>',
    '<?xml version="1.0"?><?xml version="1.0"?><Response/>',
    '<?xml-stylesheet href="x"?><Response/>',
    '<?xml version="1.0"<!DOCTYPE r>?><Response/>',
    '<Response><!-- x --></Response>',
    '<!DOCTYPE r><Response/>',
  ])('%j holds more than elements and text', (xml) => {
    expect(refusal(xml)).toBe('it holds more than elements and text');
  });

  test('is UTF-8, without anything that a reader would have to guess', () => {
    expect(refusal(Buffer.concat([Buffer.from('<Response>'), Buffer.of(0xff), Buffer.from('</Response>')]))).toBe('it is not UTF-8');
  });

  test.each(['Algorithm="ALG"', "Algorithm='ALG'", 'Algorithm = "ALG"', 'x:Algorithm="ALG"'])(
    'names algorithms that are good enough: %s',
    (attribute) => {
      const using = (name: string) =>
        refusal(`<Response><a Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><b ${attribute.replace('ALG', name)}/></Response>`);

      expect(using('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256')).toBeNull();
      for (const name of ['http://www.w3.org/2000/09/xmldsig#rsa-sha1', 'http://www.w3.org/2000/09/xmldsig#hmac-sha1', '', 'x'])
        expect(using(name)).toMatch(/is not good enough/);
    },
  );

  test('counts elements by their name alone, whatever their prefix', () => {
    expect(elements('<a/><p:a/><a b="<"/><aa/><p:a></p:a><b a="x"/></a>', 'a')).toBe(4);
  });
});

describe('Base64', () => {
  test.each(['PGEvPg==', 'PGEv\r\nPg==\r\n', ' PGEvPg = = ', 'PGEvPg'])('%j is read', (text) => {
    expect(readBase64(text)?.toString()).toBe('<a/>');
  });

  test.each(['', '  ', '=', 'PGE!vPg==', 'PGEvPg===', 'PG=EvPg', 'PGEvPg-_'])('%j is none', (text) => {
    expect(readBase64(text)).toBeNull();
  });
});
