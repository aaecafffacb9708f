// For tests: an identity provider that is the only one, and may speak for everyone.
import type { ProviderProfile } from '../provider-profile.ts';

export const profile = (changes: Partial<ProviderProfile> = {}): ProviderProfile => ({
  protocol: 'openid',
  id: 'main',
  name: 'main',
  issuer: 'https://login.example.com',
  emailDomains: [],
  claims: { username: 'preferred_username', name: 'name', email: 'email', groups: 'groups', further: [] },
  secondFactor: { amr: ['mfa'], acr: [] },
  isOneOfSeveral: false,
  ...changes,
});
