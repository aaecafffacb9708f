// For tests: metadata as providers and applications publish them, with what many of them say besides, and what an attacker would.
import { SignedXml } from 'xml-crypto';

const BINDINGS = 'urn:oasis:names:tc:SAML:2.0:bindings';
const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol';
const EXC_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';

export interface MetadataOptions {
  readonly entityId?: string;
  readonly certificates?: readonly string[];
  /** Of the entity, as they stand in the XML. */
  readonly attributes?: string;
}

const key = (certificate: string, use = ' use="signing"'): string =>
  `<md:KeyDescriptor${use}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>
${certificate.replaceAll(/-----[A-Z ]+-----/g, '').trim()}
</ds:X509Certificate></ds:X509Data></ds:KeyInfo><md:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></md:KeyDescriptor>`;

const entity = (entityId: string, attributes: string, content: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<!-- Do not edit. -->
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" ID="_m" entityID="${entityId}"${attributes}>${content}<md:Organization><md:OrganizationName xml:lang="en">Example</md:OrganizationName></md:Organization></md:EntityDescriptor>
`;

export const providerMetadata = ({ entityId = 'https://login.example.com/saml', certificates = [], attributes = '' }: MetadataOptions) =>
  entity(
    entityId,
    attributes,
    `<md:IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="${PROTOCOL}">${certificates.map((one) => key(one)).join('')}
<md:ArtifactResolutionService Binding="${BINDINGS}:SOAP" Location="https://login.example.com/artifact" index="0"/>
<md:SingleLogoutService Binding="${BINDINGS}:SOAP" Location="https://login.example.com/soap"/>
<md:SingleLogoutService Binding="${BINDINGS}:HTTP-Redirect" Location="https://login.example.com/slo" ResponseLocation="https://login.example.com/slo-return"/>
<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>
<md:SingleSignOnService Binding="${BINDINGS}:HTTP-POST" Location="https://login.example.com/post"/>
<md:SingleSignOnService Binding="${BINDINGS}:HTTP-Redirect" Location="https://login.example.com/sso?a=1&amp;b=2"/>
</md:IDPSSODescriptor>`,
  );

export const applicationMetadata = ({ entityId = 'https://wiki.example/saml', certificates = [], attributes = '' }: MetadataOptions) =>
  entity(
    entityId,
    attributes,
    `<md:SPSSODescriptor AuthnRequestsSigned="true" protocolSupportEnumeration="${PROTOCOL}">${certificates.map((one) => key(one, '') + key(one, ' use="encryption"')).join('')}
<md:SingleLogoutService Binding="${BINDINGS}:HTTP-Redirect" Location="https://wiki.apps.example.com/slo"/>
<md:AssertionConsumerService Binding="${BINDINGS}:HTTP-Artifact" Location="https://wiki.apps.example.com/artifact" index="0"/>
<md:AssertionConsumerService Binding="${BINDINGS}:HTTP-POST" Location="https://wiki.apps.example.com/second" index="1"/>
<md:AssertionConsumerService Binding="${BINDINGS}:HTTP-POST" Location="https://wiki.apps.example.com/acs" index="2" isDefault="true"/>
</md:SPSSODescriptor>`,
  );

/** The whole, as publishers sign. */
export const signedMetadata = (
  xml: string,
  privateKey: string,
  algorithm = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
): string => {
  const signature = new SignedXml({ privateKey, signatureAlgorithm: algorithm, canonicalizationAlgorithm: EXC_C14N });
  signature.addReference({ xpath: '/*', transforms: [ENVELOPED, EXC_C14N], digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256' });
  signature.computeSignature(xml, { prefix: 'ds', location: { reference: '/*', action: 'prepend' } });
  return signature.getSignedXml();
};
