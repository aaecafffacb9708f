// `GET /saml/idp/metadata`: what an application wants to know of us (SAML 2.0 Metadata §2.4.3): our name, our certificates, our addresses.
import { html, markupOf } from '../../pages/html.ts';
import { SECURITY_HEADERS } from '../../pages/page.ts';
import type { PortalPorts } from '../ports.ts';
import type { PortalAnswer } from '../request.ts';
import { IDP_METADATA_PATH, NAME_ID_FORMATS, POST, PROTOCOL, REDIRECT, SLO_PATH, SSO_PATH } from './names.ts';
import { keyDescriptors, readSamlKeys } from './signing.ts';

/** Throws ERR_STORE_UNAVAILABLE. */
export const showIdpMetadata = async ({ portalUrl, samlSecret }: Pick<PortalPorts, 'portalUrl' | 'samlSecret'>): Promise<PortalAnswer> => {
  const keys = readSamlKeys(await samlSecret());
  const services = (name: 'SingleLogoutService' | 'SingleSignOnService', path: string) =>
    [REDIRECT, POST].map((binding) =>
      name === 'SingleLogoutService'
        ? html`<SingleLogoutService Binding="${binding}" Location="${portalUrl}${path}"/>`
        : html`<SingleSignOnService Binding="${binding}" Location="${portalUrl}${path}"/>`,
    );
  const document = html`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${portalUrl}${IDP_METADATA_PATH}">
<IDPSSODescriptor protocolSupportEnumeration="${PROTOCOL}" WantAuthnRequestsSigned="false">
${keyDescriptors(keys)}${services('SingleLogoutService', SLO_PATH)}
${Object.values(NAME_ID_FORMATS).map((format) => html`<NameIDFormat>${format}</NameIDFormat>`)}
${services('SingleSignOnService', SSO_PATH)}
</IDPSSODescriptor>
</EntityDescriptor>
`;
  return {
    statusCode: 200,
    headers: { ...SECURITY_HEADERS, 'Content-Type': 'application/samlmetadata+xml; charset=utf-8' },
    body: markupOf(document),
  };
};
