// docs/configuration.md lists exactly the settings that the schema has.
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { requirementsSchema } from './conditions.ts';
import { tenantSchema } from './schema.ts';

/** Paths of the settings; what is left out is unwrapped, what is read as one value is one setting. */
const settingsOf = (schema: z.core.$ZodType, path: string): string[] => {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return settingsOf(schema.unwrap(), path);
  }
  // What is read into another form; a setting of its own is read from anything.
  if (schema instanceof z.ZodPipe && schema.in instanceof z.ZodObject) return settingsOf(schema.in, path);
  if (schema instanceof z.ZodArray) return settingsOf(schema.element, `${path}[]`);
  if (schema instanceof z.ZodDiscriminatedUnion) {
    return [...new Set(schema.options.flatMap((option) => settingsOf(option, path)))];
  }
  if (!(schema instanceof z.ZodObject)) return [path];
  return Object.entries(schema.shape).flatMap(([name, inner]) => settingsOf(inner, path === '' ? name : `${path}.${name}`));
};

test('every setting has a row in docs/configuration.md, and every row is a setting', () => {
  const document = readFileSync(new URL('../docs/configuration.md', import.meta.url), 'utf8');
  const [, table = ''] = /## The tenant file\n\n([\s\S]*?)\n\n/.exec(document) ?? [];

  const rows = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);

  expect(rows).toEqual(settingsOf(tenantSchema({ domain: 'example.com', claims: [] }), ''));
});

test('every requirement of a condition has a row, and every row is one', () => {
  const document = readFileSync(new URL('../docs/configuration.md', import.meta.url), 'utf8');
  const [, table = ''] = /\| requirement \|([\s\S]*?)\n\n/.exec(document) ?? [];

  const rows = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);

  expect(rows).toEqual([...new Set(settingsOf(requirementsSchema([]), '').map((path) => path.split('.')[0]))]);
});

test('the example has every setting that there is', () => {
  const example = readFileSync(new URL('./example.yaml', import.meta.url), 'utf8');
  const names = settingsOf(tenantSchema({ domain: 'example.com', claims: [] }), '').map((path) => path.split('.').at(-1)!);

  expect(names.filter((name) => !new RegExp(`^[\\s#-]*${name}:`, 'm').test(example))).toEqual([]);
});
