// The environment's CLAIMS, as lib/ writes it from the tenant file.
import { SallyportError } from '../../protocol/errors.ts';

/** Which claim of the provider means what. */
export interface ClaimNames {
  readonly username: string;
  readonly name: string;
  readonly email: string;
  readonly groups: string;
  /** Carried as they are, for applications' headers. */
  readonly further: readonly string[];
}

/** Throws ERR_CONFIGURATION_INVALID. */
export const readClaimNames = (text: string): ClaimNames => {
  const value: unknown = JSON.parse(text);
  if (isClaimNames(value)) return value;
  throw new SallyportError(
    'ERR_CONFIGURATION_INVALID',
    'CLAIMS must name username, name, email, groups and a list `further`: deploy the stack again.',
  );
};

const isClaimNames = (value: unknown): value is ClaimNames => {
  if (typeof value !== 'object' || value === null) return false;
  const { username, name, email, groups, further } = value as Record<string, unknown>;
  return [username, name, email, groups].every(isName) && Array.isArray(further) && further.every(isName);
};

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '';
