// Signs posts to the Reply API (AWS Signature Version 4, "Create a signed AWS API request", IAM User Guide). The SDK's signer does the same
// for any request of any service, and took more of the connector's time than everything else together: docs/performance.md.
import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

export interface PostCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** Header fields of a signed request, name and value in turn. */
export type SignPost = (path: string, body: string) => string[];

const SERVICE = 'execute-api';
const SIGNED = 'host;x-amz-date;x-amz-security-token';

/** `host` is that of the request, `now` in milliseconds since the epoch. `path` as it stands in the request line. */
export const createPostSigner = (host: string, region: string, credentials: PostCredentials, now: () => number): SignPost => {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  // A signature is good for five minutes, so one stamp serves a whole second.
  let second = Number.NaN;
  let stamp = '';
  let scope = '';
  let key: KeyObject;

  const renew = (at: number): void => {
    second = at;
    stamp = `${new Date(at * 1000).toISOString().replaceAll(/[:-]|\.\d+/g, '')}`;
    const day = stamp.slice(0, 8);
    const today = `${day}/${region}/${SERVICE}/aws4_request`;
    if (today === scope) return;
    scope = today;
    const chain = [day, region, SERVICE, 'aws4_request'];
    key = createSecretKey(chain.reduce((secret: string | Buffer, part) => hmac(secret, part).digest(), `AWS4${secretAccessKey}`) as Buffer);
  };

  return (path, body) => {
    const at = Math.floor(now() / 1000);
    if (at !== second) renew(at);
    const fields = `host:${host}\nx-amz-date:${stamp}\nx-amz-security-token:${sessionToken}\n`;
    const canonical = `POST\n${canonicalPath(path)}\n\n${fields}\n${SIGNED}\n${hash('sha256', body)}`;
    const signature = hmac(key, `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${hash('sha256', canonical)}`).digest('hex');
    const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${SIGNED}, Signature=${signature}`;
    return ['host', host, 'x-amz-date', stamp, 'x-amz-security-token', sessionToken, 'authorization', authorization];
  };
};

/** Every service but S3 takes the path encoded once more than it was sent. */
const canonicalPath = (path: string): string => encodeURIComponent(path).replaceAll('%2F', '/');

const hmac = (key: string | Buffer | KeyObject, text: string) => createHmac('sha256', key).update(text);
