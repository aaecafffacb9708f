// A map of names to what is known of the user, written as in `headers`: for methods that tell it in something else than header fields.
import { z } from 'zod';
import { isMap } from './faults.ts';
import { readContent } from './identity-headers.ts';

export interface ClaimMapOptions {
  /** What the names are names of, for the map's fault. */
  readonly of: string;
  readonly max: number;
  readonly example: string;
  readonly isName: (name: string) => boolean;
  readonly expected: string;
  readonly advice: string;
}

export const claimMap = (claims: readonly string[], { of, max, example, isName, expected, advice }: ClaimMapOptions) =>
  z
    .unknown()
    .transform((value, context): Readonly<Record<string, string>> => {
      const refuse = (path: string[], message: string, advice: string) =>
        void context.addIssue({ code: 'custom', path, message, params: { advice } });
      if (!isMap(value) || Object.keys(value).length > max) {
        refuse([], `a map of at most ${max} ${of} to claims`, `Write for example ${example}.`);
        return z.NEVER;
      }
      const templates: Record<string, string> = {};
      for (const [name, content] of Object.entries(value)) {
        if (!isName(name) || name === '__proto__') {
          refuse([name], expected, advice);
          continue;
        }
        try {
          templates[name] = readContent(content, claims);
        } catch (error) {
          refuse([name], (error as Error).message, 'Further claims are named under identityProviders[].claims.further.');
        }
      }
      return templates;
    })
    .default({});
