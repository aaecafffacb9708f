// Realms, accounts and names: which account of the connector's own signs users in where, how a user's name becomes a principal, and the
// krb5.conf that is ours alone.
import { SallyportError } from '../../protocol/errors.ts';
import type { CredentialsFile } from './credentials-file.ts';
import type { NameForm } from './gss.ts';
import type { Account } from './messages.ts';

/** A domain controller that an administrator named. */
export interface Controller {
  readonly realm: string;
  /** With its port where that is not 88. */
  readonly host: string;
}

/** Throws an Error whose message completes "<entry>: …". */
export const parseController = (text: string): Controller => {
  const match = /^([a-z0-9.-]+)=((?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?)$/i.exec(text);
  if (!match) throw new Error('expected REALM=host or REALM=host:port, such as CORP.EXAMPLE=dc1.corp.example');
  return { realm: match[1]!.toUpperCase(), host: match[2]! };
};

export const realmOf = (principal: string): string => principal.slice(principal.lastIndexOf('@') + 1);

/**
 * One account for each realm, the first realm being the connector's own. `named` are principals that an administrator chose; otherwise
 * a name without a slash is taken, since domain controllers know accounts by it and not by their services. Throws an Error.
 */
export const accountsOf = (file: CredentialsFile, path: string, named: readonly string[]): Account[] => {
  if (file.kind === 'cache') return [{ principal: file.principal, store: { ccache: `FILE:${path}` } }];
  const held = [...new Set(file.keys.map(({ principal }) => principal))];
  for (const principal of named) {
    if (!held.includes(principal)) throw new Error(`it holds no key of ${principal}, only of ${held.join(', ')}`);
  }
  const realms = [...new Set((named.length > 0 ? named : held).map(realmOf))];
  return realms.map((realm) => {
    const own = (named.length > 0 ? named : held).filter((principal) => realmOf(principal) === realm);
    const principal = own.find((candidate) => !candidate.includes('/')) ?? own[0]!;
    // A cache of its own: the library keeps the account's ticket there, and renews it.
    return { principal, store: { client_keytab: `FILE:${path}`, ccache: `MEMORY:account-${principal}` } };
  });
};

/** The application's principal with a realm, and the account that asks for tickets to it. */
export const targetOf = (service: string, accounts: readonly Account[]): { readonly target: string; readonly account: Account } => {
  const realm = service.includes('@') ? realmOf(service) : realmOf(accounts[0]!.principal);
  const account = accounts.find(({ principal }) => realmOf(principal) === realm) ?? accounts[0]!;
  return { target: service.includes('@') ? service : `${service}@${realm}`, account };
};

/**
 * A user's name as domain controllers are asked for it. A name alone is one of the account's realm; one with a known realm behind the @
 * is a principal; any other is an address (a UPN), which the domain has to know. Throws ERR_KERBEROS_USER_UNKNOWN.
 */
export const userOf = (
  identity: string,
  account: Account,
  realms: readonly string[],
): { readonly user: string; readonly form: NameForm } => {
  const [name = '', domain = '', ...more] = identity.normalize('NFC').split('@');
  // `/` would name a service, `\` escapes; a second @ would be read differently by different readers.
  if (name === '' || more.length > 0 || /[/\\\p{Cc}]/u.test(identity) || (identity.includes('@') && domain === '')) {
    throw new SallyportError(
      'ERR_KERBEROS_USER_UNKNOWN',
      `${JSON.stringify(identity)} cannot be a user's name: see singleSignOn.identity.`,
    );
  }
  // Active Directory does not tell upper from lower case in names; applications do.
  const user = name.toLowerCase();
  const realm = realmOf(account.principal);
  if (domain === '') return { user: `${user}@${realm}`, form: 'principal' };
  const known = domain.toUpperCase();
  if (realms.includes(known)) return { user: `${user}@${known}`, form: 'principal' };
  return { user: `${user}@${domain.toLowerCase()}@${realm}`, form: 'enterprise' };
};

/** Every realm that is known by name. */
export const realmsOf = (accounts: readonly Account[], controllers: readonly Controller[]): string[] => [
  ...new Set([...accounts.map(({ principal }) => realmOf(principal)), ...controllers.map(({ realm }) => realm)]),
];

/**
 * Complete in itself: without one of our own, libkrb5 would read the machine's files. It asks DNS for realms of which no domain
 * controller is known, unless an administrator named the controllers.
 */
export const krb5Configuration = (
  realms: readonly string[],
  controllers: readonly Controller[],
  { deadlineMs, askDns }: { readonly deadlineMs: number; readonly askDns: boolean },
): string => {
  const hostsOf = (realm: string) => controllers.filter((controller) => controller.realm === realm).map(({ host }) => host);
  const sections = realms
    .filter((realm) => hostsOf(realm).length > 0)
    .map(
      (realm) =>
        `  ${realm} = {\n${hostsOf(realm)
          .map((host) => `    kdc = ${host}\n`)
          .join('')}  }\n`,
    );
  return `[libdefaults]
  default_realm = ${realms[0]}
  default_ccache_name = MEMORY:nobody
  default_keytab_name = FILE:/nonexistent
  default_client_keytab_name = FILE:/nonexistent
  dns_lookup_realm = false
  dns_lookup_kdc = ${askDns}
  dns_canonicalize_hostname = false
  rdns = false
  forwardable = true
  udp_preference_limit = 1
  request_timeout = ${Math.max(1, Math.floor(deadlineMs / 1000))}s
[realms]
${sections.join('')}`;
};
