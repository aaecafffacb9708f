// The control API as administrators' programs call it: requests signed with AWS credentials (SigV4, service `execute-api`),
// answers checked, refusals told with code, detail and every fault.
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { z } from 'zod';
import { type ErrorCode, isErrorCode, SallyportError } from '../protocol/errors.ts';
import type { Fault } from '../tenants/faults.ts';
import {
  type ConnectorRemoval,
  connectorRemoval,
  type EnrolmentCode,
  enrolmentCode,
  type Replacement,
  replacement,
  type Status,
  status,
} from './control-answers.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface ControlClientOptions {
  /** `https://<id>.execute-api.<region>.amazonaws.com`, or the simulator's. */
  readonly endpoint: string;
  readonly region: string;
  /** Asked for each request: credentials may be renewed in between. */
  readonly credentials: () => Promise<Credentials>;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
}

/** Each throws ControlError. */
export interface ControlClient {
  createEnrolmentCode(group: string): Promise<EnrolmentCode>;
  removeConnector(id: string): Promise<ConnectorRemoval>;
  /** Publishes exactly these, in the tenant file's form. */
  replaceApplications(applications: unknown): Promise<Replacement>;
  status(): Promise<Status>;
}

/** Why the control API did not do it. `faults`: what is wrong with the applications, each with its place. */
export class ControlError extends SallyportError {
  readonly faults: readonly Fault[];

  constructor(
    code: ErrorCode,
    message: string,
    { faults = [], cause }: { readonly faults?: readonly Fault[]; readonly cause?: unknown } = {},
  ) {
    super(code, message, { cause });
    this.faults = faults;
  }
}

/** API Gateway answers after 30 s at the latest. */
const TIMEOUT_MS = 35_000;

export const createControlClient = (options: ControlClientOptions): ControlClient => {
  const call = async <Answer>(schema: z.ZodType<Answer>, method: string, path: string, body?: unknown): Promise<Answer> => {
    const { status, text } = await send(options, method, path, body === undefined ? undefined : JSON.stringify(body));
    const answer = parseJson(text);
    if (status < 200 || status > 299) throw refusal(status, answer, `${method} ${path}`);
    const checked = schema.safeParse(answer);
    if (checked.success) return checked.data;
    throw new ControlError(
      'ERR_CONTROL_UNREACHABLE',
      `${options.endpoint} answered ${method} ${path} with ${status}, but not as the control API does. Check the address; deploy the release of this command.`,
      { cause: checked.error },
    );
  };
  return {
    createEnrolmentCode: (group) => call(enrolmentCode, 'POST', '/control/enrolment-codes', { group }),
    removeConnector: (id) => call(connectorRemoval, 'DELETE', `/control/connectors/${encodeURIComponent(id)}`),
    replaceApplications: (applications) => call(replacement, 'PUT', '/control/applications', { applications }),
    status: () => call(status, 'GET', '/control/status'),
  };
};

const send = async (
  { endpoint, region, credentials, fetch: request = fetch, now = Date.now }: ControlClientOptions,
  method: string,
  path: string,
  body: string | undefined,
): Promise<{ readonly status: number; readonly text: string }> => {
  const { protocol, host, hostname } = new URL(endpoint);
  const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256: Sha256 });
  const unsigned = {
    method,
    protocol,
    hostname,
    path,
    headers: { host, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body,
  };
  const { headers } = await signer.sign(unsigned, { signingDate: new Date(now()) });
  // fetch names the host itself, as it was signed.
  const { host: _host, ...rest } = headers;
  try {
    const response = await request(`${protocol}//${host}${path}`, {
      method,
      headers: rest,
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    throw new ControlError(
      'ERR_CONTROL_UNREACHABLE',
      `${endpoint} cannot be reached (${reasonOf(error)}). Check the address and the network.`,
      {
        cause: error,
      },
    );
  }
};

/** `fetch failed` says nothing; its cause does. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
};

const fault = z.object({
  path: z.string(),
  expected: z.string(),
  got: z.string(),
  advice: z.string(),
  line: z.number().optional(),
  column: z.number().optional(),
});
const problem = z.object({
  code: z.string(),
  title: z.string().optional(),
  detail: z.string().optional(),
  id: z.string().optional(),
  faults: z.array(fault).optional(),
});

/** The control API answers problem+json (RFC 9457), API Gateway `{"message": …}`. */
const refusal = (status: number, answer: unknown, request: string): ControlError => {
  const told = problem.safeParse(answer);
  if (told.success && isErrorCode(told.data.code)) {
    const { code, title = '', detail = title, id, faults } = told.data;
    return new ControlError(code, id === undefined || status < 500 ? detail : `${detail} Its log has more under ${id}.`, { faults });
  }
  const message = z.object({ message: z.string().nullable() }).safeParse(answer).data?.message ?? '';
  if (status === 401 || status === 403) {
    const advice = 'The credentials need execute-api:Invoke on /control/*, must not have expired, and this machine’s clock must be right.';
    return new ControlError('ERR_CONTROL_DENIED', `API Gateway refused ${request} (${status}${message && `, ${message}`}). ${advice}`);
  }
  const advice = status === 404 ? 'Is this the address that the stack has as its output?' : 'Try again in a moment.';
  return new ControlError(
    'ERR_CONTROL_UNREACHABLE',
    `API Gateway answered ${request} with ${status}${message && ` (${message})`}. ${advice}`,
  );
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Node's SHA-256 and HMAC, as the signer asks for them. */
class Sha256 {
  #hash: Hash | Hmac;
  readonly #secret: string | Uint8Array | undefined;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = typeof secret === 'string' || secret === undefined ? secret : bytesOf(secret);
    this.#hash = this.#begin();
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {
    this.#hash = this.#begin();
  }
  #begin(): Hash | Hmac {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret);
  }
}

const bytesOf = (data: ArrayBuffer | ArrayBufferView): Uint8Array =>
  ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
