// Our signature is the one that AWS's own signer gives the same request.
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import { createPostSigner } from './post-signature.ts';

const HOST = 'abc123.execute-api.eu-central-1.amazonaws.com';
const CREDENTIALS = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'sec/ret+key', sessionToken: 'to/ken+with==' };

/** Hashes as the signer wants them. */
class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(secret?: string | ArrayBuffer | Uint8Array) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array);
  }
  update(data: Uint8Array | string): void {
    this.#hash.update(data);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
  reset(): void {}
}

const byAws = async (path: string, body: string, at: number): Promise<string | undefined> => {
  const signer = new SignatureV4({
    service: 'execute-api',
    region: 'eu-central-1',
    credentials: CREDENTIALS,
    sha256: Sha256 as never,
    applyChecksum: false,
  });
  const request = { method: 'POST', protocol: 'https:', hostname: HOST, path, query: {}, headers: { host: HOST }, body };
  const signed = await signer.sign(request, { signingDate: new Date(at) });
  return signed.headers.authorization;
};

test.each([
  ['/live/@connections/Lx1VbeXEIAMCJKQ%3D', 'frame'],
  ['/@connections/abc', ''],
  ['/live/@connections/a%2Fb%20c', '{"umlaut":"ä"}\n\nseal'],
])('a post to %s is signed as AWS signs it', async (path, body) => {
  const at = Date.UTC(2026, 0, 31, 23, 59, 59, 999);

  const fields = createPostSigner(HOST, 'eu-central-1', CREDENTIALS, () => at)(path, body);

  expect(fields.at(-1)).toBe(await byAws(path, body, at));
});

test('a signature follows the clock: over a second, and over midnight', async () => {
  let at = Date.UTC(2026, 0, 31, 23, 59, 59);
  const sign = createPostSigner(HOST, 'eu-central-1', CREDENTIALS, () => at);
  sign('/live/@connections/a', 'frame');

  for (const step of [999, 1, 86_400_000]) {
    at += step;
    expect(sign('/live/@connections/a', 'frame').at(-1)).toBe(await byAws('/live/@connections/a', 'frame', at));
  }
});
