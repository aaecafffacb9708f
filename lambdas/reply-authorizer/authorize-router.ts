// Answers API Gateway whether a reply socket may be opened: only a router has the key that signs tickets.
import { jwtVerify } from 'jose';
import type { Log } from '../../protocol/log.ts';
import { TICKET_AUDIENCE, TICKET_SUBJECT, TICKET_TYPE } from '../router/ticket.ts';

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
}

export interface AuthorizerPorts {
  /** The key of ticketKey(). Throws ERR_STORE_UNAVAILABLE, which refuses. */
  readonly key: () => Promise<Uint8Array>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
}

/** API Gateway answers 401 to exactly this message, and 500 to any other error. */
const UNAUTHORIZED = 'Unauthorized';
const LIFETIME_MAX_S = 60;
/** Two functions' clocks. */
const CLOCK_TOLERANCE_S = 5;

export const createAuthorizeRouter =
  ({ key, now, log }: AuthorizerPorts) =>
  async (event: AuthorizerEvent): Promise<AuthorizerAnswer> => {
    const ticketKey = await key();
    try {
      await checkTicket(ticketOf(event), ticketKey, now());
      return allow(connectArn(event.methodArn));
    } catch (error) {
      const { connectionId, identity } = event.requestContext ?? {};
      log.warn('reply-channel.dial-refused', { connectionId, address: identity?.sourceIp, error, audit: { kind: 'dial', user: null } });
      throw new Error(UNAUTHORIZED);
    }
  };

const checkTicket = async (ticket: string, key: Uint8Array, nowMs: number): Promise<void> => {
  const { payload } = await jwtVerify(ticket, key, {
    algorithms: ['HS256'],
    typ: TICKET_TYPE,
    audience: TICKET_AUDIENCE,
    subject: TICKET_SUBJECT,
    requiredClaims: ['iat', 'exp'],
    maxTokenAge: LIFETIME_MAX_S,
    clockTolerance: CLOCK_TOLERANCE_S,
    currentDate: new Date(nowMs),
  });
  // A ticket stands in a URL, which logs may keep: one that lives long is refused whoever signed it.
  if (payload.exp! - payload.iat! > LIFETIME_MAX_S)
    throw new Error(`The ticket lives ${payload.exp! - payload.iat!} s; ${LIFETIME_MAX_S} s at most are accepted.`);
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

const allow = (resource: string): AuthorizerAnswer => ({
  principalId: TICKET_SUBJECT,
  policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: resource }] },
});
