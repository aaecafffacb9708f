// Integrated Windows Authentication (RFC 4559) for a user who is not here: each request carries a ticket of theirs, fetched by constrained
// delegation. Their connections to the application are theirs alone, since some servers remember who spoke on a connection.
import { SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import type { KerberosSignOn } from '../../protocol/sign-on.ts';
import type { TakeTicket, Ticket } from '../kerberos/kerberos.ts';
import type { OriginAnswer, OriginCall } from '../ports.ts';
import type { Attempt, Method } from './sign-on.ts';

const CONNECTIONS_MAX = 16;
const IDLE_MS = 30_000;

export const kerberosMethod = (kerberos: TakeTicket): Method<KerberosSignOn> => ({
  prepare: async (request, user) => {
    const { service, identity, sendOn } = user;
    const connection = { of: JSON.stringify(['kerberos', service, identity]), limit: CONNECTIONS_MAX, idleMs: IDLE_MS };
    const own = { ...request, headers: without(request.headers, 'authorization'), connection };
    return sendOn === 'request' ? withTicket(kerberos, own, user, null) : unasked(kerberos, own, user);
  },
});

/** The request as it is; a ticket when the application asks for one. */
const unasked = (kerberos: TakeTicket, request: OriginCall, user: KerberosSignOn): Attempt => ({
  request,
  answer: async (response) => {
    const asks = response.status === 401 && challenge(response) !== null;
    return asks ? withTicket(kerberos, request, user, null) : response;
  },
  abandon: () => undefined,
});

/** `refused`: the ticket that the application did not accept. There is one further attempt, no more. */
const withTicket = async (kerberos: TakeTicket, request: OriginCall, user: KerberosSignOn, refused: Ticket | null): Promise<Attempt> => {
  const { service, identity, proof } = user;
  const ticket = await kerberos.ticket({ identity, service, stale: refused?.ticket });
  return {
    request: { ...request, headers: [...request.headers, ['Authorization', ticket.header]] },
    abandon: () => ticket.close(),
    answer: async (response) => {
      const asked = challenge(response);
      if (response.status === 401 && asked !== null) return again(kerberos, request, user, { ticket, retry: refused === null, asked });
      if (asked === null || asked === '') ticket.close();
      const proven = asked !== null && asked !== '' && (await ticket.verify(asked));
      if (proof === 'required' && !proven) {
        throw new SallyportError('ERR_KERBEROS_REFUSED', `${service} did not prove who it is, and its proof is required.`);
      }
      return { ...response, headers: response.headers.filter((field) => tokenOf(field) === null) };
    },
  };
};

/** The application has not taken the ticket. It may have a new key, or have seen an ended ticket: another one can help, once. */
const again = async (
  kerberos: TakeTicket,
  request: OriginCall,
  user: KerberosSignOn,
  { ticket, retry, asked }: { readonly ticket: Ticket; readonly retry: boolean; readonly asked: string },
): Promise<Attempt> => {
  const failure = await reasonOf(ticket, asked, user.service);
  const mayHelp = retry && ticket.cached && failure.code !== 'ERR_KERBEROS_CLOCK';
  if (!mayHelp) throw failure;
  return withTicket(kerberos, request, user, ticket);
};

/** What the application says of the ticket (KRB-ERROR), if it says anything. */
const reasonOf = async (ticket: Ticket, asked: string, service: string): Promise<SallyportError> => {
  const silent = new SallyportError('ERR_KERBEROS_REFUSED', `${service} answered 401 to the ticket and did not say why: see its log.`);
  if (asked === '') {
    ticket.close();
    return silent;
  }
  try {
    await ticket.verify(asked);
    return silent;
  } catch (error) {
    if (error instanceof SallyportError) return error;
    throw error;
  }
};

/** What the answer's `WWW-Authenticate: Negotiate` holds, if there is one: a token, or nothing. */
const challenge = ({ headers }: OriginAnswer): string | null => {
  for (const field of headers) {
    const token = tokenOf(field);
    if (token !== null) return token;
  }
  return null;
};

const tokenOf = ([name, value]: HeaderList[number]): string | null => {
  if (name.toLowerCase() !== 'www-authenticate') return null;
  const match = /(?:^|,)\s*Negotiate(?=[\s,]|$)(?:\s+([A-Za-z0-9+/]+={0,2})(?=\s*(?:,|$)))?/i.exec(value);
  return match && (match[1] ?? '');
};

const without = (headers: HeaderList, name: string): HeaderList => headers.filter(([known]) => known.toLowerCase() !== name);
