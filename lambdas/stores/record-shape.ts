// What a record must look like when it is read back from a table. A malformed item is refused whole, never half-read.
import { SallyportError } from '../../protocol/errors.ts';
import type { Item } from './table.ts';

type Check<Value> = (value: unknown) => value is Value;

/** A check for every field; a field that may be absent has a check that accepts undefined. */
export type RecordShape<Type> = { readonly [Field in keyof Type]-?: Check<Type[Field]> };

export const text: Check<string> = (value) => typeof value === 'string';
export const filled: Check<string> = (value): value is string => text(value) && value !== '';
export const flag: Check<boolean> = (value) => typeof value === 'boolean';
export const count: Check<number> = (value): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
export const countOrNull: Check<number | null> = (value): value is number | null => value === null || count(value);
export const texts: Check<readonly string[]> = (value): value is readonly string[] => Array.isArray(value) && value.every(text);
export const optionalText: Check<string | undefined> = (value): value is string | undefined => value === undefined || text(value);
export const optionalTrue: Check<true | undefined> = (value): value is true | undefined => value === undefined || value === true;
export const optionalCount: Check<number | undefined> = (value): value is number | undefined => value === undefined || count(value);
export const textOrNull: Check<string | null> = (value): value is string | null => value === null || text(value);
export const textByName: Check<Readonly<Record<string, string>>> = (value): value is Readonly<Record<string, string>> =>
  isMap(value) && Object.values(value).every(text);

export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const listOf =
  <Value>(check: Check<Value>): Check<readonly Value[]> =>
  (value): value is readonly Value[] =>
    Array.isArray(value) && value.every(check);

export const oneOf =
  <const Value extends string | null>(...values: readonly Value[]): Check<Value> =>
  (value): value is Value =>
    values.some((allowed) => allowed === value);

export const shaped =
  <Type>(shape: RecordShape<Type>): Check<Type> =>
  (value): value is Type =>
    isMap(value) && faults(value, shape).length === 0;

/** The record that an item holds, without the table's own attributes. Throws ERR_INTERNAL when it cannot be read. */
export const readRecord = <Type>(table: string, item: Item, shape: RecordShape<Type>): Type => {
  const wrong = faults(item, shape);
  if (wrong.length > 0) {
    throw new SallyportError(
      'ERR_INTERNAL',
      `The item ${String(item.pk)} ${String(item.sk)} of table ${table} cannot be read: wrong or missing ${wrong.join(', ')}. ` +
        'Apply the tenant file again, or delete the item.',
    );
  }
  const fields = Object.keys(shape).filter((field) => item[field] !== undefined);
  return Object.fromEntries(fields.map((field) => [field, item[field]])) as Type;
};

const faults = <Type>(value: Item, shape: RecordShape<Type>): string[] =>
  (Object.keys(shape) as (keyof Type & string)[]).filter((field) => !shape[field](value[field]));
