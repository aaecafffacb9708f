// Users' tickets in the helper's memory: fetched once for each user and application, one token for each request. Users never share
// anything: every credential is its own handle, found by account, user and target together.
import { isForwardable } from './evidence.ts';
import { acquire, freeContext, freeCredential, freeName, GssFailure, type Handle, impersonate, initiate, NONE, nameOf } from './gss.ts';
import type { Account, Failure, Negotiate, Negotiated, Verified } from './messages.ts';
import { NoSlot, type Slots } from './slots.ts';

/** A user who was disabled meanwhile keeps their ticket for as long. */
const AGE_MAX_MS = 15 * 60_000;
/** The library renews the account's own ticket, never a user's: it is given up this long before its end. */
const SPARE_MS = 60_000;
const USERS_MAX = 5_000;
/** KDC_ERR_BADOPTION in libkrb5's words: for a protected user, an account that may not, and a target that is not on its list alike. */
const DENIED = /can't fulfill requested option/;

export interface DelegationOptions {
  /** For calls to domain controllers. */
  readonly slots: Slots;
  readonly now: () => number;
}

interface Ticket {
  readonly serial: number;
  readonly credential: Handle;
  readonly until: number;
  /** Contexts that use it: it is released with the last. */
  uses: number;
  dropped: boolean;
}

interface Open {
  readonly ticket: Ticket;
  readonly context: Handle;
  readonly target: Handle;
}

export class Delegation {
  readonly #now: () => number;
  readonly #slots: Slots;
  /** The least recently used first. */
  readonly #tickets = new Map<string, Ticket>();
  readonly #fetching = new Map<string, Promise<Ticket>>();
  readonly #open = new Map<number, Open>();
  /** Negotiations under way whose token is awaited. */
  readonly #wanted = new Set<number>();
  #serials = 0;
  /** Accounts that the domain has let act for a user: so a user for whom it does not is protected. */
  readonly #trusted = new Set<string>();

  constructor({ slots, now }: DelegationOptions) {
    this.#slots = slots;
    this.#now = now;
  }

  /** A token for one request. Its context stays open until `verify` or `close`. */
  async negotiate(ask: Negotiate): Promise<Negotiated> {
    this.#wanted.add(ask.id);
    try {
      return await this.#negotiate(ask);
    } finally {
      this.#wanted.delete(ask.id);
    }
  }

  /** Whether the application has proved who it is. Throws what it says instead (KRB-ERROR), or that its proof does not hold. */
  async verify(of: number, token: Buffer): Promise<Verified> {
    const open = this.#open.get(of);
    if (open === undefined) return { mutual: false };
    this.#open.delete(of);
    try {
      const { complete, mutual } = await initiate(open.ticket.credential, open.target, open.context, token);
      return { mutual: complete && mutual };
    } finally {
      this.#release(open);
    }
  }

  /** Nobody awaits what comes of it any more, be it open or still under way. */
  close(of: number): void {
    this.#wanted.delete(of);
    const open = this.#open.get(of);
    if (open === undefined) return;
    this.#open.delete(of);
    this.#release(open);
  }

  async #negotiate(ask: Negotiate): Promise<Negotiated> {
    const before = this.#serials;
    let ticket = await this.#ticket(ask);
    while (ticket.dropped) ticket = await this.#ticket(ask);
    const { serial } = ticket;
    const target = nameOf(ask.target, 'principal');
    ticket.uses += 1;
    try {
      const { context, token } = await initiate(ticket.credential, target);
      if (this.#wanted.has(ask.id)) this.#open.set(ask.id, { ticket, context, target });
      else this.#release({ ticket, context, target });
      return { token: token.toString('base64'), ticket: serial, cached: serial <= before };
    } catch (error) {
      this.#release({ ticket, context: NONE, target });
      // It may have ended while this machine slept.
      if (serial <= before && ask.stale !== serial) return this.#negotiate({ ...ask, stale: serial });
      throw error;
    }
  }

  async #ticket(ask: Negotiate): Promise<Ticket> {
    const { account, user, form, target, stale } = ask;
    const key = JSON.stringify([account.principal, form, user, target]);
    const known = this.#tickets.get(key);
    if (known !== undefined) {
      this.#tickets.delete(key);
      if (known.serial !== stale && known.until > this.#now()) {
        this.#tickets.set(key, known);
        return known;
      }
      this.#drop(known);
    }
    // Requests of one user that come at once wait here, not on a thread each.
    return this.#fetching.get(key) ?? this.#fetch(key, ask);
  }

  #fetch(key: string, ask: Negotiate): Promise<Ticket> {
    const fetching = this.#slots
      .run(() => this.#signOn(ask))
      .then((ticket) => {
        this.#tickets.set(key, ticket);
        if (this.#tickets.size > USERS_MAX) {
          const [oldest, old] = this.#tickets.entries().next().value!;
          this.#tickets.delete(oldest);
          this.#drop(old);
        }
        return ticket;
      })
      .finally(() => this.#fetching.delete(key));
    this.#fetching.set(key, fetching);
    return fetching;
  }

  /** Protocol transition (S4U2Self), then the ticket for the application (S4U2Proxy), which stays in the user's credential. */
  async #signOn({ account, user, form, target }: Negotiate): Promise<Ticket> {
    const own = await acquireAccount(account);
    let impersonated: Awaited<ReturnType<typeof impersonate>>;
    const name = nameOf(user, form);
    try {
      impersonated = await impersonate(own, name);
    } finally {
      freeName(name);
      freeCredential(own);
    }
    const { credential } = impersonated;
    const targetName = nameOf(target, 'principal');
    try {
      const { context, lifetimeSeconds } = await initiate(credential, targetName);
      freeContext(context);
      this.#trusted.add(account.principal);
      const lifetimeMs = Math.min(impersonated.lifetimeSeconds, lifetimeSeconds) * 1000 - SPARE_MS;
      this.#serials += 1;
      return { serial: this.#serials, credential, until: this.#now() + Math.min(AGE_MAX_MS, lifetimeMs), uses: 0, dropped: false };
    } catch (error) {
      const denied = error instanceof GssFailure && DENIED.test(error.message);
      const failure = denied ? new Denied(error, this.#whyDenied(credential, account)) : error;
      freeCredential(credential);
      throw failure;
    } finally {
      freeName(targetName);
    }
  }

  #whyDenied(credential: Handle, { principal }: Account): Failure['denied'] {
    const forwardable = isForwardable(credential, principal);
    if (forwardable === null) return undefined;
    if (!forwardable) return this.#trusted.has(principal) ? 'user' : 'account or user';
    this.#trusted.add(principal);
    return 'target';
  }

  #drop(ticket: Ticket): void {
    ticket.dropped = true;
    if (ticket.uses === 0) freeCredential(ticket.credential);
  }

  #release({ ticket, context, target }: Open): void {
    freeContext(context);
    freeName(target);
    ticket.uses -= 1;
    if (ticket.uses === 0 && ticket.dropped) freeCredential(ticket.credential);
  }
}

class Denied extends Error {
  readonly failure: GssFailure;
  readonly why: Failure['denied'];

  constructor(failure: GssFailure, why: Failure['denied']) {
    super(failure.message);
    this.failure = failure;
    this.why = why;
  }
}

const acquireAccount = async ({ principal, store }: Account): Promise<Handle> => {
  const name = nameOf(principal, 'principal');
  try {
    return await acquire(name, store);
  } finally {
    freeName(name);
  }
};

/** An error of the above as the connector is told it. */
export const failureOf = (error: unknown): Failure => {
  if (error instanceof Denied) return { call: error.failure.call, text: error.failure.message, denied: error.why };
  if (error instanceof GssFailure) return { call: error.call, text: error.message };
  if (error instanceof NoSlot) return { call: 'slot', text: error.message };
  return { call: 'helper', text: error instanceof Error ? error.message : String(error) };
};
