// What a condition must look like when it is read back from the directory.
import type { Condition } from '../../policy/condition.ts';
import { DAYS, type Hours } from '../../policy/hours.ts';
import { type Requirements, WAYS } from '../../policy/requirements.ts';
import { count, filled, isMap, listOf, oneOf, type RecordShape, shaped, text, texts } from './record-shape.ts';

const textLists = (value: unknown): value is Readonly<Record<string, readonly string[]>> =>
  isMap(value) && Object.values(value).every(texts);

const FIELDS: { readonly [Field in keyof Requirements]-?: (value: unknown) => boolean } = {
  users: texts,
  groups: texts,
  networks: texts,
  countries: texts,
  hours: shaped<Hours>({ days: listOf(oneOf(...DAYS)), from: filled, to: filled, zone: filled }),
  mfa: (value) => value === true,
  signedInWithinSeconds: count,
  claims: textLists,
  by: listOf(oneOf(...WAYS)),
  when: filled,
};

/** A field that is not known could be one that forbids: it makes the whole unreadable. */
const requirements = (value: unknown): value is Requirements | null =>
  value === null ||
  (isMap(value) && Object.entries(value).every(([name, held]) => Object.hasOwn(FIELDS, name) && FIELDS[name as keyof Requirements](held)));

const CONDITION: RecordShape<Condition> = { name: text, paths: texts, methods: texts, require: requirements, refuse: requirements };

export const conditionList = listOf(shaped(CONDITION));
