// Enrolment: a one-time code from the portal makes this machine a connector. The private keys never leave it.
import { createHash } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { CompactSign, calculateJwkThumbprint, importJWK } from 'jose';
import { z } from 'zod';
import {
  CLOCK_TOLERANCE_MS,
  ENROLMENT_SECRET,
  type EnrolmentAnswer,
  type EnrolmentProof,
  type EnrolmentRequest,
} from '../protocol/enrolment.ts';
import { ERRORS, isErrorCode, SallyportError } from '../protocol/errors.ts';
import { isThisMachine } from './address.ts';
import type { Clock } from './clock.ts';
import { createKeyPairs, type Identity, type KeyPairs, publicKey } from './identity.ts';
import { describeFailure, type Network } from './network.ts';
import { VERSION } from './version.ts';

const DEADLINE_MS = 20_000;
const ANSWER_MAX_BYTES = 64 * 1024;

const enrolled: z.ZodType<EnrolmentAnswer> = z.object({
  connector: z.string().min(1),
  tenant: z.string().min(1),
  group: z.string().min(1),
  tunnelUrl: z.url({ protocol: /^wss?$/ }),
});

const problem = z.object({ code: z.string().optional(), detail: z.string().optional() });

export interface EnrolmentCode {
  /** Where the code is redeemed. */
  readonly url: URL;
  readonly secret: string;
}

/** Throws ERR_ENROLMENT_INVALID; its message never repeats the code. */
export const parseEnrolmentCode = (text: string): EnrolmentCode => {
  const [address = '', secret, ...rest] = text.trim().split('#');
  if (!URL.canParse(address) || secret === undefined || rest.length > 0) {
    throw invalid('it is not the whole address that `npx sallyport connector enroll` printed, https://…/connectors/enrol#…');
  }
  if (!ENROLMENT_SECRET.test(secret)) {
    throw invalid(`43 letters, digits, - and _ are expected after the #, and there are ${secret.length} characters: copy it anew`);
  }
  const url = new URL(address);
  if (!isPrivate(url)) throw invalid(`its address must begin with https://, not ${url.protocol}//`);
  return { url, secret };
};

export interface EnrolOptions {
  readonly code: EnrolmentCode;
  /** What administrators call this connector. */
  readonly name: string;
  readonly network: Network;
  readonly clock: Clock;
  readonly keys?: KeyPairs;
}

/** Throws ERR_ENROLMENT_INVALID, ERR_CONNECTOR_CLOCK, ERR_SERVICE_UNREACHABLE, or what the portal answered. */
export const enrol = async ({ code, name, network, clock, keys }: EnrolOptions): Promise<Identity> => {
  const pairs = keys ?? (await createKeyPairs());
  const request: EnrolmentRequest = {
    code: code.secret,
    name,
    version: VERSION,
    signingKey: publicKey(pairs.signingKey),
    sealingKey: publicKey(pairs.sealingKey),
    proof: await createProof(code.secret, pairs, clock.now()),
  };
  const { status, date, text } = await post(code.url, JSON.stringify(request), network);
  if (status !== 201) throw refusal(code.url, { status, date, text }, clock.now());

  const answer = enrolled.safeParse(parseJson(text));
  if (!answer.success) throw unreachable(code.url, `its answer is not a portal's: ${z.prettifyError(answer.error).replaceAll('\n', ' ')}`);
  if (!isPrivate(new URL(answer.data.tunnelUrl))) throw unreachable(code.url, `it names a tunnel without TLS, ${answer.data.tunnelUrl}`);
  return { ...answer.data, ...pairs };
};

/** Shows that the signing key's owner sent this, for this code and this sealing key: neither key can be swapped on the way. */
const createProof = async (secret: string, { signingKey, sealingKey }: KeyPairs, now: number): Promise<string> => {
  const claims: EnrolmentProof = {
    code: createHash('sha256').update(secret).digest('base64url'),
    sealingKey: await calculateJwkThumbprint(publicKey(sealingKey)),
    iat: Math.floor(now / 1000),
  };
  return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'ES256' })
    .sign(await importJWK(signingKey, 'ES256'));
};

interface Answer {
  readonly status: number;
  /** The service's clock, by its `Date` field; NaN when it gave none. */
  readonly date: number;
  readonly text: string;
}

const post = (url: URL, body: string, network: Network): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      // A proxy names itself.
      if (error instanceof SallyportError) return reject(error);
      const proxy = network.proxyFor(url);
      reject(unreachable(url, `${describeFailure(error)}${proxy === null ? '' : ` (through the proxy ${proxy})`}`, error));
    };
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    const options = { method: 'POST', headers, agent: network.agentFor(url), signal: AbortSignal.timeout(DEADLINE_MS) };
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, (answer) => {
      read(answer).then(
        (text) => resolve({ status: answer.statusCode ?? 0, date: Date.parse(answer.headers.date ?? ''), text }),
        (error: Error) => fail(error),
      );
    });
    request.on('error', fail);
    request.end(body);
  });

const read = async (answer: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > ANSWER_MAX_BYTES) throw new Error(`the answer is larger than ${ANSWER_MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
};

const refusal = (url: URL, { status, date, text }: Answer, now: number): SallyportError => {
  const { code, detail = '' } = problem.safeParse(parseJson(text)).data ?? {};
  const ahead = now - date;
  if (code === 'ERR_CONNECTOR_CLOCK' || (status < 500 && Math.abs(ahead) > CLOCK_TOLERANCE_MS))
    return clockRefusal(ahead, 'then start the connector again');
  if (code === 'ERR_ENROLMENT_INVALID') {
    return invalid('it is unknown (mistyped?), was used before, or is older than an hour');
  }
  if (isErrorCode(code))
    return new SallyportError(code, `${url.host} refused the enrolment (${status}): ${detail || ERRORS[code].message}`);
  return unreachable(url, `it answered ${status}, which no portal does; is the address right, and is no other proxy in between?`);
};

/** What an administrator is told when the service says that this machine's clock is wrong; `then`: what to do once it is set. */
export const clockRefusal = (aheadMs: number, then: string): SallyportError => {
  const minutes = Math.abs(Math.round(aheadMs / 60_000));
  const side = aheadMs > 0 ? 'ahead of' : 'behind';
  const off = Number.isNaN(aheadMs) ? 'not' : `${minutes} minute${minutes === 1 ? '' : 's'} ${side}`;
  return new SallyportError('ERR_CONNECTOR_CLOCK', `This machine's clock is ${off} the service's. Set it (NTP); ${then}.`);
};

/** Codes and keys cross open networks only under TLS; loopback is the simulator. */
const isPrivate = ({ protocol, hostname }: URL): boolean => protocol === 'https:' || protocol === 'wss:' || isThisMachine(hostname);

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const invalid = (why: string): SallyportError =>
  new SallyportError(
    'ERR_ENROLMENT_INVALID',
    `The enrolment code cannot be used: ${why}. Make a new one: npx sallyport connector enroll --group …`,
  );

const unreachable = (url: URL, why: string, cause?: unknown): SallyportError =>
  new SallyportError('ERR_SERVICE_UNREACHABLE', `The portal at ${url.origin} cannot be used for enrolment: ${why}`, { cause });
