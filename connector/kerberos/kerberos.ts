// Tickets with which users sign in to applications: reads the connector's own credentials, writes the configuration of libkrb5, starts
// the helper. Nothing of it happens before the first application asks.
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SallyportError } from '../../protocol/errors.ts';
import type { Log } from '../../protocol/log.ts';
import type { Clock } from '../clock.ts';
import { Controllers } from './controllers.ts';
import { readCredentialsFile } from './credentials-file.ts';
import { applicationError, negotiationError } from './failures.ts';
import type { StartHelper } from './fork-helper.ts';
import { HelperFailure, HelperProcess } from './helper-process.ts';
import type { Account, Negotiate } from './messages.ts';
import { createProbe } from './probe.ts';
import { accountsOf, type Controller, krb5Configuration, realmsOf, targetOf, userOf } from './realms.ts';
import { resolveControllers } from './resolve-controllers.ts';

/** Of which the helper keeps a quarter for users whose ticket is cached. */
const HELPER_THREADS = 32;
/** How long a domain controller may take to show that it is there. */
const PROBE_MS = 2_000;

export interface KerberosOptions {
  /** Keytab or credential cache; undefined where an administrator gave none. */
  readonly credentials: string | undefined;
  readonly principals: readonly string[];
  readonly controllers: readonly Controller[];
  readonly deadlineMs: number;
  /** For our krb5.conf. */
  readonly stateDirectory: string;
  readonly startHelper: StartHelper;
  readonly clock: Clock;
  readonly log: Log;
}

export interface TicketAsk {
  /** The user as the application's settings make them of claims. */
  readonly identity: string;
  /** `HTTP/host`, with or without a realm. */
  readonly service: string;
  /** A ticket that the application did not accept: another is wanted. */
  readonly stale?: number | undefined;
}

/** Good for one request. One of verify and close must be called. */
export interface Ticket {
  /** For `Authorization`. */
  readonly header: string;
  readonly ticket: number;
  /** False when it was fetched for this request. */
  readonly cached: boolean;
  /** Whether the application proved who it is by its answer `token`. Throws what it says instead, as ERR_KERBEROS_…. */
  verify(token: string): Promise<boolean>;
  close(): void;
}

export interface TakeTicket {
  /** Rejects with ERR_KERBEROS_…. */
  ticket(ask: TicketAsk): Promise<Ticket>;
}

export interface Prepared {
  readonly accounts: readonly Account[];
  readonly realms: readonly string[];
  readonly controllers: readonly Controller[];
}

export class Kerberos implements TakeTicket {
  readonly #options: KerberosOptions;
  readonly #helper: HelperProcess;
  readonly #controllers: Controllers;
  #prepared: Promise<Prepared> | null = null;
  /** How often others were turned to. */
  #turns = 0;
  #turning: Promise<void> | null = null;

  constructor(options: KerberosOptions) {
    this.#options = options;
    const { startHelper, clock, deadlineMs, log } = options;
    this.#controllers = new Controllers({ named: options.controllers, resolve: resolveControllers, probe: createProbe(PROBE_MS) });
    this.#helper = new HelperProcess({ start: () => startHelper(this.#environment()), clock, deadlineMs, log });
  }

  /** The helper's, while one runs. */
  get helperPid(): number | null {
    return this.#helper.pid;
  }

  async ticket({ identity, service, stale = undefined }: TicketAsk): Promise<Ticket> {
    const { accounts, realms } = await this.prepare();
    const { target, account } = targetOf(service, accounts);
    const asked = { account, target, ...userOf(identity, account, realms) };
    const turns = this.#turns;
    try {
      return await this.#ticket(asked, stale ?? null);
    } catch (error) {
      if (!(error instanceof SallyportError) || error.code !== 'ERR_KERBEROS_KDC') throw error;
      if (this.#turns === turns) await this.#turn(account);
      if (this.#turns === turns) throw error;
      return await this.#ticket(asked, stale ?? null);
    }
  }

  async #ticket(asked: Omit<Negotiate, 'op' | 'id' | 'stale'>, stale: number | null): Promise<Ticket> {
    const { target } = asked;
    try {
      const { token, ticket, cached, verify, close } = await this.#helper.negotiate({ ...asked, stale });
      return {
        header: `Negotiate ${token}`,
        ticket,
        cached,
        close,
        verify: async (answer) => {
          try {
            return (await verify(answer)).mutual;
          } catch (error) {
            throw error instanceof HelperFailure ? applicationError(error.failure, target) : error;
          }
        },
      };
    } catch (error) {
      if (!(error instanceof HelperFailure)) throw error;
      const failure = negotiationError(error.failure, asked);
      // The file may have been replaced meanwhile, so it is read again.
      if (failure.code === 'ERR_KERBEROS_CREDENTIALS') this.#prepared = null;
      throw failure;
    }
  }

  /** Reads the credentials and writes the configuration, once. Throws ERR_KERBEROS_CREDENTIALS. */
  prepare(): Promise<Prepared> {
    this.#prepared ??= this.#prepare().catch((error: unknown) => {
      this.#prepared = null;
      throw error;
    });
    return this.#prepared;
  }

  close(): void {
    this.#helper.close();
  }

  async #prepare(): Promise<Prepared> {
    const { principals, controllers } = this.#options;
    const accounts = await this.#accounts(principals);
    const realms = realmsOf(accounts, controllers);
    return { accounts, realms, controllers: await this.#configure(realms) };
  }

  async #configure(realms: readonly string[]): Promise<readonly Controller[]> {
    const { controllers: named, deadlineMs } = this.#options;
    const controllers = await this.#controllers.of(realms);
    const text = krb5Configuration(realms, controllers, { deadlineMs, askDns: named.length === 0 });
    await writeFile(this.#configurationPath, text, { mode: 0o600 });
    return controllers;
  }

  /** Turns to domain controllers that answer, if there are others; all that fail at once turn together. */
  #turn(account: Account): Promise<void> {
    this.#turning ??= this.#turnToOthers(account).finally(() => {
      this.#turning = null;
    });
    return this.#turning;
  }

  async #turnToOthers({ principal }: Account): Promise<void> {
    if (!(await this.#controllers.reorder(principal))) return;
    this.#options.log.warn('kerberos.controllers-reordered', { principal });
    await this.#configure((await this.prepare()).realms);
    // Its calls to the one that does not answer would hold its threads for a while.
    this.#helper.replace();
    this.#turns += 1;
  }

  async #accounts(principals: readonly string[]): Promise<Account[]> {
    const { credentials } = this.#options;
    if (credentials === undefined) {
      throw new SallyportError(
        'ERR_KERBEROS_CREDENTIALS',
        'This connector has no account in a domain: give it the keytab of one with --kerberos-credentials.',
      );
    }
    try {
      const path = resolve(credentials);
      return accountsOf(readCredentialsFile(await readFile(path)), path, principals);
    } catch (cause) {
      const message = `--kerberos-credentials ${credentials}: ${(cause as Error).message}.`;
      throw new SallyportError('ERR_KERBEROS_CREDENTIALS', message, { cause });
    }
  }

  get #configurationPath(): string {
    return join(resolve(this.#options.stateDirectory), 'krb5.conf');
  }

  #environment(): Record<string, string> {
    return {
      KRB5_CONFIG: this.#configurationPath,
      UV_THREADPOOL_SIZE: String(HELPER_THREADS),
      SALLYPORT_KERBEROS_DEADLINE_MS: String(this.#options.deadlineMs),
    };
  }
}
