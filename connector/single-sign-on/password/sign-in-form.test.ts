import { describe, expect, test } from '@jest/globals';
import { fillForm, findSignInForm } from './sign-in-form.ts';

const FOUND = { usernameField: null, passwordField: null };
const sent = (page: string, names = FOUND as { usernameField: string | null; passwordField: string | null }) => {
  const form = findSignInForm(page, names);
  return form && fillForm(form, { username: 'alice', password: 'p&ss word' }).body.toString();
};

test('what a browser would send is sent, in its order, with the two fields filled in', () => {
  const page = `<form method=post>
    <input type=hidden name="csrf" value="a&quot;b"><input name=u value=old><input type=password name=p value=old>
    <input type=checkbox name=off><input type=checkbox name=on checked><input type=radio name=r value=1><input type=radio name=r value=2 checked>
    <select name=lang><option value=de>Deutsch<option value=en selected>English</select><select name=first><option>One<option>Two</select>
    <textarea name=note>some text</textarea><input name=gone disabled value=x><input type=file name=f><input value=nameless>
    <input type=reset name=x><button type=button name=no>No</button><button name=go value=1>In</button><input type=submit name=other value=2></form>`;

  expect(sent(page)).toBe('csrf=a%22b&u=alice&p=p%26ss+word&on=on&r=2&lang=en&first=One&note=some+text&go=1');
});

describe('the form is found', () => {
  test.each<[string, string, string | null]>([
    ['among others', '<form><input name=q></form><form><input name=u><input type=password name=p></form>', 'u=alice&p=p%26ss+word'],
    [
      'by what its field is for',
      '<form><input type=password name=p><input name=a><input autocomplete="section-x username" name=u></form>',
      'p=p%26ss+word&a=&u=alice',
    ],
    [
      'with an address for a name',
      '<form><input name=a type=checkbox><input type=EMAIL name=mail><input type=password name=p></form>',
      'mail=alice&p=p%26ss+word',
    ],
    ['with controls outside of it', '<form id=f></form><input form=f name=u><input form=f type=password name=p>', 'u=alice&p=p%26ss+word'],
    [
      'in markup that is not well made',
      '<table><form><tr><td><input name=u><td><input type=password name=p></table>',
      'u=alice&p=p%26ss+word',
    ],
    ['not without a name', '<form><input type=password name=p></form>', null],
    ['not without a password', '<form><input name=u></form>', null],
    ['not in a comment', '<!-- <form><input name=u><input type=password name=p></form> -->', null],
    ['not in a script', '<script>"<form><input name=u><input type=password name=p></form>"</script>', null],
    ['not with a control of another form', '<form id=a></form><form><input name=u><input form=a type=password name=p></form>', null],
  ])('%s', (_, page, expected) => {
    expect(sent(page)).toBe(expected);
  });

  test('by the names that the administrator gives', () => {
    const page = '<form><input name=a><input name=u><input name=b><input type=text name=pin></form>';

    expect(sent(page, { usernameField: 'u', passwordField: 'pin' })).toBe('a=&u=alice&b=&pin=p%26ss+word');
    expect(sent(page, { usernameField: 'u', passwordField: 'other' })).toBeNull();
  });
});

test('markup of a hostile page is read in time that grows with its length', () => {
  const page = `${'<form><input name=u>'.repeat(5_000)}${'<div>'.repeat(5_000)}`;

  expect(findSignInForm(page, FOUND)).toBeNull();
});
