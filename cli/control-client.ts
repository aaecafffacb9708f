// Calls the control API, signed with AWS Signature Version 4. Used by the sallyport command and by the simulator's own start.
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type {
  Applied,
  CredentialsReport,
  DecisionReport,
  IssuedCode,
  LinkPage,
  LogPage,
  RemovedConnector,
  ServiceTokenReport,
  ServiceTokenSecret,
  SessionReport,
  Status,
} from '../protocol/control.ts';
import { isErrorCode, SallyportError } from '../protocol/errors.ts';
import type { Application } from '../tenants/application.ts';
import { ConfigurationError, type Fault, isMap } from '../tenants/faults.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface ControlTarget {
  /** The stack's output ControlEndpoint. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: () => Promise<AwsCredentials>;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
}

export interface Span {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly next: string | null;
}

export interface AuditFilter {
  readonly kind?: string;
  readonly user?: string;
  readonly application?: string;
}

/** By the name of a user who is signed in, or as the provider knows them; none of it where all users share the credentials. */
export interface CredentialOwner {
  readonly user?: string;
  readonly issuer?: string;
  readonly subject?: string;
}

export interface ControlClient {
  issueCode(group: string): Promise<IssuedCode>;
  applications(): Promise<readonly Application[]>;
  /** Applications in the tenant file's form. */
  apply(applications: unknown): Promise<Applied>;
  /** What the router would decide; the situation as an expectation of the tenant file has it. */
  decide(method: string, url: string, situation: Readonly<Record<string, unknown>>, session: string | null): Promise<DecisionReport>;
  tokens(): Promise<readonly ServiceTokenReport[]>;
  createToken(name: string, applications: readonly string[], days: number): Promise<ServiceTokenSecret>;
  rotateToken(name: string): Promise<ServiceTokenSecret>;
  revokeToken(name: string): Promise<void>;
  sessions(user: string): Promise<readonly SessionReport[]>;
  revokeSessions(which: { user: string } | { session: string } | { application: string }): Promise<{ readonly revoked: number }>;
  /** What is stored for an application, of one user or of all, and the key to seal others to. */
  credentials(application: string, whose: CredentialOwner): Promise<CredentialsReport>;
  setCredentials(application: string, owner: string | null, sealed: string): Promise<void>;
  removeCredentials(application: string, whose: CredentialOwner): Promise<void>;
  status(): Promise<Status>;
  removeConnector(id: string): Promise<RemovedConnector>;
  /** What the router logged of an exchange or a request from `from` to `to`; `next` goes on where a page before ended. */
  exchange(id: string, span: Span): Promise<LogPage>;
  /** What the functions logged of sign-ins, refusals and changes. */
  audit(filter: AuditFilter, span: Span): Promise<LogPage>;
  /** Hard-coded links that the router found on pages of an application. */
  links(application: string, span: Span): Promise<LinkPage>;
}

/** API Gateway gives up on the function after 29 s. */
const DEADLINE_MS = 35_000;

/** Each call throws SallyportError: what the control API refused with, ERR_CONTROL_DENIED, ERR_CONTROL_FAILED or ERR_CONTROL_UNREACHABLE. */
export const createControlClient = (target: ControlTarget): ControlClient => {
  const call = <Answer>(method: string, path: string, body?: unknown) => send<Answer>(target, method, path, body);
  return {
    issueCode: (group) => call('POST', 'enrolment-codes', { group }),
    applications: async () => (await call<{ applications: Application[] }>('GET', 'applications')).applications,
    apply: (applications) => call('PUT', 'applications', { applications }),
    decide: (method, url, situation, session) => call('POST', 'decisions', { method, url, situation, session }),
    tokens: async () => (await call<{ tokens: ServiceTokenReport[] }>('GET', 'service-tokens')).tokens,
    createToken: (name, applications, days) => call('POST', 'service-tokens', { name, applications, days }),
    rotateToken: (name) => call('POST', `service-tokens/${encodeURIComponent(name)}/rotations`),
    revokeToken: async (name) => void (await call('DELETE', `service-tokens/${encodeURIComponent(name)}`)),
    sessions: async (user) => (await call<{ sessions: SessionReport[] }>('GET', `sessions?${new URLSearchParams({ user })}`)).sessions,
    revokeSessions: (which) => call('POST', 'sessions/revocations', which),
    credentials: (application, whose) => call('GET', credentialsOf(application, whose)),
    setCredentials: async (application, owner, sealed) => void (await call('PUT', credentialsOf(application, {}), { owner, sealed })),
    removeCredentials: async (application, whose) => void (await call('DELETE', credentialsOf(application, whose))),
    status: () => call('GET', 'status'),
    removeConnector: (id) => call('DELETE', `connectors/${encodeURIComponent(id)}`),
    exchange: (id, span) => call('GET', `exchanges/${encodeURIComponent(id)}?${query(span)}`),
    audit: (filter, span) => call('GET', `audit?${new URLSearchParams([...Object.entries(filter), ...query(span)])}`),
    links: (application, span) => call('GET', `links/${encodeURIComponent(application)}?${query(span)}`),
  };
};

const credentialsOf = (application: string, whose: CredentialOwner): string => {
  const named = new URLSearchParams(Object.entries(whose).filter(([, value]) => value !== undefined)).toString();
  return `credentials/${encodeURIComponent(application)}${named === '' ? '' : `?${named}`}`;
};

const query = ({ from, to, next }: Span): URLSearchParams =>
  new URLSearchParams({ from: String(from), to: String(to), ...(next !== null && { next }) });

const send = async <Answer>(target: ControlTarget, method: string, path: string, body?: unknown): Promise<Answer> => {
  const url = new URL(`/control/${path}`, target.endpoint);
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = await sign(target, method, url, text);
  let response: Response;
  let answer: string;
  try {
    response = await (target.fetch ?? fetch)(url, {
      method,
      headers,
      body: text,
      redirect: 'error',
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    answer = await response.text();
  } catch (error) {
    throw new SallyportError(
      'ERR_CONTROL_UNREACHABLE',
      `${url.origin} does not answer: ${reason(error)}. Check the endpoint and the network.`,
      {
        cause: error,
      },
    );
  }
  const parsed = parse(answer);
  if (!response.ok) throw refusal(url, response.status, parsed, answer, path === 'decisions' ? 'The question' : 'What was applied');
  if (!isMap(parsed)) throw notControl(url, response.status);
  return parsed as Answer;
};

const sign = async ({ region, credentials, now = Date.now }: ControlTarget, method: string, url: URL, body?: string) => {
  const signer = new SignatureV4({ service: 'execute-api', region, credentials: await found(credentials), sha256: Sha256 });
  const signed = await signer.sign(
    {
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { host: url.host, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body,
    },
    { signingDate: new Date(now()) },
  );
  const { host: _host, ...headers } = signed.headers;
  return headers;
};

const found = async (credentials: ControlTarget['credentials']): Promise<AwsCredentials> => {
  try {
    return await credentials();
  } catch (error) {
    throw new SallyportError(
      'ERR_CONTROL_DENIED',
      `No AWS credentials were found (${reason(error)}). Set AWS_PROFILE, or sign in with aws sso login.`,
      {
        cause: error,
      },
    );
  }
};

/** What signature-v4 expects of a hash; Node's own does the work. */
class Sha256 {
  readonly #secret: string | Uint8Array | undefined;
  #state: Hash | Hmac;

  constructor(secret?: unknown) {
    this.#secret = secret as string | Uint8Array | undefined;
    this.#state = this.#begin();
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#state.update(
      typeof data === 'string'
        ? data
        : ArrayBuffer.isView(data)
          ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
          : new Uint8Array(data),
    );
  }

  async digest(): Promise<Uint8Array> {
    return this.#state.digest();
  }

  reset(): void {
    this.#state = this.#begin();
  }

  #begin(): Hash | Hmac {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret);
  }
}

/** `given`: what it would have to do with. */
const refusal = (url: URL, status: number, parsed: unknown, text: string, given: string): SallyportError => {
  const { code, detail, title, faults, message } = isMap(parsed) ? parsed : {};
  if (code === 'ERR_CONFIGURATION_INVALID' && Array.isArray(faults)) return new ConfigurationError(given, faults as Fault[]);
  if (isErrorCode(code)) return new SallyportError(code, String(detail ?? title));
  if (status === 401 || status === 403) {
    const said = typeof message === 'string' ? message : text.slice(0, 200);
    const advice = 'Check AWS_PROFILE, the region and this machine’s clock; the policy needs execute-api:Invoke on the output ControlArn.';
    return new SallyportError(
      'ERR_CONTROL_DENIED',
      `${url.origin} refused the signature or the right to call it (${status}: ${said}). ${advice}`,
    );
  }
  if (status < 500) return notControl(url, status);
  const said = typeof message === 'string' ? `: ${message}` : '';
  return new SallyportError(
    'ERR_CONTROL_FAILED',
    `${url.origin} answered ${status}${said}. Try again; the function’s log group says why it failed.`,
  );
};

const notControl = (url: URL, status: number): SallyportError => unreachable(url, `what answers there (${status}) is not a control API`);

const unreachable = (url: URL, why: string): SallyportError =>
  new SallyportError('ERR_CONTROL_UNREACHABLE', `${url.origin}: ${why}. Compare it with the stack’s output ControlEndpoint.`);

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** fetch says no more than "fetch failed"; its cause says why. */
const reason = (error: unknown): string => {
  const { message, cause } = isMap(error) ? error : {};
  return cause === undefined ? String(message ?? error) : reason(cause);
};
