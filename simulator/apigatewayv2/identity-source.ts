// Where an authorizer reads identity: `route.request.header.X` (WebSocket), `$request.header.X` (HTTP) and their likes.
import { AwsError } from '../services.ts';

const SOURCE =
  /^(?:route\.request\.|\$request\.|method\.request\.)(header|querystring)\.([^.\s]+)$|^\$?(context|stageVariables)\.([\w.]+)$/;

export interface IdentityParts {
  /** The value of a header, by lower-case name. */
  header(name: string): string | undefined;
  query(name: string): string | undefined;
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly requestContext: object;
}

/** Throws AwsError BadRequestException for a source that is none. */
export const checkIdentitySource = (source: string): void => {
  if (!SOURCE.test(source)) throw new AwsError(400, 'BadRequestException', `Invalid identity source: ${source}`);
};

/** The values of all sources, or undefined when one is missing or empty: then the authorizer is not asked. */
export const readIdentity = (sources: readonly string[], parts: IdentityParts): readonly string[] | undefined => {
  const values = sources.map((source) => sourceValue(source, parts));
  return values.every((value): value is string => value !== undefined && value !== '') ? values : undefined;
};

const sourceValue = (source: string, parts: IdentityParts): string | undefined => {
  const [, part, name = '', place, path = ''] = SOURCE.exec(source) ?? [];
  if (part === 'header') return parts.header(name.toLowerCase());
  if (part === 'querystring') return parts.query(name);
  const root: unknown = place === 'context' ? parts.requestContext : parts.stageVariables;
  const value = path
    .split('.')
    .reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined), root);
  return value === undefined || value === null ? undefined : String(value);
};
