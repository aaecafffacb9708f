// Which other sites' scripts may call an application: `cors` of the tenant file. Preflights carry no session, so rules answer them.
import { z } from 'zod';
import type { CorsRule } from '../lambdas/stores/records.ts';
import { isToken } from '../protocol/headers.ts';
import { optional, readFlag, setting } from './settings.ts';

const MAX_AGE_DEFAULT_S = 600;
/** Browsers keep an answer for a day at most. */
const MAX_AGE_MAX_S = 86_400;
/** Fetch standard, "CORS-safelisted method". */
const METHODS_DEFAULT = ['GET', 'HEAD', 'POST'];
const HEADERS_DEFAULT = ['content-type'];

const readList =
  (fits: (entry: string) => boolean) =>
  (value: unknown): readonly string[] | undefined =>
    Array.isArray(value) && value.length <= 50 && value.every((entry) => typeof entry === 'string' && fits(entry))
      ? [...new Set(value)]
      : undefined;

/** An origin spelt as browsers send it. */
const isOrigin = (text: string): boolean => /^https?:\/\//.test(text) && URL.parse(text)?.origin === text;

export const readOrigins = (value: unknown): readonly string[] | undefined => {
  const origins = readList(isOrigin)(value);
  return origins === undefined || origins.length === 0 ? undefined : origins;
};

export const readPath = (value: unknown): string | undefined =>
  typeof value === 'string' && /^\/[A-Za-z0-9._~/-]*$/.test(value) && !/\/\.{0,2}(?:\/|$)/.test(value.slice(0, -1)) ? value : undefined;

const readHeaders = (value: unknown): readonly string[] | undefined =>
  readList((name) => isToken(name.replace(/\*$/, 'x')))(value)?.map((name) => name.toLowerCase());

const readMaxAge = (value: unknown): number | undefined =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_AGE_MAX_S ? (value as number) : undefined;

export const corsRules = z
  .array(
    z
      .strictObject(
        {
          path: optional('/', 'a plain path that begins with a slash', 'Leave it out for the whole application.', readPath),
          origins: setting(
            'a list of origins',
            'Write them as browsers do, for example [https://shop.example.com]: no path, no final slash, no wildcard.',
            readOrigins,
          ),
          methods: optional<readonly string[]>(
            METHODS_DEFAULT,
            'a list of methods in capitals',
            `Leave it out for ${METHODS_DEFAULT.join(', ')}.`,
            readList((method) => /^[A-Z]{1,20}$/.test(method)),
          ),
          headers: optional<readonly string[]>(
            HEADERS_DEFAULT,
            'a list of header names; a final * stands for any end',
            `Leave it out for ${HEADERS_DEFAULT.join(', ')}.`,
            readHeaders,
          ),
          credentials: optional(true, 'true or false', 'false answers scripts that send no cookies.', readFlag),
          maxAge: optional(MAX_AGE_DEFAULT_S, `whole seconds up to ${MAX_AGE_MAX_S}`, 'Browsers keep the answer so long.', readMaxAge),
        },
        { error: 'a map with origins' },
      )
      .transform(({ maxAge, ...rule }): CorsRule => ({ ...rule, maxAgeSeconds: maxAge })),
    { error: 'a list of rules' },
  )
  .default([]);
