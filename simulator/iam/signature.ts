// Checks Signature Version 4, as header or presigned query ("Create a signed AWS API request", IAM User Guide).
// The canonical form is the SDK's own; only hashing is done here, synchronously and with cached keys: it is on the hot path.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { getCanonicalHeaders, SignatureV4Base } from '@smithy/signature-v4';
import { REGION } from '../account.ts';
import { QUOTAS } from '../quotas.ts';
import { AwsError, type SignedRequest } from '../services.ts';
import { parseAuthorization, type SignatureClaim } from './signature-claim.ts';

const CLOCK_SKEW_MS: Readonly<Record<string, number>> = {
  dynamodb: QUOTAS.dynamodb.clockSkewMs,
  sts: QUOTAS.sts.clockSkewMs,
};
const SIGNING_KEYS_MAX = 2000;

export interface SecretKey {
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiresAt?: number;
}

export type CheckSignature = (request: SignedRequest, service: string) => string;

/** Answers a check that gives the access key id, or throws `AwsError` 403 with AWS's name. */
export const createSignatureCheck = (findKey: (accessKeyId: string) => SecretKey | undefined, now: () => number): CheckSignature => {
  const signingKey = cachedSigningKey();

  return (request, service) => {
    const claim = parseAuthorization(request);
    checkScope(claim, service);
    checkTime(claim, service, now());
    const key = findKey(claim.accessKeyId);
    if (!key || (key.sessionToken ?? '') !== claim.sessionToken) {
      throw new AwsError(403, 'UnrecognizedClientException', 'The security token included in the request is invalid.');
    }
    if (key.expiresAt !== undefined && key.expiresAt <= now()) {
      throw new AwsError(403, 'ExpiredTokenException', 'The security token included in the request is expired');
    }
    const expected = createHmac('sha256', signingKey(key.secretAccessKey, claim.scope)).update(stringToSign(request, claim)).digest();
    const given = Buffer.from(claim.signature, 'hex');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new AwsError(
        403,
        'InvalidSignatureException',
        'The request signature we calculated does not match the signature you provided. ' +
          'Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
      );
    }
    return claim.accessKeyId;
  };
};

const checkScope = ({ scope, date }: SignatureClaim, service: string) => {
  const faults = [
    scope.region === REGION ? '' : `Credential should be scoped to a valid region, not '${scope.region}'. `,
    scope.service === service ? '' : `Credential should be scoped to correct service: '${service}'. `,
    scope.terminator === 'aws4_request'
      ? ''
      : `Credential should be scoped with a valid terminator: 'aws4_request', not '${scope.terminator}'. `,
    scope.date === date.slice(0, 8)
      ? ''
      : `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scope.date}' != '${date.slice(0, 8)}', from '${date}'. `,
  ].join('');
  if (faults !== '') throw new AwsError(403, 'InvalidSignatureException', faults.trim());
};

const checkTime = ({ date, expiresInSeconds }: SignatureClaim, service: string, now: number) => {
  const skew = CLOCK_SKEW_MS[service] ?? QUOTAS.secretsmanager.clockSkewMs;
  const signed = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  const minutes = skew / 60_000;
  if (signed > now + skew) {
    const message = `Signature not yet current: ${date} is still later than ${stamp(now + skew)} (${stamp(now)} + ${minutes} min.)`;
    throw new AwsError(403, 'InvalidSignatureException', message);
  }
  if (expiresInSeconds === null ? signed < now - skew : signed + expiresInSeconds * 1000 < now) {
    const message = `Signature expired: ${date} is now earlier than ${stamp(now - skew)} (${stamp(now)} - ${minutes} min.)`;
    throw new AwsError(403, 'InvalidSignatureException', message);
  }
};

/** `20260131T235959Z`. */
const stamp = (time: number): string => `${new Date(time).toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`;

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

const stringToSign = (request: SignedRequest, claim: SignatureClaim): string => {
  const headers: Record<string, string> = {};
  for (const name of claim.signedHeaders) headers[name] = request.headers[name] ?? '';
  const canonicalHeaders = getCanonicalHeaders({ headers, ...ADDRESS }, undefined, new Set(claim.signedHeaders));
  const canonical = canonicaliser.canonical(request.method, claim.path, claim.query, canonicalHeaders, sha256(request.body));
  const { date, region, service, terminator } = claim.scope;
  return `AWS4-HMAC-SHA256\n${claim.date}\n${date}/${region}/${service}/${terminator}\n${sha256(canonical)}`;
};

/** Where the request went plays no part in its canonical form; the SDK's type asks for it all the same. */
const ADDRESS = { method: '', path: '', protocol: 'https:', hostname: '' };

class NoHash {
  update(): void {
    throw new Error('The canonicaliser does not hash.');
  }
  digest(): Promise<Uint8Array> {
    throw new Error('The canonicaliser does not hash.');
  }
  reset(): void {}
}

/** Opens the SDK's canonical form, which it computes without waiting, to callers that do not sign. */
class Canonicaliser extends SignatureV4Base {
  constructor() {
    super({ service: '', region: '', credentials: { accessKeyId: '', secretAccessKey: '' }, sha256: NoHash });
  }
  canonical(method: string, path: string, query: Record<string, string | string[]>, headers: Record<string, string>, payloadHash: string) {
    return this.createCanonicalRequest({ ...ADDRESS, method, path, query, headers }, headers, payloadHash);
  }
}

const canonicaliser = new Canonicaliser();

const cachedSigningKey = () => {
  const cache = new Map<string, Buffer>();
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

  return (secret: string, { date, region, service }: SignatureClaim['scope']): Buffer => {
    const name = `${secret}/${date}/${region}/${service}`;
    const known = cache.get(name);
    if (known) return known;
    const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), 'aws4_request');
    if (cache.size >= SIGNING_KEYS_MAX) cache.clear();
    cache.set(name, key);
    return key;
  };
};
