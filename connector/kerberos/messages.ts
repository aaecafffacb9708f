// What the connector and its Kerberos helper say to each other, over the helper's IPC channel.
import type { NameForm } from './gss.ts';

/** The account of the connector's own in a realm, and where its key is. */
export interface Account {
  readonly principal: string;
  /** Keys of libgssapi's credential store: client_keytab, ccache. */
  readonly store: Readonly<Record<string, string>>;
}

export interface Negotiate {
  readonly op: 'negotiate';
  readonly id: number;
  readonly account: Account;
  readonly user: string;
  readonly form: NameForm;
  /** The application's principal with its realm. */
  readonly target: string;
  /** The ticket that the application did not accept: if it is still the cached one, another is fetched. */
  readonly stale: number | null;
}

/** The application's answer to the token of negotiation `of`, which ends with it. */
export interface Verify {
  readonly op: 'verify';
  readonly id: number;
  readonly of: number;
  /** base64. */
  readonly token: string;
}

/** No answer of negotiation `of` is awaited any more. */
export interface Close {
  readonly op: 'close';
  readonly of: number;
}

/** Answered at once, whatever the threads wait for. */
export interface Ping {
  readonly op: 'ping';
  readonly id: number;
}

export type HelperRequest = Negotiate | Verify | Close | Ping;

/** What a negotiation brings: a token that is good for one request. */
export interface Negotiated {
  /** base64. */
  readonly token: string;
  /** Which ticket it was made with. */
  readonly ticket: number;
  /** False when the ticket was fetched for this call. */
  readonly cached: boolean;
}

export interface Verified {
  readonly mutual: boolean;
}

export interface Failure {
  /** What libgssapi was asked for. */
  readonly call: string;
  /** What it said. */
  readonly text: string;
  /** Why a ticket for the application was refused, as far as it can be told. */
  readonly denied?: 'user' | 'account or user' | 'target';
}

export type HelperAnswer = { readonly id: number } & (
  | { readonly negotiated: Negotiated }
  | { readonly verified: Verified }
  | { readonly failure: Failure }
  | { readonly alive: true }
);
