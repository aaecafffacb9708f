// Which claim of a provider means what, as the tenant file says.

export interface ClaimNames {
  readonly username: string;
  readonly name: string;
  readonly email: string;
  readonly groups: string;
  /** Carried as they are, for applications' headers. */
  readonly further: readonly string[];
}

/** Whether there are claims that the provider may tell elsewhere. */
export const lacksAny = (claims: Readonly<Record<string, unknown>>, { username, name, email, groups, further }: ClaimNames): boolean =>
  [username, name, email, groups, ...further].some((claim) => claims[claim] === undefined);

export const isClaimNames = (value: unknown): value is ClaimNames => {
  if (typeof value !== 'object' || value === null) return false;
  const { username, name, email, groups, further } = value as Record<string, unknown>;
  return [username, name, email, groups].every(isName) && Array.isArray(further) && further.every(isName);
};

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '';
