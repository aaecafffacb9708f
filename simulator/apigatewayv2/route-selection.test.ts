// What a message selects, by expression.
import { expect, test } from '@jest/globals';
import { checkSelectionExpression, selectRouteKey } from './route-selection.ts';

test.each([
  ['$request.body.type', '{"type":"hello"}', 'hello'],
  ['$request.body.a.b', '{"a":{"b":7}}', '7'],
  ['$request.body.a', '{"a":{"b":7}}', '{"b":7}'],
  ['$request.body.type', '{}', ''],
  ['$request.body.constructor', '{}', ''],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: AWS writes its expressions so
  ['${request.body.a}/${request.body.b}', '{"a":"x","b":true}', 'x/true'],
  ['$request.body.type', 'hello', '$default'],
  ['$request.body.type', '"hello"', '$default'],
])('%s of %s is “%s”', (expression, message, key) => {
  expect(selectRouteKey(expression, message)).toBe(key);
});

// biome-ignore lint/suspicious/noTemplateCurlyInString: AWS writes its expressions so
test.each(['$request.header.type', '$context.routeKey', 'type', '${request.body.a}/$x'])('%s is refused at deployment', (expression) => {
  expect(() => checkSelectionExpression(expression)).toThrow(/Invalid routeSelectionExpression/);
});
