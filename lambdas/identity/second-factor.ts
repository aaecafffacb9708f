// How it shows that a user proved more than one factor, and how the provider is asked for it.

import type { StepUp } from '../../policy/decide.ts';
import type { SecondFactor } from '../../tenants/identity-providers.ts';
import type { Session } from '../stores/records.ts';

export const isSecondFactor = (value: unknown): value is SecondFactor => {
  if (typeof value !== 'object' || value === null) return false;
  const { amr, acr } = value as Record<string, unknown>;
  return isTexts(amr) && isTexts(acr);
};

export const showsSecondFactor = (claims: Readonly<Record<string, unknown>>, { amr, acr }: SecondFactor): boolean => {
  const methods = Array.isArray(claims.amr) ? claims.amr : [];
  return methods.some((method) => amr.includes(method)) || (typeof claims.acr === 'string' && acr.includes(claims.acr));
};

/** Whether a session is as good as a condition asks. */
export const satisfies = (
  { mfa, authenticatedAt }: Pick<Session, 'mfa' | 'authenticatedAt'>,
  { mfa: wanted, withinSeconds }: StepUp,
  now: number,
): boolean => (mfa || !wanted) && (withinSeconds === null || (authenticatedAt !== null && now - authenticatedAt <= withinSeconds * 1000));

/** What the authorization request says of it. */
export const stepUpParameters = ({ mfa, withinSeconds }: StepUp, { acr }: SecondFactor): Record<string, string> => ({
  ...(withinSeconds === null ? {} : { max_age: String(withinSeconds) }),
  ...(mfa ? secondFactorParameters(acr) : {}),
});

/** `acr_values` alone is a wish: a provider with a session of the user's may answer at once, without asking for anything. */
const secondFactorParameters = ([wanted]: readonly string[]): Record<string, string> => ({
  prompt: 'login',
  ...(wanted === undefined ? {} : { acr_values: wanted }),
});

const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((entry) => typeof entry === 'string');
