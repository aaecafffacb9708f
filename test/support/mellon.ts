// Apache as Debian ships it, with mod_auth_mellon: a SAML service provider that somebody else wrote. It takes users by assertions alone.
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificate } from '../../protocol/x509.ts';
import { type ApacheServer, startApacheServer } from './apache-server.ts';

const DAY_MS = 86_400_000;

export interface ServiceProvider {
  readonly entityId: string;
  /** In PEM; for its signatures, and to encrypt for it. */
  readonly certificate: string;
  readonly privateKey: string;
}

export const createServiceProvider = (entityId: string, now: number): ServiceProvider => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const names = { subject: 'Service provider', issuer: 'Service provider' };
  const certificate = createCertificate({
    ...names,
    key: publicKey,
    signer: privateKey,
    from: now - DAY_MS,
    until: now + DAY_MS,
    extensions: [],
  });
  return { entityId, certificate, privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
};

export interface MellonOptions {
  readonly port: number;
  readonly provider: ServiceProvider;
  /** Its external URL, ending with `/`. */
  readonly externalUrl: string;
  /** The identity provider's metadata, as XML. */
  readonly metadata: string;
}

export const startMellon = async ({ port, provider, externalUrl, metadata }: MellonOptions): Promise<ApacheServer> => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-mellon-'));
  mkdirSync(join(folder, 'htdocs/left'), { recursive: true });
  writeFileSync(join(folder, 'htdocs/left/index.shtml'), '<!doctype html><title>Left</title><h1>Left</h1>');
  writeFileSync(join(folder, 'htdocs/index.shtml'), PAGE);
  writeFileSync(join(folder, 'idp.xml'), metadata);
  writeFileSync(join(folder, 'sp.xml'), ownMetadata(provider, externalUrl));
  writeFileSync(join(folder, 'sp.pem'), provider.certificate);
  writeFileSync(join(folder, 'sp.key'), provider.privateKey);
  return startApacheServer({
    ...{ folder, port, serverName: externalUrl.slice(0, -1), modules: ['auth_mellon', 'env'] },
    ...{ logLevel: 'warn auth_mellon:info', directives: directives(folder) },
  });
};

/** Says whom it takes the visitor for, and what it was told of them. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>Records</title><h1>Records</h1>
<p>You are <strong id="user"><!--#echo var="REMOTE_USER" --></strong></p>
<p id="name"><!--#echo var="MELLON_name" --></p><p id="groups"><!--#echo var="MELLON_groups" --></p>
<a href="/mellon/logout?ReturnTo=/left/">Sign out of the records</a>
`;

export const ownMetadata = ({ entityId, certificate }: ServiceProvider, externalUrl: string): string => {
  const bare = certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '');
  const key = (use: string) =>
    `<KeyDescriptor use="${use}"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${bare}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>`;
  const binding = 'urn:oasis:names:tc:SAML:2.0:bindings';
  return `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entityId}">
<SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
${key('signing')}${key('encryption')}
<SingleLogoutService Binding="${binding}:HTTP-Redirect" Location="${externalUrl}mellon/logout"/>
<NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified</NameIDFormat>
<AssertionConsumerService index="0" isDefault="true" Binding="${binding}:HTTP-POST" Location="${externalUrl}mellon/postResponse"/>
</SPSSODescriptor>
</EntityDescriptor>
`;
};

const directives = (folder: string): string => `
UseCanonicalName On
MellonLockFile "${folder}/mellon.lock"
MellonCacheSize 10
<Location "/">
  Options +Includes
  AuthType Mellon
  MellonEnable auth
  MellonEndpointPath /mellon
  MellonSPMetadataFile "${folder}/sp.xml"
  MellonSPPrivateKeyFile "${folder}/sp.key"
  MellonSPCertFile "${folder}/sp.pem"
  MellonIdPMetadataFile "${folder}/idp.xml"
  MellonSecureCookie On
  MellonUser NAME_ID
  MellonMergeEnvVars On ";"
  MellonSubjectConfirmationDataAddressCheck Off
  Require valid-user
</Location>
<Location "/left/">
  MellonEnable info
  Require all granted
</Location>`;
