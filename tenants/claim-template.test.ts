import { describe, expect, test } from '@jest/globals';
import { fillTemplate, parseTemplate, STEP_NAMES, textTemplate } from './claim-template.ts';

const CLAIMS: Readonly<Record<string, readonly string[]>> = {
  username: ['Alice.Ashby@Corp.Example'],
  name: ['Bob Börjesson'],
  department: ['R&D'],
  groups: ['app-admins', 'staff', 'app-a,b', '100%'],
  odd: ['a@b@c'],
  blank: [' alice'],
  line: ['a\r\nX-Admin: 1'],
  broken: ['a\ud800'],
};
const NAMES = [...Object.keys(CLAIMS), 'absent'];
const fill = (text: string) => fillTemplate(parseTemplate(text, NAMES), (claim) => CLAIMS[claim] ?? []);

describe('a template', () => {
  test.each([
    ['{username}', 'Alice.Ashby@Corp.Example'],
    ['{username|lower}', 'alice.ashby@corp.example'],
    ['{username|user-part|upper}', 'ALICE.ASHBY'],
    ['{username|domain-part|lower}', 'corp.example'],
    ['{department|user-part}', 'R&D'],
    ['CORP\\{username|user-part|lower}', 'CORP\\alice.ashby'],
    ['{department}/{username|user-part}', 'R&D/Alice.Ashby'],
    ['{absent|default(nobody)}', 'nobody'],
    ['{name|percent}', 'Bob%20B%C3%B6rjesson'],
    ['{groups}', 'app-admins,staff,app-a%2Cb,100%25'],
    ['{groups|starting(app-)|join(;)}', 'app-admins;app-a,b'],
    ['{groups|percent|join(;)}', 'app-admins;staff;app-a%2Cb;100%25'],
    ['{{{department}}}', '{R&D}'],
    ['no claim at all', 'no claim at all'],
  ])('%s becomes %s', (text, expected) => {
    expect(fill(text)).toBe(expected);
  });

  test.each(['{absent}', 'CORP\\{absent}', '{absent|lower}@x', '{department|domain-part}', '{groups|starting(none-)}'])(
    '%s is nothing where the user lacks the claim',
    (text) => {
      expect(fill(text)).toBeNull();
    },
  );

  test.each([
    ['{odd|user-part}', /odd holds more than one @/],
    ['{name|ascii}', /printable ASCII/],
    ['{username|max(5)}', /longer than 5/],
    ['{blank}', /outer blanks/],
    ['x{blank|percent}', /outer blanks/],
    ['{line}', /control character/],
    ['{broken|percent}', /control character/],
  ])('%s refuses rather than change who is meant', (text, message) => {
    expect(() => fill(text)).toThrow(expect.objectContaining({ code: 'ERR_IDENTITY_REFUSED', message: expect.stringMatching(message) }));
  });

  test('a line of groups that is too long is refused, not cut', () => {
    const template = parseTemplate('{groups}', NAMES);

    expect(() => fillTemplate(template, () => Array.from({ length: 2_000 }, (_, index) => `group-${index}`))).toThrow(
      /more than 8192 bytes/,
    );
  });

  test('a text stays what it is, whatever is in it', () => {
    expect(fill(textTemplate('a {username} }{ b'))).toBe('a {username} }{ b');
  });
});

describe('a template that cannot be read', () => {
  test.each([
    ['{nickname}', /one of the claims username/],
    ['{}', /one of the claims/],
    ['{toString}', /one of the claims/],
    ['{username', /braces in pairs/],
    ['username}', /braces in pairs/],
    ['{username|shout}', /after each \| one of/],
    ['{username|constructor}', /after each \| one of/],
    ['{username|lower(x)}', /after each/],
    ['{username|max}', /after each/],
    ['{username|max(0)}', /after each/],
    ['{groups|join(ab)}', /after each/],
    ['{username|}', /after each/],
    ['Größe {username}', /printable ASCII/],
    ['a\nb{username}', /printable ASCII/],
  ])('%j says what was expected', (text, message) => {
    expect(() => parseTemplate(text, NAMES)).toThrow(message);
  });

  test('the refusal names everything that may follow a bar', () => {
    expect(() => parseTemplate('{username|x}', NAMES)).toThrow(new RegExp(STEP_NAMES.map((name) => `\\b${name}\\b`).join('.*')));
  });
});
