// A SAML 2.0 provider of the tenant's, by node-saml: the browser takes a request there and posts a signed assertion back (Web Browser SSO
// Profile). The library checks signatures; what the assertion says is checked in assertion.ts, by our clock.
import type { SamlConfig } from '@node-saml/node-saml';
import type { SamlSettings } from '../../../tenants/identity-providers.ts';
import type { ProviderProfile } from '../../identity/provider-profile.ts';
import { digest } from '../../keys.ts';
import type { Sessions } from '../../stores/records.ts';
import type { IdentityProvider, PortalPorts, SignedIn, SignInChecks } from '../ports.ts';
import { single } from '../request.ts';
import { readSamlKeys } from '../saml-idp/signing.ts';
import { type Assertion, type Element, readAssertion } from './assertion.ts';
import { ofResponse, readResponse, refused } from './message.ts';
import { entityIdOf } from './metadata.ts';

/** Loaded when the first sign-in needs it: who has no such provider pays nothing for it at start. */
const library = () => import('@node-saml/node-saml');

export interface SamlProviderOptions {
  readonly profile: SamlSettings & ProviderProfile;
  readonly portalUrl: string;
  readonly sessions: Pick<Sessions, 'takeAssertion'>;
  readonly samlSecret: PortalPorts['samlSecret'];
  readonly now: () => number;
}

export const createSamlProvider = ({ profile, portalUrl, sessions, samlSecret, now }: SamlProviderOptions): IdentityProvider => {
  const { issuer, signInUrl, signOutUrl, certificates, secondFactor } = profile;
  const recipient = `${portalUrl}/callback/${profile.id}`;
  const settings = {
    issuer: entityIdOf(portalUrl),
    callbackUrl: recipient,
    entryPoint: signInUrl,
    ...(signOutUrl === null ? {} : { logoutUrl: signOutUrl }),
    idpCert: certificates.map(pem),
    identifierFormat: null,
    wantAssertionsSigned: true,
    // The assertion is what we believe; what stands around it is not.
    wantAuthnResponseSigned: false,
    // Audience, time and the request that is answered are checked in assertion.ts, by our own clock and against the sealed state.
    audience: false,
    acceptedClockSkewMs: -1,
  } satisfies SamlConfig;

  /** Requests in an address are signed over the address (SAML 2.0 Bindings §3.4.4.1). */
  const signing = async (): Promise<Partial<SamlConfig>> =>
    profile.signRequests ? { privateKey: readSamlKeys(await samlSecret())[0]!.privateKey, signatureAlgorithm: 'sha256' } : {};

  return {
    profile,
    saml: profile,

    signInUrl: async ({ state, nonce }, { stepUp }) => {
      const { SAML } = await library();
      const contexts = secondFactor.acr.slice(0, 1);
      const saml = new SAML({
        ...settings,
        ...(await signing()),
        generateUniqueId: () => requestIdOf(nonce),
        forceAuthn: stepUp !== null,
        disableRequestedAuthnContext: !stepUp?.mfa || contexts.length === 0,
        authnContext: contexts,
      });
      return saml.getAuthorizeUrlAsync(digest(state), undefined, {});
    },

    redeem: async (returned, { nonce }) => {
      const xml = readResponse(single(returned, 'SAMLResponse'));
      const destination = ofResponse(xml, 'Destination');
      if (destination !== null && destination !== recipient) throw refused('it was sent to another address');
      const assertion = readAssertion(await signedAssertion(settings, xml), {
        issuer,
        audience: settings.issuer,
        recipient,
        requestId: requestIdOf(nonce),
        now: now(),
      });
      if (!(await sessions.takeAssertion(digest(JSON.stringify([issuer, assertion.id])), assertion.goodUntil)))
        throw refused('it has been used before');
      return signedIn(assertion, issuer);
    },

    signOutUrl: async (kept) => {
      if (signOutUrl === null || kept === undefined) return null;
      const { SAML } = await library();
      const user = JSON.parse(kept);
      return new SAML({ ...settings, ...(await signing()) }).getLogoutUrlAsync({ ...user, issuer }, '', {});
    },
  };
};

/** An XML id begins with no digit (XML Namespaces §3); the nonce is 256 random bits, sealed in the state. */
const requestIdOf = (nonce: SignInChecks['nonce']): string => `_${nonce}`;

/** The certificates' public keys are kept without their frame. */
const pem = (key: string): string => `-----BEGIN PUBLIC KEY-----\n${(key.match(/.{1,64}/g) ?? []).join('\n')}\n-----END PUBLIC KEY-----\n`;

/** Throws ERR_IDENTITY_REFUSED unless exactly one assertion is signed with one of the provider's keys. */
const signedAssertion = async (settings: SamlConfig, xml: string): Promise<Element> => {
  const { SAML, SamlStatusError } = await library();
  try {
    const { profile } = await new SAML(settings).validatePostResponseAsync({ SAMLResponse: Buffer.from(xml).toString('base64') });
    const assertion = profile?.getAssertion?.().Assertion;
    if (typeof assertion === 'object' && assertion !== null) return assertion as Element;
  } catch (error) {
    if (error instanceof SamlStatusError) throw refused('the sign-in was refused or cancelled there', error);
    throw refused('its signature does not hold', error);
  }
  throw refused('it holds no assertion');
};

const signedIn = (assertion: Assertion, issuer: string): SignedIn => {
  const { nameId, sessionIndex, context, authenticatedAt, attributes } = assertion;
  const { value: nameID, format: nameIDFormat, nameQualifier, spNameQualifier } = nameId;
  return {
    claims: {
      ...attributes,
      // After the attributes: none of them may pass for what the assertion itself says.
      iss: issuer,
      sub: nameID,
      sid: sessionIndex,
      acr: context,
      amr: undefined,
      auth_time: authenticatedAt === null ? undefined : authenticatedAt / 1000,
    },
    idToken: JSON.stringify({ nameID, nameIDFormat, nameQualifier, spNameQualifier, sessionIndex }),
  };
};
