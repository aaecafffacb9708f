// What is read of a message is what was signed, by its address or in its form.
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { SallyportError } from '../../../protocol/errors.ts';
import type { PortalRequest } from '../request.ts';
import { MESSAGE_MAX_BYTES } from '../saml/xml.ts';
import { attribute, children, parse, readMessage, textOf, verifiedForm } from './message.ts';
import { PROTOCOL, RSA_SHA256, RSA_SHA512 } from './names.ts';
import { asForm, asQuery, message, signedXml } from './testing/service-provider.ts';

const NAME = 'AuthnRequest';
let own: ReturnType<typeof newKey>;
let other: ReturnType<typeof newKey>;

const newKey = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
beforeAll(() => {
  [own, other] = [newKey(), newKey()];
});

const written = (id: string, content = '', name: 'AuthnRequest' | 'LogoutRequest' = NAME): string =>
  message(name, { id, issuer: 'https://app.example/', now: 0, content });
const signed = (xml: string, key: KeyObject = own.privateKey): string =>
  signedXml(xml, key.export({ type: 'pkcs8', format: 'pem' }).toString());
const signatureOf = (xml: string): string => /<Signature[\s\S]*<\/Signature>/.exec(xml)![0];
/** What was signed, inside a message that was not, with the signature where it belongs. */
const around = (xml: string, id: string, hold = (inner: string) => `<Held>${inner}</Held>`): string =>
  written(id, signatureOf(xml) + hold(xml.replace(signatureOf(xml), '')));

const verified = async (xml: string, ...keys: KeyObject[]): Promise<string | null> => {
  try {
    const read = await verifiedForm(xml, await parse(xml), NAME, keys.length === 0 ? [createPublicKey(own.privateKey)] : keys);
    return read && attribute(read, 'ID');
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'ERR_REQUEST_INVALID') return error.message;
    throw error;
  }
};

/** Before it comes to a signature, a message of two is refused already (saml/xml.ts); here they are brought past that: no guard leans on another. */
describe('a signed form', () => {
  test('is the message that was signed, by any of the keys', async () => {
    const xml = signed(written('_one'));

    expect([await verified(xml), await verified(xml, other.publicKey, own.publicKey)]).toEqual(['_one', '_one']);
    expect(await verified(xml, other.publicKey)).toMatch(/signature does not hold/);
    expect(await verified(written('_one'))).toBeNull();
  });

  test('is none when what was signed is another message inside it', async () => {
    expect(await verified(around(signed(written('_inner')), '_outer'))).toMatch(/signature does not hold/);
  });

  test('is none when what was signed is a message of another kind', async () => {
    expect(await verified(around(signed(written('_inner', '', 'LogoutRequest')), '_outer'))).toMatch(/signature does not hold/);
  });

  test('is none when what was signed has another namespace', async () => {
    const foreign = signed(written('_inner')).replaceAll('samlp:', 'x:');

    expect(await verified(foreign.replace('xmlns:samlp', 'xmlns:x'))).toMatch(/signature does not hold/);
  });

  test('is none with its signature elsewhere, or with two', async () => {
    const xml = signed(written('_one'));
    const moved = xml.replace(signatureOf(xml), `<Held>${signatureOf(xml)}</Held>`);

    expect(await verified(moved)).toMatch(/not where it belongs/);
    expect(await verified(xml.replace(signatureOf(xml), (one) => one + one))).toMatch(/not where it belongs/);
    expect(await verified(xml.replace(signatureOf(xml), (one) => `${one}<Held>${one}</Held>`))).toMatch(/not where it belongs/);
  });
});

const byAddress = (rawQuery: string): PortalRequest => ({ ...REQUEST, query: new URLSearchParams(rawQuery), rawQuery });
const byForm = (body: string): PortalRequest => ({ ...REQUEST, method: 'POST', body });
const REQUEST: PortalRequest = {
  ...{ id: 'r-1', method: 'GET', path: '/', query: new URLSearchParams(), rawQuery: '', headers: {}, cookies: [], body: '' },
  ...{ address: '192.0.2.1', country: null },
};
const publicKey = (): string => createPublicKey(own.privateKey).export({ type: 'spki', format: 'der' }).toString('base64');

/** What is read, or why nothing is. */
const read = async (request: PortalRequest, keys = [publicKey()]) => {
  try {
    const { relayState, verify } = await readMessage(request, 'SAMLRequest', NAME);
    const root = await verify(keys);
    return [root && attribute(root, 'ID'), relayState];
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'ERR_REQUEST_INVALID') return error.message;
    throw error;
  }
};

describe('a message in an address', () => {
  const query = (relayState?: string, key: KeyObject | undefined = own.privateKey) =>
    asQuery('SAMLRequest', written('_one'), relayState, key);
  const unsigned = (relayState?: string) => asQuery('SAMLRequest', written('_one'), relayState);

  test('is signed together with where it goes on to', async () => {
    expect(await read(byAddress(query()))).toEqual(['_one', null]);
    expect(await read(byAddress(query('there')))).toEqual(['_one', 'there']);
    expect(await read(byAddress(query('')))).toEqual(['_one', null]);
    expect(await read(byAddress(unsigned('there')))).toEqual([null, 'there']);
  });

  test('may be signed by any of the keys, and by no other', async () => {
    const stranger = other.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');

    expect(await read(byAddress(query()), [stranger, publicKey()])).toEqual(['_one', null]);
    for (const keys of [[stranger], []]) expect(await read(byAddress(query()), keys)).toMatch(/signature does not hold/);
  });

  test('is signed with SHA-256 or SHA-512', async () => {
    const signedBy = (hash: string, algorithm: string): string => {
      const pairs = `SAMLRequest=${encodeURIComponent(deflateRawSync(written('_one')).toString('base64'))}&SigAlg=${encodeURIComponent(algorithm)}`;
      return `${pairs}&Signature=${encodeURIComponent(sign(hash, Buffer.from(pairs), own.privateKey).toString('base64'))}`;
    };

    expect(await read(byAddress(signedBy('sha256', RSA_SHA256)))).toEqual(['_one', null]);
    expect(await read(byAddress(signedBy('sha512', RSA_SHA512)))).toEqual(['_one', null]);
    expect(await read(byAddress(signedBy('sha512', RSA_SHA256)))).toMatch(/signature does not hold/);
    expect(await read(byAddress(signedBy('sha1', 'http://www.w3.org/2000/09/xmldsig#rsa-sha1')))).toMatch(/not of RSA and SHA-256/);
    expect(await read(byAddress(signedBy('sha256', '')))).toMatch(/not of RSA and SHA-256/);
  });

  test.each(['SAMLRequest', 'RelayState', 'SigAlg', 'Signature'])('has one %s', async (name) => {
    const good = query('there');
    const twice = `${good}&${good.split('&').find((pair) => pair.startsWith(`${name}=`))}`;

    expect(await read(byAddress(twice))).toMatch(/not there exactly once|not there, or not Base64/);
    expect(await read(byAddress(`${good}&${name}=`))).toMatch(/not there exactly once|not there, or not Base64/);
  });

  test.each(['RelayState', 'SigAlg', 'Signature'])('is not signed without its %s', async (name) => {
    const without = query('there')
      .split('&')
      .filter((pair) => !pair.startsWith(`${name}=`))
      .join('&');

    expect(await read(byAddress(without))).toEqual(
      name === 'Signature' ? [null, 'there'] : expect.stringMatching(/does not hold|exactly once/),
    );
  });

  test('is deflated, and no longer than a message may be', async () => {
    const long = (bytes: number) => {
      const xml = written('_one', '<x></x>');
      return xml.replace('<x>', `<x>${'y'.repeat(bytes - Buffer.byteLength(xml))}`);
    };
    const sized = (bytes: number) => byAddress(asQuery('SAMLRequest', long(bytes), undefined));

    expect(await read(sized(MESSAGE_MAX_BYTES))).toEqual([null, null]);
    expect(await read(sized(MESSAGE_MAX_BYTES + 1))).toMatch(/not deflated, or too long/);
    expect(await read(byAddress(`SAMLRequest=${encodeURIComponent(Buffer.from(written('_one')).toString('base64'))}`))).toMatch(
      /not deflated/,
    );
  });
});

describe('a message in a form', () => {
  const form = (xml: string, relayState = '') => byForm(asForm('SAMLRequest', xml, relayState).post.body);

  test('is signed within, and not deflated', async () => {
    expect(await read(form(signed(written('_one')), 'there'))).toEqual(['_one', 'there']);
    expect(await read(form(written('_one')))).toEqual([null, null]);
    expect(await read(form(signed(written('_one'), other.privateKey)))).toMatch(/signature does not hold/);
    expect(await read(byForm(asQuery('SAMLRequest', written('_one'))))).toMatch(/refused/);
  });

  test('is one, of the kind that is expected', async () => {
    expect(await read(form(written('_one', '', 'LogoutRequest')))).toMatch(/no single AuthnRequest/);
    expect(await read(form(written('_one').replace(PROTOCOL, 'urn:x')))).toMatch(/no AuthnRequest of SAML 2.0/);
    expect(await read(form(written('_one').replaceAll('samlp:AuthnRequest', 'samlp:é.AuthnRequest')))).toMatch(/refused/);
    expect(await read(byForm(''))).toMatch(/not there, or not Base64/);
  });
});

describe('where it goes on to', () => {
  const carrying = (relayState: string) => read(byAddress(asQuery('SAMLRequest', written('_one'), relayState)));

  test('is a line of 2,048 bytes at most', async () => {
    expect(await carrying('x'.repeat(2048))).toEqual([null, 'x'.repeat(2048)]);
    for (const wrong of ['x'.repeat(2049), 'é'.repeat(1025), 'a\nb', 'a\u0000b', 'a\u0085b'])
      expect(await carrying(wrong)).toMatch(/its RelayState/);
  });
});

test('a text is that of the one element of its name, without what stands around it', async () => {
  const root = await parse('<a xmlns="urn:a" xmlns:b="urn:b"><c> one </c><b:c>two</b:c><d/><e>x</e><e>y</e><f><g>deep</g></f></a>');

  expect([textOf(root, 'urn:a', 'c'), textOf(root, 'urn:b', 'c'), textOf(root, 'urn:a', 'd'), textOf(root, 'urn:a', 'g')]).toEqual([
    'one',
    'two',
    null,
    null,
  ]);
  expect(() => textOf(root, 'urn:a', 'e')).toThrow('it has more than one e');
  expect(children(root, 'urn:a', 'e')).toHaveLength(2);
});
