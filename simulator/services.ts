// What the simulated services ask of each other. Each service is a folder named as AWS names it; simulator.ts joins them.

/** Milliseconds since the epoch, and timers, so that two hours can pass in a millisecond. */
export interface Clock {
  now(): number;
  /** Runs `callback` after `ms`; the answer cancels it. */
  after(ms: number, callback: () => void): () => void;
}

// ── CloudFormation ────────────────────────────────────────────────────────────────────────────────────────

export interface ResourceRequest {
  readonly logicalId: string;
  readonly type: string;
  /** Properties of the template with every intrinsic function resolved. */
  readonly properties: Record<string, unknown>;
  readonly stackName: string;
}

export interface CreatedResource {
  /** What `Ref` gives. */
  readonly ref: string;
  /** What `Fn::GetAtt` gives, by attribute name. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** One per CloudFormation type that a service knows. A type that no service knows stops the deployment. */
export type ResourceTypes = Readonly<Record<string, (request: ResourceRequest) => Promise<CreatedResource>>>;

// ── Identity and access ───────────────────────────────────────────────────────────────────────────────────

/** Who signed a request. */
export interface Principal {
  readonly arn: string;
  readonly accessKeyId: string;
}

/** A request to an AWS service as it came over HTTP, for signature checks. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query exactly as received. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface AccessKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
}

export interface Iam {
  /** Checks Signature Version 4 (header or presigned query). Throws `AwsError` (403, AWS's names) when it does not hold. */
  authenticate(request: SignedRequest, service: string): Principal;
  /** Throws `AwsError` AccessDenied unless a statement allows it; records which statement did. */
  authorize(principal: Principal, action: string, resource: string, context?: Readonly<Record<string, string | readonly string[]>>): void;
  /** Credentials of a role for a service that runs as it (Lambda), after its trust policy allowed the service. */
  sessionForService(roleArn: string, servicePrincipal: string, sessionName: string): AccessKeys;
  /** What a service principal (apigateway.amazonaws.com) may do to a resource that has a resource policy (a function). */
  authorizeService(servicePrincipal: string, action: string, resource: string, sourceArn: string): void;
  /** Adds a statement of a resource policy: AWS::Lambda::Permission. */
  permitService(permission: {
    readonly logicalId: string;
    readonly principal: string;
    readonly action: string;
    readonly resource: string;
    readonly sourceArn?: string;
  }): void;
}

/** An error as AWS answers it. */
export class AwsError extends Error {
  readonly status: number;
  readonly code: string;
  /** What the error carries beside its message, such as the item that failed a condition. */
  readonly members: Readonly<Record<string, unknown>>;
  constructor(status: number, code: string, message: string, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = code;
    this.status = status;
    this.code = code;
    this.members = members;
  }
}

// ── Lambda ────────────────────────────────────────────────────────────────────────────────────────────────

export interface InvokeResult {
  /** The handler's answer as JSON text, or the error object when `functionError` is set. */
  readonly payload: string;
  readonly functionError?: 'Handled' | 'Unhandled';
}

/** A response-streaming invocation: bytes as the function writes them (prelude, 8 NUL bytes, body). */
export interface InvokeStream {
  readonly chunks: AsyncIterable<Buffer>;
  /** The receiver has gone: the function's stream is closed under it. */
  abort(): void;
}

export interface Lambda {
  /** RequestResponse. Throws `AwsError` for throttling, oversized events (413), or an unknown function. */
  invoke(functionArn: string, event: unknown): Promise<InvokeResult>;
  /** Event: queued, retried twice on error as AWS does. */
  invokeAsync(functionArn: string, event: unknown): void;
  invokeStreaming(functionArn: string, event: unknown): Promise<InvokeStream>;
}

// ── CloudWatch Logs ───────────────────────────────────────────────────────────────────────────────────────

export interface Logs {
  /**
   * What a function's environment wrote, line by line. Its role needs logs:CreateLogStream and logs:PutLogEvents;
   * without them the lines are lost, as on AWS, and the denial is recorded.
   */
  putLogEvents(role: AccessKeys, logGroup: string, logStream: string, lines: readonly string[]): void;
}

// ── Assembly ──────────────────────────────────────────────────────────────────────────────────────────────

export interface Assets {
  /** The directory (or file) that `cdk deploy` would have published under this key of the staging bucket. Throws when none has it. */
  path(objectKey: string): string;
}

// ── Addresses ─────────────────────────────────────────────────────────────────────────────────────────────

export interface Endpoints {
  /** `https://abc.execute-api.…amazonaws.com` → `http://127.0.0.1:40123`; `https://*.apps.sallyport.localhost` → with scheme and port. */
  register(awsOrigin: string, localOrigin: string): void;
  /** The same value with every registered origin replaced (http, https, ws, wss), at any depth. Differs from AWS. */
  localise<T>(value: T): T;
}

// ── What is measured and what is broken on purpose ────────────────────────────────────────────────────────

/** Counts what AWS would bill. `unit` names are listed in simulator/meter.ts. */
export interface Meter {
  add(unit: string, amount: number, labels?: Readonly<Record<string, string>>): void;
}

/** Faults that are asked for now; each service reads its own. All off by default. */
export interface Faults {
  /** Share (0–1) of WebSocket messages lost / doubled / delivered out of order, by API name pattern. */
  readonly drop: number;
  readonly duplicate: number;
  readonly reorder: number;
  /** Milliseconds added to each message: a random share of it. */
  readonly delayMs: number;
  /** Share of @connections calls answered 410 / 429 although the connection lives. */
  readonly gone: number;
  readonly throttle: number;
  /** Share of DynamoDB calls answered ProvisionedThroughputExceededException. */
  readonly throttleTables: number;
}
