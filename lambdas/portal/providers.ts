// Which of the tenant's identity providers is meant: by its id, by the session that came from it, by what is said of the user, or by
// what this browser used last.
import { domainOf } from '../identity/user-claims.ts';
import type { Session } from '../stores/records.ts';
import { PROVIDER_COOKIE, readCookie, setCookie } from './cookies.ts';
import type { IdentityProvider, PortalPorts } from './ports.ts';
import type { PortalRequest } from './request.ts';

type Providers = Pick<PortalPorts, 'providers'>;

const REMEMBERED_MS = 180 * 86_400_000;

/** Null for an id that no provider has. */
export const providerWithId = ({ providers }: Providers, id: string | null): IdentityProvider | null =>
  providers.find(({ profile }) => profile.id === id) ?? null;

/** Null when the tenant has it no longer. */
export const providerOf = ({ providers }: Providers, { user }: Pick<Session, 'user'>): IdentityProvider | null =>
  providers.find(({ profile }) => profile.issuer === user.issuer) ?? null;

/** By the domain of an e-mail address, or a domain itself: which users there are is for the provider to know. */
export const providerForDomain = ({ providers }: Providers, text: string | null): IdentityProvider | null => {
  const domain = text === null ? null : (domainOf(text) ?? text.toLowerCase());
  return providers.find(({ profile }) => domain !== null && profile.emailDomains.includes(domain)) ?? null;
};

/** The only one there is, or the one that this browser signed in with last. */
export const usualProvider = (ports: Providers, request: PortalRequest): IdentityProvider | null =>
  ports.providers.length === 1 ? ports.providers[0]! : providerWithId(ports, readCookie(request, PROVIDER_COOKIE));

/** The cookie to set when a sign-in has succeeded, so that a wrong choice is not kept. None where there is no choice. */
export const rememberProvider = ({ providers }: Providers, { profile }: IdentityProvider): readonly string[] =>
  providers.length === 1 ? [] : [setCookie(PROVIDER_COOKIE, profile.id, REMEMBERED_MS)];
