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

describe('the form', () => {
  test('is read as browsers read it where its element ends too early, or stands within another', () => {
    const early = '<div><form></div><input name=u><input type=password name=p>';
    const within = '<form><form><input name=u></form><input name=outside><form><input type=password name=p></form>';

    expect(sent(early)).toBe('u=alice&p=p%26ss+word');
    expect(sent(within)).toBeNull();
    expect(sent(`<div><form></div><input name=q><form><input name=u><input type=password name=p></form>`)).toBe('u=alice&p=p%26ss+word');
  });

  test('is not looked for deeper than browsers nest elements', () => {
    const form = '<form><input name=u><input type=password name=p></form>';

    expect(sent('<div>'.repeat(510) + form)).toBe('u=alice&p=p%26ss+word');
    expect(sent('<div>'.repeat(513) + form)).toBeNull();
    expect(sent(form + '<div>'.repeat(100_000))).toBe('u=alice&p=p%26ss+word');
    expect(sent('<br><input><div></div>'.repeat(2_000) + form)).toBe('u=alice&p=p%26ss+word');
  });
});

test('a page is read in linear time, whatever it is made of', () => {
  const SIZE = 96 * 1024;
  const cpu = (unit: string, before: string, size: number): number => {
    const page = before + unit.repeat(Math.floor(size / unit.length));
    const runs = [1, 2].map(() => {
      const began = process.cpuUsage();
      sent(page);
      return process.cpuUsage(began).user;
    });
    return Math.min(...runs);
  };
  const units = [
    ...['<div>', '</div>', '<div></b>', '<p>', '<b><p>', '<li>', '<table><tr><td>', '<svg>', '<br>', '<!--', '<![CDATA[', '<?', '</', '<'],
    ...[
      '<form>',
      '</form>',
      '<form></form>',
      '<form id=f>',
      '<form><input name=u>',
      '<form><input type=password name=p>',
      '<div><form></div>',
    ],
    ...[
      '<input name=u>',
      '<input type=password name=p>',
      '<input name=u form=f>',
      '<select>',
      '<select><option>',
      '<option>',
      '<textarea>',
    ],
    ...[
      '<textarea></textarea>',
      '<script>',
      '</script',
      '&',
      '&amp',
      '&#',
      ' a',
      ' a=b',
      ' a="',
      '\0',
      ' ',
      '\n',
      '<base href=x>',
      '<button name=b>',
    ],
  ];
  for (const before of ['', '<form id=f>', '<form><input ', '<select>']) {
    for (const unit of units) {
      // Quadratic would be 64 times as much, and seconds.
      expect([before, unit, cpu(unit, before, SIZE) < 24 * cpu(unit, before, SIZE / 8) + 200_000]).toEqual([before, unit, true]);
    }
  }
}, 120_000);
