// Answers API Gateway whether a connection to the Reply API may be opened: only a router has the key that signs tickets, its own and those
// that it gives to users for their WebSockets. A user's is good once, and while the session is.
import { type JWTPayload, jwtVerify } from 'jose';
import type { Log } from '../../protocol/log.ts';
import { ROUTER, type SocketTicket, TICKET_AUDIENCE, TICKET_TYPE, USER } from '../router/ticket.ts';
import { policyVersion } from '../stores/policy-version.ts';
import type { Directory, ServiceTokens, Session, Sessions } from '../stores/records.ts';
import type { OpenSockets } from '../stores/sockets.ts';

export interface AuthorizerEvent {
  /** `arn:aws:execute-api:<region>:<account>:<api>/<stage>/$connect` */
  readonly methodArn: string;
  readonly multiValueQueryStringParameters?: Readonly<Record<string, readonly string[]>> | null;
  readonly queryStringParameters?: Readonly<Record<string, string>> | null;
  readonly requestContext?: { readonly connectionId?: string; readonly identity?: { readonly sourceIp?: string } };
}

export interface AuthorizerAnswer {
  readonly principalId: string;
  readonly policyDocument: {
    readonly Version: '2012-10-17';
    readonly Statement: readonly [{ readonly Action: 'execute-api:Invoke'; readonly Effect: 'Allow'; readonly Resource: string }];
  };
  /** Of a user's WebSocket: API Gateway hands it to the relay with each message. */
  readonly context?: Readonly<Record<string, string | number | boolean>>;
}

export interface AuthorizerPorts {
  /** The key of ticketKey(). Throws ERR_STORE_UNAVAILABLE, which refuses. */
  readonly key: () => Promise<Uint8Array>;
  readonly sockets: Pick<OpenSockets, 'takeTicket' | 'save'>;
  readonly sessions: Pick<Sessions, 'find'>;
  readonly directory: Pick<Directory, 'applicationsOn'>;
  readonly serviceTokens: Pick<ServiceTokens, 'find'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
}

/** API Gateway answers 401 to exactly this message, and 500 to any other error. */
const UNAUTHORIZED = 'Unauthorized';
const LIFETIME_MAX_S = 60;
/** Two functions' clocks. */
const CLOCK_TOLERANCE_S = 5;

export const createAuthorizeLink =
  (ports: AuthorizerPorts) =>
  async (event: AuthorizerEvent): Promise<AuthorizerAnswer> => {
    const { key, now, log } = ports;
    const ticketKey = await key();
    const { connectionId = '', identity } = event.requestContext ?? {};
    try {
      const claims = await checkTicket(ticketOf(event), ticketKey, now());
      const context = claims.sub === USER ? await admitUser(ports, claims, connectionId) : undefined;
      return { ...allow(String(claims.sub), connectArn(event.methodArn)), ...(context && { context }) };
    } catch (error) {
      log.warn('reply-channel.dial-refused', { connectionId, address: identity?.sourceIp, error });
      throw new Error(UNAUTHORIZED);
    }
  };

const admitUser = async (ports: AuthorizerPorts, claims: JWTPayload, connectionId: string) => {
  const { sockets, sessions, serviceTokens } = ports;
  const { jti, exchange, connector, group, tunnel, keysApart, link, application, at, policy, session, parent, token } =
    claims as JWTPayload & Partial<SocketTicket>;
  if (!jti || !exchange || !connector || !group || !tunnel || link === undefined || !application || !at || !policy)
    throw new Error('The ticket does not say what it is for.');
  if (!(await sockets.takeTicket(jti, (claims.exp! + CLOCK_TOLERANCE_S) * 1000))) throw new Error('The ticket was used before.');
  const opened = { exchange, connector, group, tunnel, link, application, ...(keysApart && { keysApart }) };
  // First the entry, then the questions: whoever ends the session, or changes the policy, meanwhile finds the one, or this finds the other.
  await sockets.save({ exchange, application, session: session ?? null, parent: parent ?? null, token: token ?? null, link, connectionId });
  const found = session === undefined ? null : await sessions.find(session);
  if (session !== undefined && found === null) throw new Error('The session has ended.');
  if (token !== undefined && (await serviceTokens.find(token)) === null) throw new Error('The service token has been revoked.');
  if (policy !== (await policyNow(ports, application, at, found))) throw new Error('The policy has changed since it was decided on.');
  return { ...opened, ...(found && { session, parent, ...(found.idleMs !== undefined && { idle: found.idleMs }) }) };
};

/** What would be decided by now; null where nothing is published any more. */
const policyNow = async (
  { directory }: AuthorizerPorts,
  id: string,
  { host, path }: SocketTicket['at'],
  session: Session | null,
): Promise<string | null> => {
  const found = (await directory.applicationsOn(host)).find((application) => application.id === id && application.path === path);
  return found ? policyVersion(found, session?.user ?? null) : null;
};

const checkTicket = async (ticket: string, key: Uint8Array, nowMs: number): Promise<JWTPayload> => {
  const { payload } = await jwtVerify(ticket, key, {
    algorithms: ['HS256'],
    typ: TICKET_TYPE,
    audience: TICKET_AUDIENCE,
    requiredClaims: ['iat', 'exp', 'sub'],
    maxTokenAge: LIFETIME_MAX_S,
    clockTolerance: CLOCK_TOLERANCE_S,
    currentDate: new Date(nowMs),
  });
  if (payload.sub !== ROUTER && payload.sub !== USER) throw new Error(`A ticket of "${payload.sub}" opens nothing.`);
  // A ticket stands in a URL, which logs may keep: one that lives long is refused whoever signed it.
  if (payload.exp! - payload.iat! > LIFETIME_MAX_S)
    throw new Error(`The ticket lives ${payload.exp! - payload.iat!} s; ${LIFETIME_MAX_S} s at most are accepted.`);
  return payload;
};

/** Two of them are as good as none. */
const ticketOf = ({ multiValueQueryStringParameters, queryStringParameters }: AuthorizerEvent): string => {
  const tickets = multiValueQueryStringParameters?.ticket ?? [queryStringParameters?.ticket ?? ''];
  if (tickets.length !== 1 || tickets[0] === '') throw new Error(`${tickets.length} tickets came; one is expected.`);
  return tickets[0]!;
};

/** Exactly this API's `$connect`, never a pattern. */
const connectArn = (methodArn: string): string => {
  if (!methodArn.endsWith('/$connect') || /[*?]/.test(methodArn)) throw new Error(`${methodArn} is not the $connect of an API.`);
  return methodArn;
};

const allow = (principalId: string, resource: string): AuthorizerAnswer => ({
  principalId,
  policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: resource }] },
});
