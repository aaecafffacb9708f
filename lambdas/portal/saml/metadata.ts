// `GET /saml/metadata`: what a SAML provider wants to know of us (SAML 2.0 Metadata §2.4.4): our name, our certificates, and where its
// messages go.
import { html, markupOf } from '../../pages/html.ts';
import { SECURITY_HEADERS } from '../../pages/page.ts';
import type { PortalPorts } from '../ports.ts';
import type { PortalAnswer } from '../request.ts';
import { POST, PROTOCOL, REDIRECT } from '../saml-idp/names.ts';
import { keyDescriptors, readSamlKeys } from '../saml-idp/signing.ts';

export const METADATA_PATH = '/saml/metadata';
export const LOGOUT_PATH = '/saml/slo';

/** Our entity id is where the metadata is. */
export const entityIdOf = (portalUrl: string): string => portalUrl + METADATA_PATH;

type Ports = Pick<PortalPorts, 'portalUrl' | 'providers' | 'samlSecret'>;

/** Each provider has an address of its own, as with OpenID Connect: where a sign-in ends says who answered. Throws ERR_STORE_UNAVAILABLE. */
export const showMetadata = async ({ portalUrl, providers, samlSecret }: Ports): Promise<PortalAnswer> => {
  const own = providers.filter(({ saml }) => saml !== undefined);
  const services = own.map(
    ({ profile: { id } }, index) =>
      html`<AssertionConsumerService Binding="${POST}" Location="${portalUrl}/callback/${id}" index="${index}"/>`,
  );
  const areSigned = own.length > 0 && own.every(({ saml }) => saml!.signRequests);
  const document = html`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entityIdOf(portalUrl)}">
<SPSSODescriptor protocolSupportEnumeration="${PROTOCOL}" AuthnRequestsSigned="${String(areSigned)}" WantAssertionsSigned="true">
${keyDescriptors(readSamlKeys(await samlSecret()))}
${[REDIRECT, POST].map((binding) => html`<SingleLogoutService Binding="${binding}" Location="${portalUrl}${LOGOUT_PATH}"/>`)}
<NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</NameIDFormat>
${services}
</SPSSODescriptor>
</EntityDescriptor>
`;
  return {
    statusCode: 200,
    headers: { ...SECURITY_HEADERS, 'Content-Type': 'application/samlmetadata+xml; charset=utf-8' },
    body: markupOf(document),
  };
};
