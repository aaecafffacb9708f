// The tenant's identity providers as functions find them in their environment's IDENTITY_PROVIDERS, as lib/ writes it.
import { SallyportError } from '../../protocol/errors.ts';
import type { IdentityProviderSettings, ProviderSettings } from '../../tenants/identity-providers.ts';
import { isClaimNames } from './claim-names.ts';
import { isSecondFactor } from './second-factor.ts';

/** What a provider may say, and how it says it. Holds for every protocol. */
export interface ProviderProfile extends ProviderSettings {
  readonly name: string;
  /** Then its groups and programs go by its id as well, so that no other provider's can be taken for them. */
  readonly isOneOfSeveral: boolean;
}

export type ConfiguredProvider = IdentityProviderSettings & ProviderProfile;

/** Throws ERR_CONFIGURATION_INVALID. */
export const readIdentityProviders = (text: string): readonly ConfiguredProvider[] => {
  const value: unknown = JSON.parse(text);
  if (Array.isArray(value) && value.length > 0 && value.every(isSettings))
    return value.map((settings) => withProfile(settings, value.length));
  throw new SallyportError(
    'ERR_CONFIGURATION_INVALID',
    'IDENTITY_PROVIDERS must list id, issuer, emailDomains, claims and secondFactor of each: deploy the stack again.',
  );
};

export const withProfile = <Settings extends ProviderSettings>(settings: Settings, count: number): Settings & ProviderProfile => ({
  ...settings,
  name: settings.name ?? settings.id,
  isOneOfSeveral: count > 1,
});

const isSettings = (value: unknown): value is IdentityProviderSettings => {
  if (typeof value !== 'object' || value === null) return false;
  const { id, issuer, emailDomains, claims, secondFactor } = value as Record<string, unknown>;
  return (
    [id, issuer].every((text) => typeof text === 'string' && text !== '') &&
    Array.isArray(emailDomains) &&
    isClaimNames(claims) &&
    isSecondFactor(secondFactor)
  );
};
