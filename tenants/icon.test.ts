import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ICON_MAX_BYTES, readIcon, withPictures } from './icon.ts';

const SVG = '<?xml version="1.0"?>\n<!-- a dot -->\n<svg xmlns="http://www.w3.org/2000/svg"><circle r="1"/></svg>';
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
const url = (type: string, bytes: Buffer | string) => `data:image/${type};base64,${Buffer.from(bytes).toString('base64')}`;

describe('an icon', () => {
  test.each(['W', 'HR', 'Ä', '💶', '👩‍👩‍👧‍👦', '🇩🇪', url('svg+xml', SVG), url('png', PNG)])('may be %s', (value) => {
    expect(readIcon(value)).toBe(value);
  });

  test.each([
    ['', 'nothing'],
    ['ABC', 'three letters'],
    ['A B', 'a space'],
    ['a\n', 'a line break'],
    ['https://example.com/a.png', 'an address elsewhere'],
    ['icons/none.png', 'a file that is not there'],
    [url('gif', 'GIF89a'), 'another kind of picture'],
    [url('png', SVG), 'a picture of another kind than it says'],
    [url('svg+xml', '<html><svg></svg></html>'), 'a page'],
    [`${url('png', PNG)}" onerror="x`, 'more than a picture'],
    [url('png', Buffer.concat([PNG, Buffer.alloc(ICON_MAX_BYTES)])), 'a large picture'],
  ])('is not %j, which is %s', (value) => {
    expect(readIcon(value)).toBeUndefined();
  });

  test('is a text', () => {
    expect([7, null, ['W']].map(readIcon)).toEqual([undefined, undefined, undefined]);
  });
});

describe('the path of a picture', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-icons-'));
    writeFileSync(join(folder, 'wiki.svg'), SVG);
    writeFileSync(join(folder, 'large.png'), Buffer.alloc(ICON_MAX_BYTES + 1));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const embedded = (icon: unknown) => withPictures({ tenant: 'x', applications: [{ id: 'wiki', icon }] }, folder);

  test('becomes the picture', () => {
    expect(embedded('wiki.svg')).toEqual({ tenant: 'x', applications: [{ id: 'wiki', icon: url('svg+xml', SVG) }] });
  });

  test.each(['none.png', 'large.png', '../wiki.svg', '/etc/wiki.svg', 'wiki', 'W', 7, null])('%j stays as it is', (icon) => {
    expect(embedded(icon)).toEqual({ tenant: 'x', applications: [{ id: 'wiki', icon }] });
  });

  test.each([null, [], { applications: 'none' }, { applications: [null, 'wiki'] }])('is not looked for in %j', (value) => {
    expect(withPictures(value, folder)).toEqual(value);
  });
});
