// Every failure that crosses a boundary: its code, what the user is told, which hop failed, and whether trying again can help.
// docs/errors.md has a heading for each code; test/contract/documents.test.ts compares the two.

/** Where an exchange failed, as seen from the user. */
export type Hop = 'user' | 'ingress' | 'tunnel' | 'connector' | 'origin';

export interface ErrorTraits {
  /** HTTP status that the user gets. */
  readonly status: number;
  readonly hop: Hop;
  /** True when the same request may succeed later or elsewhere. */
  readonly retryable: boolean;
  /** One plain sentence for the user: never names an internal address or a secret. */
  readonly message: string;
}

export const ERRORS = {
  // user
  ERR_REQUEST_INVALID: { status: 400, hop: 'user', retryable: false, message: 'The request could not be read.' },
  ERR_SIGN_IN_REQUIRED: { status: 401, hop: 'user', retryable: false, message: 'Please sign in.' },
  ERR_SIGN_IN_INVALID: {
    status: 400,
    hop: 'user',
    retryable: true,
    message: 'This sign-in has expired or was started elsewhere.',
  },
  ERR_SESSION_UNKNOWN: { status: 404, hop: 'user', retryable: false, message: 'This sign-in has ended already, or is not yours.' },
  ERR_ACCESS_DENIED: { status: 403, hop: 'user', retryable: false, message: 'Your account has no access to this application.' },
  ERR_TOKEN_INVALID: { status: 401, hop: 'user', retryable: false, message: 'The token is not good here.' },
  ERR_TOKEN_SCOPE: { status: 403, hop: 'user', retryable: false, message: 'The token does not allow this.' },
  ERR_CREDENTIALS_MISSING: {
    status: 403,
    hop: 'user',
    retryable: false,
    message: 'This application needs a user name and a password of yours.',
  },
  ERR_CONDITION_NOT_MET: {
    status: 403,
    hop: 'user',
    retryable: false,
    message: 'Your organisation does not allow this here and now.',
  },
  ERR_GROUPS_UNKNOWN: {
    status: 403,
    hop: 'user',
    retryable: false,
    message: 'Whether you may use this turns on groups of yours that the sign-in service did not tell. Ask your administrator.',
  },
  ERR_STEP_UP_REQUIRED: { status: 401, hop: 'user', retryable: false, message: 'Please show once more who you are.' },
  ERR_STEP_UP_FAILED: {
    status: 403,
    hop: 'user',
    retryable: true,
    message: 'This application needs more than you showed when you signed in. Please sign in with a second factor.',
  },
  ERR_FORM_NOT_KEPT: {
    status: 403,
    hop: 'user',
    retryable: false,
    message: 'What was sent has not reached the application. Sign in, and send it again.',
  },
  ERR_PREFLIGHT_REFUSED: { status: 403, hop: 'user', retryable: false, message: 'Scripts of that site may not call this application.' },
  ERR_APPLICATION_UNKNOWN: { status: 404, hop: 'user', retryable: false, message: 'No application is published at this address.' },
  ERR_METHOD_REFUSED: { status: 405, hop: 'user', retryable: false, message: 'This method is not allowed here.' },
  ERR_BODY_TOO_LARGE: { status: 413, hop: 'user', retryable: false, message: 'The upload is larger than this service carries.' },
  ERR_UPLOAD_INVALID: { status: 400, hop: 'user', retryable: false, message: 'The upload could not be read.' },
  ERR_UPLOAD_VERSION: { status: 412, hop: 'user', retryable: false, message: 'The upload speaks another version of the tus protocol.' },
  ERR_UPLOAD_UNKNOWN: { status: 404, hop: 'user', retryable: false, message: 'There is no such upload, or it is not yours.' },
  ERR_UPLOAD_OFFSET: { status: 409, hop: 'user', retryable: true, message: 'The upload goes on at another place.' },
  ERR_HEADERS_TOO_LARGE: {
    status: 431,
    hop: 'user',
    retryable: false,
    message: 'The request headers are larger than this service carries.',
  },
  ERR_UPLOAD_LIMIT: {
    status: 429,
    hop: 'user',
    retryable: true,
    message: 'Too many of your uploads are under way. Please wait until one has ended.',
  },
  ERR_SOCKET_LIMIT: {
    status: 429,
    hop: 'user',
    retryable: true,
    message: 'You have too many WebSockets open to this application. Close some of its pages.',
  },
  ERR_RATE_LIMITED: {
    status: 429,
    hop: 'user',
    retryable: true,
    message: 'Too many attempts came from your network. Please wait a few minutes.',
  },
  ERR_SESSION_ENDED: { status: 401, hop: 'user', retryable: false, message: 'You have been signed out.' },
  ERR_PAGE_ORIGIN: {
    status: 403,
    hop: 'user',
    retryable: false,
    message: 'A page of another application or site tried to change something here. Open this application and do it there.',
  },
  ERR_SOCKET_ORIGIN: {
    status: 403,
    hop: 'user',
    retryable: false,
    message: 'A WebSocket may be opened by the application’s own pages only.',
  },
  ERR_SOCKET_REFUSED: { status: 502, hop: 'origin', retryable: false, message: 'The application did not open the WebSocket.' },
  ERR_USER_GONE: { status: 499, hop: 'user', retryable: false, message: 'The user has gone before the answer was complete.' },
  // ingress
  ERR_INTERNAL: { status: 500, hop: 'ingress', retryable: true, message: 'Something went wrong on our side.' },
  ERR_STORE_UNAVAILABLE: { status: 503, hop: 'ingress', retryable: true, message: 'The service is busy.' },
  ERR_IDENTITY_PROVIDER_UNREACHABLE: { status: 502, hop: 'ingress', retryable: true, message: 'The sign-in service cannot be reached.' },
  ERR_ACCESS_TOKEN_REFUSED: {
    status: 502,
    hop: 'ingress',
    retryable: false,
    message: 'The sign-in service does not let you into this application by way of us.',
  },
  ERR_ACCESS_TOKEN_UNAVAILABLE: {
    status: 503,
    hop: 'ingress',
    retryable: true,
    message: 'You cannot be signed in to this application at the moment.',
  },
  ERR_IDENTITY_REFUSED: { status: 403, hop: 'ingress', retryable: false, message: 'The sign-in service did not confirm who you are.' },
  ERR_RESPONSE_TOO_LARGE: {
    status: 502,
    hop: 'ingress',
    retryable: false,
    message: 'The answer is larger than this service carries in one piece.',
  },
  ERR_MAINTENANCE: { status: 503, hop: 'ingress', retryable: true, message: 'The application is under maintenance.' },
  ERR_REPLY_CHANNEL: { status: 502, hop: 'ingress', retryable: true, message: 'The answer could not be received.' },
  // tunnel
  ERR_NO_CONNECTOR: { status: 503, hop: 'tunnel', retryable: true, message: 'The application is offline: no connector is reachable.' },
  ERR_TUNNEL_UNAVAILABLE: { status: 503, hop: 'tunnel', retryable: true, message: 'The way to the application is busy.' },
  ERR_CONNECTOR_SILENT: { status: 504, hop: 'tunnel', retryable: true, message: 'The connector stopped answering.' },
  ERR_EXCHANGE_LOST: {
    status: 502,
    hop: 'tunnel',
    retryable: true,
    message: 'The connection to the application was lost and could not be resumed.',
  },
  ERR_FRAME_INVALID: { status: 502, hop: 'tunnel', retryable: false, message: 'A message on the tunnel could not be read.' },
  ERR_FRAME_FORGED: { status: 502, hop: 'tunnel', retryable: false, message: 'A message on the tunnel was not genuine.' },
  ERR_FRAME_EXPIRED: { status: 502, hop: 'tunnel', retryable: true, message: 'A message on the tunnel came too late.' },
  ERR_FRAME_REPLAYED: { status: 502, hop: 'tunnel', retryable: false, message: 'A message on the tunnel came twice.' },
  ERR_FRAME_OVERFLOW: { status: 502, hop: 'tunnel', retryable: false, message: 'More came over the tunnel than may be held.' },
  ERR_PROTOCOL_VERSION: { status: 502, hop: 'tunnel', retryable: false, message: 'Connector and service speak different versions.' },
  // connector
  ERR_CONNECTOR_BUSY: { status: 503, hop: 'connector', retryable: true, message: 'The connector is busy.' },
  ERR_CONNECTOR_DRAINING: { status: 503, hop: 'connector', retryable: true, message: 'The connector is being restarted.' },
  ERR_ORIGIN_NOT_ALLOWED: { status: 502, hop: 'connector', retryable: false, message: 'The connector does not allow this application.' },
  ERR_EXCHANGE_UNKNOWN: { status: 502, hop: 'connector', retryable: true, message: 'The connector no longer knows this exchange.' },
  ERR_UPLOAD_LOST: {
    status: 410,
    hop: 'connector',
    retryable: true,
    message: 'The upload was given up. Please begin it again.',
  },
  ERR_CONNECTOR_OUTDATED: {
    status: 502,
    hop: 'connector',
    retryable: false,
    message: 'The connector is too old for large uploads.',
  },
  ERR_CONNECTOR_UNKNOWN: { status: 401, hop: 'connector', retryable: false, message: 'This connector is not enrolled.' },
  ERR_DIAL_REPLAYED: { status: 409, hop: 'connector', retryable: true, message: 'This dial was made before.' },
  ERR_CONNECTOR_CLOCK: { status: 401, hop: 'connector', retryable: false, message: 'The connector\u2019s clock is wrong.' },
  ERR_ENROLMENT_INVALID: { status: 400, hop: 'connector', retryable: false, message: 'The enrolment code is unknown, used or expired.' },
  ERR_SERVICE_UNREACHABLE: { status: 502, hop: 'connector', retryable: true, message: 'The connector cannot reach the service.' },
  // connector, single sign-on by Kerberos
  ERR_KERBEROS_USER_UNKNOWN: {
    status: 403,
    hop: 'connector',
    retryable: false,
    message: 'The application\u2019s network does not know your account.',
  },
  ERR_KERBEROS_USER_DISABLED: {
    status: 403,
    hop: 'connector',
    retryable: false,
    message: 'Your account in the application\u2019s network is disabled or locked.',
  },
  ERR_KERBEROS_USER_PROTECTED: {
    status: 403,
    hop: 'connector',
    retryable: false,
    message: 'Your account may not be used for this application from outside.',
  },
  ERR_KERBEROS_DELEGATION: {
    status: 502,
    hop: 'connector',
    retryable: false,
    message: 'The connector may not sign you in to this application.',
  },
  ERR_KERBEROS_SERVICE_UNKNOWN: {
    status: 502,
    hop: 'connector',
    retryable: false,
    message: 'The application is not known in its network by the configured name.',
  },
  ERR_KERBEROS_REALM: {
    status: 502,
    hop: 'connector',
    retryable: false,
    message: 'The network that your account or the application belongs to is not known.',
  },
  ERR_KERBEROS_KDC: {
    status: 503,
    hop: 'connector',
    retryable: true,
    message: 'The application\u2019s network cannot sign you in at the moment.',
  },
  ERR_KERBEROS_CREDENTIALS: {
    status: 502,
    hop: 'connector',
    retryable: false,
    message: 'The connector\u2019s own account in the application\u2019s network does not work.',
  },
  ERR_KERBEROS_CLOCK: {
    status: 502,
    hop: 'connector',
    retryable: false,
    message: 'The clocks in the application\u2019s network do not agree.',
  },
  ERR_KERBEROS_REFUSED: {
    status: 502,
    hop: 'origin',
    retryable: false,
    message: 'The application did not accept the sign-in, or did not prove who it is.',
  },
  ERR_KERBEROS_UNAVAILABLE: {
    status: 502,
    hop: 'connector',
    retryable: true,
    message: 'The connector cannot sign you in to this application.',
  },
  ERR_CREDENTIALS_UNREADABLE: {
    status: 502,
    hop: 'connector',
    retryable: false,
    message: 'Your user name and password for this application cannot be read.',
  },
  // origin
  ERR_ORIGIN_UNREACHABLE: { status: 502, hop: 'origin', retryable: true, message: 'The application cannot be reached.' },
  ERR_ORIGIN_CERTIFICATE: { status: 502, hop: 'origin', retryable: false, message: 'The application\u2019s certificate is not trusted.' },
  ERR_ORIGIN_TLS: {
    status: 502,
    hop: 'origin',
    retryable: false,
    message: 'No secure connection to the application could be made.',
  },
  ERR_ORIGIN_TIMEOUT: { status: 504, hop: 'origin', retryable: true, message: 'The application did not answer in time.' },
  ERR_ORIGIN_SILENT: { status: 504, hop: 'origin', retryable: true, message: 'The application stopped in the middle of its answer.' },
  ERR_ORIGIN_INVALID: { status: 502, hop: 'origin', retryable: true, message: 'The application gave an answer that could not be read.' },
  ERR_UPLOAD_ANSWERED: {
    status: 410,
    hop: 'origin',
    retryable: false,
    message: 'The application has answered before it had the whole upload.',
  },
  ERR_ORIGIN_ABORTED: { status: 502, hop: 'origin', retryable: true, message: 'The application broke off its answer.' },
  ERR_CREDENTIALS_REFUSED: {
    status: 403,
    hop: 'origin',
    retryable: false,
    message: 'The application did not accept the user name and password.',
  },
  ERR_SIGN_IN_FORM: {
    status: 502,
    hop: 'origin',
    retryable: false,
    message: 'You could not be signed in to the application by its sign-in page.',
  },
  // configuration, for administrators
  ERR_CONTROL_FAILED: { status: 502, hop: 'ingress', retryable: true, message: 'The control API failed.' },
  ERR_CONTROL_UNREACHABLE: { status: 502, hop: 'ingress', retryable: true, message: 'The control API cannot be reached.' },
  ERR_CONTROL_DENIED: { status: 403, hop: 'ingress', retryable: false, message: 'Your AWS credentials may not use the control API.' },
  ERR_CONTROL_UNKNOWN: { status: 404, hop: 'ingress', retryable: false, message: 'The control API has nothing by this name.' },
  ERR_CONFIGURATION_INVALID: { status: 400, hop: 'ingress', retryable: false, message: 'The configuration was refused.' },
} as const satisfies Record<`ERR_${string}`, ErrorTraits>;

export type ErrorCode = keyof typeof ERRORS;

export const isErrorCode = (value: unknown): value is ErrorCode => typeof value === 'string' && Object.hasOwn(ERRORS, value);

/** A failure with a code of the table. `message` is for logs and administrators; users are told the table's sentence. */
export class SallyportError extends Error {
  override readonly name = 'SallyportError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string = ERRORS[code].message, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get traits(): ErrorTraits {
    return ERRORS[this.code];
  }
}

/** The error itself when it is one of ours, else `code` with the error as its cause. */
export const asSallyportError = (error: unknown, code: ErrorCode = 'ERR_INTERNAL'): SallyportError =>
  error instanceof SallyportError
    ? error
    : new SallyportError(code, error instanceof Error ? error.message : String(error), { cause: error });
