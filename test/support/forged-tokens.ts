// What can be made of a good access token, its claims and the provider's public keys without the provider's private one.
import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

type Claims = Readonly<Record<string, unknown>>;

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const unpack = (text: string): Claims => JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));

/** `genuine`: a token that is taken. `published`: the keys that the provider shows everyone (JWK). */
export const forgedTokens = (genuine: string, published: readonly Claims[]): ReadonlyArray<readonly [attack: string, token: string]> => {
  const [head = '', body = '', signature = ''] = genuine.split('.');
  const [header, claims] = [unpack(head), unpack(body)];
  const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = own.publicKey.export({ format: 'jwk' });
  const site = 'https://evil.example/keys';

  const unsigned = (changes: object, payload: Claims = claims) => `${part({ ...header, ...changes })}.${part(payload)}`;
  const rsa = (changes: object, payload?: Claims, key: KeyObject = own.privateKey) => {
    const input = unsigned(changes, payload);
    return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
  };
  const hmac = (secret: Buffer | string, changes: object = {}) => {
    const input = unsigned({ alg: 'HS256', ...changes });
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  };
  const ecdsa = () => {
    const input = unsigned({ alg: 'ES256' });
    return `${input}.${sign('sha256', Buffer.from(input), { key: curve.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  };
  const asSecrets = published.flatMap((key, nth) => {
    const object = createPublicKey({ key, format: 'jwk' });
    const forms: [string, Buffer | string][] = [
      ['PEM', object.export({ type: 'spki', format: 'pem' })],
      ['PKCS #1 PEM', object.export({ type: 'pkcs1', format: 'pem' })],
      ['DER', object.export({ type: 'spki', format: 'der' })],
      ['JWK', JSON.stringify(key)],
      ['modulus', Buffer.from(String(key.n), 'base64url')],
    ];
    return forms.map(([form, secret]) => [`HS256, its secret the public key ${nth} as ${form}`, hmac(secret)] as const);
  });

  return [
    ['no signature', `${head}.${body}.`],
    ['no third part', `${head}.${body}`],
    ['half of the signature', `${head}.${body}.${signature.slice(0, signature.length / 2)}`],
    ['half of the claims', `${head}.${body.slice(0, body.length / 2)}.${signature}`],
    ['another signature', `${head}.${body}.${randomBytes(256).toString('base64url')}`],
    ['claims of another user', `${head}.${part({ ...claims, sub: 'admin', preferred_username: 'alice' })}.${signature}`],
    ['claims with more scope', `${head}.${part({ ...claims, scope: 'read write admin' })}.${signature}`],
    ['a later end', `${head}.${part({ ...claims, exp: Number(claims.exp) + 3600 })}.${signature}`],
    ...['none', 'None', 'NONE', 'nOnE', ''].flatMap((alg) => [
      [`algorithm ${JSON.stringify(alg)}`, `${unsigned({ alg })}.`] as const,
      [`algorithm ${JSON.stringify(alg)} and a signature`, `${unsigned({ alg })}.${signature}`] as const,
    ]),
    ['no algorithm', `${unsigned({ alg: undefined })}.${signature}`],
    ...asSecrets,
    ['HS256 with an empty secret', hmac('')],
    ['a stranger’s key under the provider’s name', rsa({})],
    ['a stranger’s key without a name', rsa({ kid: undefined })],
    ['a key of another kind', ecdsa()],
    ['the key that it brings along', rsa({ jwk, kid: undefined })],
    ['the key that it brings along, under the provider’s name', rsa({ jwk })],
    ['the keys that it points to (jku)', rsa({ jku: site })],
    ['the certificate that it points to (x5u)', rsa({ x5u: site })],
    [
      'the certificate that it brings along (x5c)',
      rsa({ x5c: [own.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')] }),
    ],
    ...['../../../../dev/null', 'file:///dev/null', site, "' UNION SELECT 'x", '|/bin/true', '__proto__', ''].flatMap((kid) => [
      [`key ${JSON.stringify(kid)} and an empty secret`, hmac('', { kid })] as const,
      [`key ${JSON.stringify(kid)} and a stranger’s signature`, rsa({ kid })] as const,
    ]),
    ['a critical extension', rsa({ crit: ['exp2'], exp2: 1 })],
    ['an unencoded payload', rsa({ b64: false, crit: ['b64'] })],
    ['another issuer', rsa({}, { ...claims, iss: 'https://login.evil.example' })],
    ['two tokens in one', `${genuine}.${genuine}`],
    ['an encrypted one', `${part({ alg: 'dir', enc: 'A256GCM' })}..${'A'.repeat(16)}.${body}.${'A'.repeat(22)}`],
    ['padding', `${head}=.${body}=.${signature}=`],
    ['no token at all', 'x'],
  ];
};
