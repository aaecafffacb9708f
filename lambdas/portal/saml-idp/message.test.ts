// What is read of a signed form is what was signed. Before it comes to a signature, a message of two is refused already (saml/xml.ts); here
// they are brought past that, since neither guard may lean on the other.
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { SallyportError } from '../../../protocol/errors.ts';
import { attribute, parse, verifiedForm } from './message.ts';
import { message, signedXml } from './testing/service-provider.ts';

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
