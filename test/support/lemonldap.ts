// LemonLDAP::NG as Debian ships it, with a configuration and sessions of its own: an OpenID and a SAML provider that somebody else wrote,
// with its demonstration users.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { type Child, startChild } from './child.ts';
import { connectable } from './connectable.ts';

const PORTAL = '/usr/share/lemonldap-ng/portal';
/** The portal asks for keys and tokens while a browser waits for a page. */
const WORKERS = 3;

export interface RelyingParty {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  readonly postLogoutRedirectUri: string;
  readonly frontChannelLogoutUri: string;
}

export interface Lemonldap {
  /** Its issuer, without a slash at the end. */
  readonly url: string;
  readonly child: Child;
  dispose(): Promise<void>;
}

/** With which a SAML provider signs: PEM. */
export interface SigningKey {
  readonly key: string;
  readonly certificate: string;
}

/** What it offers to whom: settings of its configuration. */
export type Role = (url: string) => object;

export const startLemonldap = async (port: number, role: Role): Promise<Lemonldap> => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-lemonldap-'));
  const url = `http://127.0.0.1:${port}`;
  for (const name of ['conf', 'cache', 'sessions/lock', 'psessions/lock']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'lemonldap-ng.ini'), iniFile(folder));
  writeFileSync(join(folder, 'conf/lmConf-1.json'), JSON.stringify({ ...base(folder, url), ...role(url) }));
  writeFileSync(join(folder, 'portal.psgi'), PROGRAM);

  const args = ['-s', 'Starman', '--workers', String(WORKERS), '--listen', `127.0.0.1:${port}`, '-E', 'deployment'];
  const child = startChild('plackup', [...args, join(folder, 'portal.psgi')], {
    env: { ...process.env, LLNG_DEFAULTCONFFILE: join(folder, 'lemonldap-ng.ini') },
  });
  await connectable(port, child);

  return {
    url,
    child,
    dispose: async () => {
      await child.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** Fills in its sign-in page, which names its fields by placeholders only. */
export const signInAtLemonldap = async (page: Page, username: string, password: string): Promise<void> => {
  await page.locator('#userfield').fill(username);
  await page.locator('#passwordfield').fill(password);
  await page.locator('form:has(#userfield) button[type=submit]').click();
};

const iniFile = (folder: string): string => `[all]
logLevel = warn
checkTime = 1
[configuration]
type = File
dirName = ${folder}/conf
localStorage = Cache::FileCache
localStorageOptions = { 'namespace' => 'configuration', 'default_expires_in' => 600, 'cache_root' => '${folder}/cache', 'cache_depth' => 1 }
[portal]
staticPrefix = /static
templateDir = ${PORTAL}/templates
languages = en
`;

const PROGRAM = `use Plack::Builder;
use Lemonldap::NG::Portal;
builder {
  enable 'Static', path => qr{^/static/}, root => '${PORTAL}/htdocs/';
  enable 'Static', path => sub { s{^/javascript/}{/} }, root => '/usr/share/javascript/';
  Lemonldap::NG::Portal->run({});
};
`;

const sessionsIn = (folder: string, generator: object = {}) => ({
  Directory: folder,
  LockDirectory: join(folder, 'lock'),
  ...generator,
});

const base = (folder: string, url: string) => ({
  cfgNum: 1,
  cfgVersion: '2.16.1',
  cfgDate: '1',
  cfgAuthor: 'Sallyport’s tests',
  portal: `${url}/`,
  domain: '127.0.0.1',
  // With SAML it would say None, which browsers take only over HTTPS.
  sameSite: 'Lax',
  authentication: 'Demo',
  userDB: 'Same',
  passwordDB: 'Null',
  registerDB: 'Null',
  demoExportedVars: { cn: 'cn', mail: 'mail', uid: 'uid' },
  whatToTrace: 'uid',
  // Its usual one needs ImageMagick for pictures that nobody will see.
  captcha: '::Main::Plugin',
  locationRules: { '127.0.0.1': { default: 'accept' } },
  globalStorage: 'Apache::Session::File',
  globalStorageOptions: sessionsIn(join(folder, 'sessions'), {
    generateModule: 'Lemonldap::NG::Common::Apache::Session::Generate::SHA256',
  }),
  persistentStorage: 'Apache::Session::File',
  persistentStorageOptions: sessionsIn(join(folder, 'psessions')),
  localSessionStorage: 'Cache::FileCache',
  localSessionStorageOptions: { cache_root: join(folder, 'cache'), namespace: 'sessions', default_expires_in: 600 },
});

/** Claims and scopes as the local tenant's file expects them. */
export const asOpenidProvider =
  (party: RelyingParty): Role =>
  (url) => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    return {
      issuerDBOpenIDConnectActivation: 1,
      oidcServiceMetaDataIssuer: url,
      oidcServicePrivateKeySig: privateKey,
      oidcServicePublicKeySig: publicKey,
      oidcServiceKeyIdSig: 'tests',
      oidcServiceIgnoreScopeForClaims: 1,
      oidcRPMetaDataOptions: {
        sallyport: {
          oidcRPMetaDataOptionsClientID: party.clientId,
          oidcRPMetaDataOptionsClientSecret: party.clientSecret,
          oidcRPMetaDataOptionsIDTokenSignAlg: 'RS256',
          oidcRPMetaDataOptionsRequirePKCE: 1,
          oidcRPMetaDataOptionsBypassConsent: 1,
          oidcRPMetaDataOptionsRedirectUris: party.redirectUri,
          oidcRPMetaDataOptionsPostLogoutRedirectUris: party.postLogoutRedirectUri,
          oidcRPMetaDataOptionsLogoutUrl: party.frontChannelLogoutUri,
          oidcRPMetaDataOptionsLogoutType: 'front',
          oidcRPMetaDataOptionsLogoutSessionRequired: 1,
          // What it calls `sid` in front-channel logout is the user's id, and its ID token has none: so it gets the same one.
          oidcRPMetaDataOptionsIDTokenForceClaims: 1,
        },
      },
      oidcRPMetaDataExportedVars: {
        sallyport: { preferred_username: 'uid', name: 'cn', email: 'mail', groups: 'groups;string;always', sid: 'uid' },
      },
    };
  };

export const newSigningKey = (): SigningKey => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-key-'));
  try {
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, '-days', '2', '-subj', '/CN=tests'];
    execFileSync('openssl', args, { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), certificate: readFileSync(certificate, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** For the service provider of these metadata, if there is one yet, with nothing but what it would do by itself: it signs responses as well as assertions. */
export const asSamlProvider =
  ({ key, certificate }: SigningKey, metadata: string | null): Role =>
  () => ({
    issuerDBSAMLActivation: 1,
    samlServicePrivateKeySig: key,
    samlServicePublicKeySig: certificate,
    samlServiceSignatureMethod: 'RSA_SHA256',
    samlIDPSSODescriptorWantAuthnRequestsSigned: 0,
    samlSPMetaDataXML: metadata === null ? {} : { sallyport: { samlSPMetaDataXML: metadata } },
    samlSPMetaDataOptions: {
      sallyport: {
        samlSPMetaDataOptionsNameIDFormat: 'email',
        samlSPMetaDataOptionsSignSSOMessage: 1,
        samlSPMetaDataOptionsSignSLOMessage: 1,
        samlSPMetaDataOptionsCheckSSOMessageSignature: 1,
        samlSPMetaDataOptionsCheckSLOMessageSignature: 1,
        samlSPMetaDataOptionsEncryptionMode: 'none',
        samlSPMetaDataOptionsEnableIDPInitiatedURL: 1,
      },
    },
    samlSPMetaDataExportedAttributes: {
      sallyport: { uid: '1;uid;;', cn: '1;cn;;', mail: '1;mail;;', groups: '0;groups;;' },
    },
  });
