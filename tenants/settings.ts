// The kinds of value that a tenant file is made of, each with the sentence that says what was expected and what to do.
import { z } from 'zod';
import type { Access } from '../lambdas/stores/records.ts';
import { namesFile } from './addresses.ts';
import { isMap } from './faults.ts';

/** A setting: `read` gives its value, or undefined when what came is not what was expected. */
export const setting = <Value>(expected: string, advice: string, read: (value: unknown) => Value | undefined) =>
  z.unknown().transform((value, context): Value => {
    const found = read(value);
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: expected, params: { advice } });
    return z.NEVER;
  });

/** A URL that stands for all that is below it: what looks like a single file is refused, because something else was meant. */
export const folder = <Value>(expected: string, advice: string, read: (value: unknown) => Value | undefined) =>
  z
    .unknown()
    .superRefine((value, context) => {
      if (read(value) === undefined || !namesFile(value)) return;
      const instead = 'Write the URL below which the application is. If this is a folder, put a / at its end.';
      const params = { advice: `All that is below this URL is published, and it looks like a single file. ${instead}` };
      context.addIssue({ code: 'custom', message: 'the URL of a folder, which ends with /', params });
    })
    .pipe(setting(expected, advice, read));

/** The same as `setting`, with a value for a setting that is left out. */
export const optional = <Value>(fallback: NoInfer<Value>, expected: string, advice: string, read: (value: unknown) => Value | undefined) =>
  setting(expected, advice, read).default(fallback as never);

/** For a map of settings that is left out: each of them then has its default. */
export const NOTHING_SAID = {} as never;

/** Where a file is read, what it says stands in place of its path (with-metadata.ts). */
export const metadataSetting = z
  .unknown()
  .refine((value) => value === undefined, {
    error: 'metadata in a file that is read from disk',
    params: { advice: 'Write out what they say: entity id, addresses, certificates.' },
  })
  .transform((): undefined => undefined)
  .optional();

const IDENTIFIER = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
export const IDENTIFIER_WORDS = 'lower-case letters, digits and hyphens, 63 at most, no hyphen at an end';

export const readIdentifier = (value: unknown): string | undefined =>
  typeof value === 'string' && IDENTIFIER.test(value) ? value : undefined;

/** A line of text without control characters, trimmed. */
export const readLine = (most: number) => (value: unknown) =>
  typeof value === 'string' && value.trim() !== '' && value.length <= most && !/\p{Cc}/u.test(value) ? value.trim() : undefined;

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** A time such as `15m`, in seconds. */
export const readSeconds =
  (least: number, most: number) =>
  (value: unknown): number | undefined => {
    const [, count, unit] = typeof value === 'string' ? (/^(\d{1,6})([smhd])$/.exec(value) ?? []) : [];
    const seconds = Number(count) * SECONDS[unit as keyof typeof SECONDS];
    return seconds >= least && seconds <= most ? seconds : undefined;
  };

export const readFlag = (value: unknown): boolean | undefined => (typeof value === 'boolean' ? value : undefined);

/** A list of distinct lines. */
export const readLines = (value: unknown): readonly string[] | undefined => {
  if (!Array.isArray(value)) return undefined;
  const lines = value.map(readLine(256));
  return lines.every((line) => line !== undefined) ? [...new Set(lines)] : undefined;
};

/** One of some words; the first is what a setting that is left out means. */
export const choice = <const Words extends readonly [string, ...string[]]>(words: Words, advice: string) =>
  optional<Words[number]>(words[0], words.map((word) => `"${word}"`).join(' or '), advice, (value) => words.find((word) => word === value));

const names = optional<readonly string[]>([], 'a list of names', 'Write for example [alice, bob], or leave the setting out.', readLines);
const namedAccess = z.strictObject({ users: names, groups: names });

/** Who may use an application. Whether it may be left out depends on other settings. */
export const accessSetting = z.unknown().transform((value, context): Access => {
  if (value === 'everyone') return value;
  if (!isMap(value)) {
    const advice = 'Write everyone, or for example { groups: [staff] }.';
    context.addIssue({ code: 'custom', message: '"everyone", or users and groups', params: { advice } });
    return z.NEVER;
  }
  const named = namedAccess.safeParse(value);
  if (!named.success) {
    for (const issue of named.error.issues) context.addIssue({ ...issue, input: value } as z.core.$ZodRawIssue);
    return z.NEVER;
  }
  if (named.data.users.length + named.data.groups.length > 0) return named.data;
  context.addIssue({
    code: 'custom',
    message: 'at least one user or group',
    params: { advice: 'Name whoever may use the application, or write everyone.' },
  });
  return z.NEVER;
});
