// The control API as administrators' tools see it: `<control endpoint>/control/…`, JSON, signed with AWS Signature Version 4.
// Times are milliseconds since the epoch. Refusals are problem+json with a code of the error table.
import type { LinkSummary } from './link-report.ts';

/** `POST /control/enrolment-codes {group}` */
export interface IssuedCode {
  /** Where to enrol, and after `#` the secret, which no request line ever shows. */
  readonly code: string;
  readonly group: string;
  readonly expiresAt: number;
}

/** `PUT /control/applications {applications}`: ids of what changed. */
export interface Applied {
  readonly written: readonly string[];
  readonly removed: readonly string[];
}

/** `DELETE /control/connectors/{id}`: it cannot dial again, and its open tunnels are closed. */
export interface RemovedConnector {
  readonly connector: string;
  readonly name: string;
  readonly group: string;
  /** Tunnels that could not be closed: they carry no new exchange, and end when API Gateway ends them. */
  readonly tunnelsLeftOpen: number;
}

/** `GET /control/links/{application}?from=…&to=…[&next=…]`: hard-coded links that the router found on its pages, summed up. */
export interface LinkPage {
  /** Answers that had any. */
  readonly exchanges: number;
  readonly links: readonly LinkSummary[];
  /** With which the search goes on; null when everything was searched. */
  readonly next: string | null;
}

/** `GET /control/exchanges/{id}?from=…&to=…[&next=…]`: the router's log lines of an exchange, or of a request that became none. */
export interface LogPage {
  /** The oldest first. */
  readonly lines: ReadonlyArray<Readonly<Record<string, unknown>>>;
  /** With it the search goes on; null when everything from `from` to `to` was searched. */
  readonly next: string | null;
}

/**
 * `GET /control/audit?from=…&to=…[&kind=…][&user=…][&application=…][&next=…]` answers a `LogPage` of all functions. Beside the kinds of
 * protocol/audit.ts there is this one: the exchanges that were carried.
 */
export const EXCHANGES = 'exchange';

/** `POST /control/decisions {method, url, situation}`: what the router would decide, and everything that it would look at. */
export interface DecisionReport {
  readonly application: string;
  /** What is decided on and forwarded. */
  readonly request: { readonly method: string; readonly host: string; readonly path: string };
  readonly outcome: 'allow' | 'deny' | 'step up';
  readonly rule: string;
  readonly examined: ReadonlyArray<{ readonly rule: string; readonly met: boolean; readonly findings: readonly FindingReport[] }>;
  /** The groups that were taken for the user's; `session`: when the session began whose they are, null where the question named them. */
  readonly supposed: { readonly groups: readonly string[]; readonly session: number | null };
}

export interface FindingReport {
  readonly requirement: string;
  readonly holds: boolean;
  readonly wanted: string;
  readonly found: string;
}

/** `POST /control/service-tokens {name, applications, days}`, `POST /control/service-tokens/{name}/rotations` */
export interface ServiceTokenSecret {
  readonly name: string;
  /** Shown this once. */
  readonly token: string;
  readonly expiresAt: number;
}

/** `GET /control/service-tokens`; `DELETE /control/service-tokens/{name}` revokes. */
export interface ServiceTokenReport {
  readonly name: string;
  readonly applications: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly createdBy: string;
}

/** `GET /control/sessions?user=…`; `POST /control/sessions/revocations {user | session | application}` ends sessions. */
export interface SessionReport {
  readonly id: string;
  readonly user: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly mfa: boolean;
}

/**
 * `GET /control/credentials/{application}[?user=… | ?issuer=…&subject=…]`: what to seal to, and what is stored; `PUT {owner, sealed}` sets,
 * `DELETE` removes.
 */
export interface CredentialsReport {
  readonly application: string;
  readonly vaultKey: string;
  /** Whose they are; null where all users share them. */
  readonly owner: string | null;
  /** Null where none are stored. */
  readonly setAt: number | null;
  readonly refusedAt: number | null;
}

/** `GET /control/status` */
export interface Status {
  readonly tenant: string;
  readonly domain: string;
  readonly portal: string;
  readonly connectors: readonly ConnectorStatus[];
  readonly groups: readonly GroupStatus[];
  readonly applications: readonly ApplicationStatus[];
}

export interface ConnectorStatus {
  readonly id: string;
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly enrolledAt: number;
  readonly seenAt: number;
  readonly tunnels: readonly TunnelStatus[];
}

export interface TunnelStatus {
  readonly connectionId: string;
  readonly openedAt: number;
  readonly seenAt: number;
  readonly draining: boolean;
}

export interface GroupStatus {
  readonly name: string;
  readonly connectors: number;
  /** Tunnels that take new exchanges. */
  readonly liveTunnels: number;
}

export interface ApplicationStatus {
  readonly id: string;
  readonly name: string;
  readonly externalUrl: string;
  readonly group: string;
  /** Whether some connector reaches it: `state` says why not. */
  readonly reachable: boolean;
  /**
   * `offline`: no connector of its group has a live tunnel. `unreachable`: none that has reaches each of its origins. `unknown`: none has tried
   * yet, or they are of a release that does not tell.
   */
  readonly state: 'reachable' | 'unreachable' | 'offline' | 'unknown';
  /** Of its internal URLs; of segments too. */
  readonly origins: readonly OriginStatus[];
}

export interface OriginStatus {
  readonly origin: string;
  readonly reachable: boolean;
  /** What each live connector knows of it. */
  readonly attempts: readonly OriginAttempt[];
}

export interface OriginAttempt {
  readonly connector: string;
  readonly at: number;
  readonly by: 'request' | 'probe';
  /** What it failed of; null: the origin was reached. */
  readonly code: string | null;
}
