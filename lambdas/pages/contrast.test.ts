import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contrast, readableOn, TEXT_CONTRAST, textOn } from './contrast.ts';
import { TILES } from './style.ts';

const colors = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`);

test.each([
  ['#000000', '#ffffff', 21],
  ['#ffffff', '#ffffff', 1],
  // The lightest grey that passes on white (https://webaim.org/resources/contrastchecker/).
  ['#767676', '#ffffff', 4.54],
])('the contrast of %s and %s is %d', (one, other, expected) => {
  expect(contrast(one, other)).toBeCloseTo(expected, 2);
  expect(contrast(other, one)).toBeCloseTo(expected, 2);
});

test.each(TILES)('white letters on a tile of %s can be read', (color) => {
  expect(contrast('#ffffff', color)).toBeGreaterThanOrEqual(TEXT_CONTRAST);
});

test('text on any colour can be read', () => {
  fc.assert(fc.property(colors, (color) => contrast(textOn(color), color) >= TEXT_CONTRAST));
});

test('any colour can be read as text, on light and on dark', () => {
  fc.assert(
    fc.property(colors, (color) => {
      for (const [paper, card] of [
        ['#f4f6f8', '#ffffff'],
        ['#11161c', '#1b222b'],
      ] as const) {
        const text = readableOn(color, paper, card);
        expect(Math.min(contrast(text, paper), contrast(text, card))).toBeGreaterThanOrEqual(TEXT_CONTRAST);
      }
    }),
  );
});

test('a colour that can be read already is left as it is', () => {
  expect(readableOn('#0b57d0', '#ffffff')).toBe('#0b57d0');
});
