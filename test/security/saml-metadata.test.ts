// Metadata decide whose word signs users in: what an attacker would serve in their place is refused before anything of it is believed.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createKey, type NamedKey } from '../../lambdas/directory/signing-keys.ts';
import { METADATA_MAX_BYTES, readMetadata } from '../../tenants/saml-metadata.ts';
import { providerMetadata, signedMetadata } from '../../tenants/testing/metadata.ts';

let publisher: NamedKey;
let attacker: NamedKey;
let honest: string;

beforeAll(() => {
  const now = Date.UTC(2027, 0, 15);
  [publisher, attacker] = [createKey('publisher', now), createKey('attacker', now)];
  honest = providerMetadata({ certificates: [publisher.certificate] });
});

const read = (xml: string | Uint8Array, signedBy?: string) => readMetadata(typeof xml === 'string' ? Buffer.from(xml) : xml, signedBy);

describe('XML that is more than elements, text and comments', () => {
  test.each([
    ['a document type', (xml: string) => xml.replace('<md:Entity', '<!DOCTYPE x><md:Entity')],
    ['an entity', (xml: string) => xml.replace('<md:Entity', '<!DOCTYPE x [<!ENTITY a "b">]><md:Entity')],
    ['an external entity', (xml: string) => xml.replace('<md:Entity', '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><md:Entity')],
    [
      'a document type from elsewhere',
      (xml: string) => xml.replace('<md:Entity', '<!DOCTYPE x SYSTEM "https://evil.example/x.dtd"><md:Entity'),
    ],
    [
      'entities of entities',
      (xml: string) =>
        xml.replace('<md:Entity', '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]><md:Entity'),
    ],
    [
      'a document type that a comment seems to hide',
      (xml: string) => xml.replace('<md:Entity', '<![CDATA[<!-- ]]><!DOCTYPE x><!-- --><md:Entity'),
    ],
    ['CDATA', (xml: string) => xml.replace('>Example<', '><![CDATA[x]]><')],
    ['a processing instruction', (xml: string) => xml.replace('<md:Entity', '<?xml-stylesheet href="x"?><md:Entity')],
  ])('%s', (_, attack) => {
    expect(attack(honest)).not.toBe(honest);
    expect(() => read(attack(honest))).toThrow(/elements, text and comments alone/);
  });

  test.each([
    ['an entity that nobody declared', (xml: string) => xml.replace('>Example<', '>&x;<')],
    ['an element without its end', (xml: string) => xml.replace('</md:IDPSSODescriptor>', '')],
    ['nothing', () => ''],
  ])('%s', (_, attack) => {
    expect(() => read(attack(honest))).toThrow(/well-formed XML/);
  });

  test('more than a megabyte, or other bytes than UTF-8', () => {
    expect(() => read(Buffer.alloc(METADATA_MAX_BYTES + 1, ' '))).toThrow(/bytes at most/);
    expect(() => read(Buffer.from(honest.replace('Example', 'B\u00f6hm'), 'latin1'))).toThrow(/UTF-8/);
  });
});

describe('keys that nobody would take for the provider’s', () => {
  const inData = (xml: string, more: string) =>
    xml.replace('</ds:X509Data>', `<ds:X509Certificate>${more}</ds:X509Certificate></ds:X509Data>`);

  test('a second certificate beside the signer’s', () => {
    expect(() => read(inData(honest, attacker.certificate.replaceAll(/-----[A-Z ]+-----/g, '')))).toThrow(/one certificate/);
  });

  test('one for encryption, one of another role, and one within an extension are not read', () => {
    const others = providerMetadata({ certificates: [attacker.certificate] });
    const [, foreign = ''] = /(<md:KeyDescriptor[\s\S]*?<\/md:KeyDescriptor>)/.exec(others) ?? [];
    const hidden = honest
      .replace('<md:IDPSSODescriptor', `<md:Extensions>${foreign}</md:Extensions><md:IDPSSODescriptor`)
      .replace('</md:IDPSSODescriptor>', `${foreign.replace('"signing"', '"encryption"')}</md:IDPSSODescriptor>`)
      .replace('<md:Organization>', `<md:AttributeAuthorityDescriptor>${foreign}</md:AttributeAuthorityDescriptor><md:Organization>`);

    expect(hidden.split(foreign)).toHaveLength(3);
    expect(read(hidden).provider?.certificates).toEqual(read(honest).provider?.certificates);
  });

  test('two descriptors to choose from', () => {
    const [descriptor = ''] = /<md:IDPSSODescriptor[\s\S]*<\/md:IDPSSODescriptor>/.exec(honest) ?? [];

    expect(() => read(honest.replace(descriptor, descriptor + descriptor))).toThrow(/one IDPSSODescriptor/);
  });
});

describe('metadata whose signer is known', () => {
  test('are taken when that one signed the whole', () => {
    const signed = signedMetadata(honest, publisher.privateKey);

    expect(read(signed, publisher.certificate)).toMatchObject({ provider: { issuer: 'https://login.example.com/saml' }, isSigned: true });
  });

  test.each<[string, () => string]>([
    ['unsigned', () => honest],
    ['signed by another', () => signedMetadata(honest, attacker.privateKey)],
    ['changed after they were signed', () => signedMetadata(honest, publisher.privateKey).replace('/sso?', '/evil?')],
    [
      'with a certificate put in',
      () =>
        signedMetadata(honest, publisher.privateKey).replace(
          '<md:ArtifactResolutionService',
          `<md:KeyDescriptor/><md:ArtifactResolutionService`,
        ),
    ],
    [
      'wrapped around signed ones',
      () => {
        const signed = signedMetadata(honest, publisher.privateKey).replace(/^<\?xml[^>]*>\s*<!--.*-->\s*/, '');
        const [signature = ''] = /<ds:Signature[\s\S]*<\/ds:Signature>/.exec(signed) ?? [];
        const forged = providerMetadata({ certificates: [attacker.certificate], entityId: 'https://evil.example/' });
        const object = `<ds:Object>${signed.replace(signature, '')}</ds:Object></ds:Signature>`;
        return forged.replace(/(<md:EntityDescriptor[^>]*>)/, (root) => root + signature.replace('</ds:Signature>', object));
      },
    ],
    ['signed with SHA-1', () => signedMetadata(honest, publisher.privateKey, 'http://www.w3.org/2000/09/xmldsig#rsa-sha1')],
    ['signed with a key that anybody may have', () => signedMetadata(honest, publisher.privateKey).replace('#rsa-sha256', '#hmac-sha256')],
  ])('%s: refused', (_, attack) => {
    expect(() => read(attack(), publisher.certificate)).toThrow(/expected .*signature/);
  });
});
