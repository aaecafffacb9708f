// What is audited: who got in or was refused, what administrators changed. A fact goes into the log under `audit`; its line then holds
// the fact's kind, and the whole of it as an event of the Open Cybersecurity Schema Framework under `ocsf`.

/** What `sallyport audit --kind` takes; docs/operations.md tells what each means. */
export const AUDIT_KINDS = [
  'sign-in',
  'step-up',
  'sign-out',
  'session',
  'decision',
  'refusal',
  'limit',
  'enrolment',
  'dial',
  'token',
  'revocation',
  'configuration',
] as const;

export type AuditKind = (typeof AUDIT_KINDS)[number];

/** A line whose fields hold an `error` tells of a failure; every other of a success. */
export type AuditFact = Authentication | OpenedSession | Request | Change | Call;

/** Somebody, or a connector, shows who they are, or ends that. */
interface Authentication {
  readonly kind: 'sign-in' | 'step-up' | 'sign-out' | 'dial';
  /** Null where it did not become known. */
  readonly user: string | null;
  /** By whom it was shown. @default nobody in particular */
  readonly protocol?: 'openid' | 'saml';
  readonly mfa?: boolean;
}

/** An application's host took a user's sign-in. */
interface OpenedSession {
  readonly kind: 'session';
  readonly user: string;
  readonly host: string;
}

/** A request was refused. */
interface Request {
  readonly kind: 'decision' | 'refusal' | 'limit';
  readonly method: string;
  readonly host?: string;
  /** Without its query, which may hold secrets. */
  readonly path?: string;
  readonly status: number;
  readonly user?: string;
  readonly application?: string;
  /** Of the application's policy, or the name of a limit. */
  readonly rule?: string;
  /** The user is asked for more, which is not yet a refusal. */
  readonly challenged?: boolean;
}

/** Something of the tenant's was changed. */
interface Change {
  readonly kind: 'enrolment' | 'token' | 'revocation' | 'configuration';
  readonly change: 'create' | 'update' | 'delete' | 'enroll' | 'unenroll';
  readonly entity: { readonly type: string; readonly name: string; readonly uid?: string };
  /** Whom it is about. */
  readonly user?: string;
  readonly application?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The control API refused a call. */
interface Call {
  readonly kind: 'refusal';
  readonly operation: string;
}
