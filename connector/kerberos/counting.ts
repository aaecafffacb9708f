// How many users' tickets were fetched from a domain controller, and how many requests went with one from memory.
import type { TakeTicket } from './kerberos.ts';

export const countingTickets = (kerberos: TakeTicket, count: (source: 'fetched' | 'kept') => void): TakeTicket => ({
  ticket: async (ask) => {
    const ticket = await kerberos.ticket(ask);
    count(ticket.cached ? 'kept' : 'fetched');
    return ticket;
  },
});
