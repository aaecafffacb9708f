// Which other sites may send forms to which paths: `formsFrom` of the tenant file.
import { z } from 'zod';
import { readOrigins, readPath } from './cors.ts';
import { setting } from './settings.ts';

const RULES_MAX = 20;

/** That of one address, not of a folder. */
const readFormPath = (value: unknown): string | undefined => (String(value).endsWith('/') && value !== '/' ? undefined : readPath(value));

export const formRules = z
  .array(
    z.strictObject(
      {
        path: setting(
          'a plain path that begins with a slash',
          'Write for example /saml/acs, as it follows the external URL.',
          readFormPath,
        ),
        origins: setting(
          'a list of origins',
          'Write them as browsers do, for example [https://login.example.com]: no path, no final slash, no wildcard.',
          readOrigins,
        ),
      },
      { error: 'a map with path and origins' },
    ),
    { error: 'a list of rules' },
  )
  .max(RULES_MAX, { error: `${RULES_MAX} rules at most` })
  .default([]);
