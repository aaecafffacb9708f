import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { html, markupOf } from './html.ts';

describe('html', () => {
  test('escapes every value, in text and in attributes', () => {
    const evil = `"><script>alert('1')</script>&\``;

    const markup = markupOf(html`<a title="${evil}">${evil}</a>`);

    const safe = '&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&#96;';
    expect(markup).toBe(`<a title="${safe}">${safe}</a>`);
  });

  test('keeps markup that it made itself, lists included, and leaves out null', () => {
    const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`);

    expect(markupOf(html`<ul>${items}</ul>${null}${3}`)).toBe('<ul><li>a</li><li>&lt;b&gt;</li></ul>3');
  });

  test('lets no value open a tag or leave an attribute', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        expect(markupOf(html`${value}`)).not.toMatch(/[<>"'`]/);
      }),
    );
  });
});
