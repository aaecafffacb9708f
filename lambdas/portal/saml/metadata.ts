// `GET /saml/metadata`: what a SAML provider wants to know of us (SAML 2.0 Metadata §2.4.4): our name, and where its responses go.
import { html, markupOf } from '../../pages/html.ts';
import { SECURITY_HEADERS } from '../../pages/page.ts';
import type { PortalPorts } from '../ports.ts';
import type { PortalAnswer } from '../request.ts';

export const METADATA_PATH = '/saml/metadata';

/** Our entity id is where the metadata is. */
export const entityIdOf = (portalUrl: string): string => portalUrl + METADATA_PATH;

/** Each provider has an address of its own, as with OpenID Connect: where a sign-in ends says who answered. */
export const showMetadata = ({ portalUrl, providers }: Pick<PortalPorts, 'portalUrl' | 'providers'>): PortalAnswer => {
  const services = providers
    .filter(({ profile }) => profile.protocol === 'saml')
    .map(
      ({ profile: { id } }, index) =>
        html`<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${portalUrl}/callback/${id}" index="${index}"/>`,
    );
  const document = html`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entityIdOf(portalUrl)}">
<SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" AuthnRequestsSigned="false" WantAssertionsSigned="true">
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
