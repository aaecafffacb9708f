// A fact as an event of the Open Cybersecurity Schema Framework 1.8.0 (https://schema.ocsf.io/1.8.0): its class, its activity, and the
// attributes that the class requires. What has no attribute there stands under `unmapped`.
import type { AuditFact } from './audit.ts';

const VERSION = '1.8.0';
/** Constant, so that a subscription filter finds the lines: `{ $.ocsf.metadata.product.name = "Sallyport" }`. */
export const OCSF_PRODUCT = 'Sallyport';

/** category_uid and class_uid of each class that is used. */
const CLASSES = {
  authentication: [3, 3002],
  authorizeSession: [3, 3003],
  entityManagement: [3, 3004],
  httpActivity: [4, 4002],
  apiActivity: [6, 6003],
} as const;

const LOGON = 1;
const LOGOFF = 2;
const ASSIGN_PRIVILEGES = 1;
const CHANGES = { create: 1, update: 3, delete: 4, enroll: 6, unenroll: 7 } as const;
const METHODS: Readonly<Record<string, number>> = {
  CONNECT: 1,
  DELETE: 2,
  GET: 3,
  HEAD: 4,
  OPTIONS: 5,
  POST: 6,
  PUT: 7,
  TRACE: 8,
  PATCH: 9,
};
const OTHER = 99;
const CALLS: Readonly<Record<string, number>> = { POST: 1, GET: 2, PUT: 3, DELETE: 4 };
const PROTOCOLS = { openid: 4, saml: 5 } as const;
const SUCCESS = 1;
const FAILURE = 2;
const INFORMATIONAL = 1;
const LOW = 2;
const DENIED = 2;
const BLOCKED = 2;
const CHALLENGE = 23;
const USER = { user: 1, admin: 2, service: 4 } as const;

/** What the line says besides: the fields that all lines of a log have, and this one's. */
type Line = Readonly<Record<string, unknown>>;

/** `time`: milliseconds since the epoch. */
export const toOcsf = (fact: AuditFact, time: number, line: Line): Readonly<Record<string, unknown>> => {
  const { classOf, activity, ...further } = describe(fact, line);
  const [category, classUid] = CLASSES[classOf];
  const failed = typeof line.error === 'string';
  return {
    time,
    category_uid: category,
    class_uid: classUid,
    activity_id: activity,
    type_uid: classUid * 100 + activity,
    severity_id: failed || isRefusal(fact) ? LOW : INFORMATIONAL,
    status_id: failed || isRefusal(fact) ? FAILURE : SUCCESS,
    status_code: line.code,
    status_detail: line.error,
    metadata: {
      version: VERSION,
      product: { name: OCSF_PRODUCT, vendor_name: OCSF_PRODUCT, feature: { name: line.function ?? 'sallyport' } },
      profiles: PROFILES[classOf],
      tenant_uid: line.tenant,
      correlation_uid: line.exchange ?? line.requestId ?? line.request,
    },
    src_endpoint: typeof line.address === 'string' ? { ip: line.address } : undefined,
    ...further,
  };
};

/** `host` has the actor of a request, `security_control` that it was denied. */
const PROFILES: Readonly<Record<keyof typeof CLASSES, readonly string[] | undefined>> = {
  authentication: undefined,
  authorizeSession: undefined,
  entityManagement: undefined,
  httpActivity: ['host', 'security_control'],
  apiActivity: undefined,
};

const isRefusal = (fact: AuditFact): boolean => fact.kind === 'decision' || fact.kind === 'refusal' || fact.kind === 'limit';

const describe = (
  fact: AuditFact,
  line: Line,
): { readonly classOf: keyof typeof CLASSES; readonly activity: number } & Readonly<Record<string, unknown>> => {
  switch (fact.kind) {
    case 'sign-in':
    case 'step-up':
    case 'sign-out':
    case 'dial':
      return {
        classOf: 'authentication',
        activity: fact.kind === 'sign-out' ? LOGOFF : LOGON,
        user: known(fact.user ?? 'unknown', fact.kind === 'dial' ? USER.service : USER.user),
        actor: administratorOf(line),
        service: { name: OCSF_PRODUCT },
        auth_protocol_id: fact.protocol && PROTOCOLS[fact.protocol],
        is_mfa: fact.mfa,
        is_remote: true,
      };
    case 'session':
      return {
        classOf: 'authorizeSession',
        activity: ASSIGN_PRIVILEGES,
        user: known(fact.user, USER.user),
        privileges: [fact.host],
        dst_endpoint: { hostname: fact.host },
      };
    case 'enrolment':
    case 'token':
    case 'revocation':
    case 'configuration':
      return {
        classOf: 'entityManagement',
        activity: CHANGES[fact.change],
        entity: fact.entity,
        actor: administratorOf(line),
        unmapped: fact.details,
      };
    default:
      return 'operation' in fact ? call(fact.operation, line) : request(fact);
  }
};

const call = (operation: string, line: Line) => ({
  classOf: 'apiActivity' as const,
  activity: CALLS[operation.split(' ')[0]!] ?? OTHER,
  api: { operation },
  actor: administratorOf(line) ?? { user: known('unknown', USER.admin) },
  src_endpoint: { ip: line.address },
});

const request = ({
  method,
  host,
  path,
  status,
  user,
  application,
  rule,
  challenged,
}: Exclude<Extract<AuditFact, { readonly kind: 'decision' | 'refusal' | 'limit' }>, { readonly operation: string }>) => ({
  classOf: 'httpActivity' as const,
  activity: METHODS[method] ?? OTHER,
  actor: user === undefined ? undefined : { user: known(user, USER.user) },
  http_request: { http_method: method, url: path === undefined ? undefined : { hostname: host, path } },
  http_response: { code: status },
  dst_endpoint: host === undefined ? undefined : { hostname: host, svc_name: application },
  action_id: DENIED,
  disposition_id: challenged ? CHALLENGE : BLOCKED,
  policy: rule === undefined ? undefined : { name: rule, uid: application },
});

const administratorOf = ({ administrator }: Line) =>
  typeof administrator === 'string' ? { user: known(administrator, USER.admin) } : undefined;

const known = (name: string, type: number) => ({ name, type_id: type });
