// Joins the parts of a running connector: tunnels in, origins behind, posts out.
import type { Log } from '../protocol/log.ts';
import { findAllowed } from './allowlist.ts';
import type { Clock } from './clock.ts';
import { createPost } from './delivery.ts';
import { dial } from './dial.ts';
import { createDialToken } from './dial-token.ts';
import { Exchanges } from './exchanges.ts';
import type { Identity } from './identity.ts';
import { countingTickets } from './kerberos/counting.ts';
import type { StartHelper } from './kerberos/fork-helper.ts';
import { Kerberos } from './kerberos/kerberos.ts';
import { Ledger } from './ledger.ts';
import type { Metrics } from './metrics.ts';
import type { Network } from './network.ts';
import { noteApplications } from './noted-applications.ts';
import { Origins } from './origin.ts';
import { OriginReports } from './origin-reports.ts';
import { createTlsOf } from './origin-tls.ts';
import { createProbeOrigin } from './probe-origin.ts';
import { ReplyApi } from './reply.ts';
import { ServiceClock } from './service-clock.ts';
import type { Config } from './settings.ts';
import { kerberosMethod } from './single-sign-on/kerberos.ts';
import { ntlmMethod } from './single-sign-on/ntlm.ts';
import { passwordMethod } from './single-sign-on/password/password.ts';
import { createVault, readVaultKeys } from './single-sign-on/password/vault.ts';
import { type Methods, signingOn } from './single-sign-on/sign-on.ts';
import { Sockets } from './sockets.ts';
import { Supervisor } from './supervisor.ts';
import { Tunnel } from './tunnel.ts';
import { openWelcome, type Welcome } from './welcome.ts';

/** A clock that is this far off is still accepted, but not for much longer. */
const CLOCK_WARNING_MS = 30_000;

export interface ServiceOptions {
  readonly config: Config;
  readonly identity: Identity;
  readonly network: Network;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly startKerberosHelper: StartHelper;
}

export interface Service {
  readonly supervisor: Supervisor;
  close(): Promise<void>;
}

export const startService = ({ config, identity, network, clock, random, log, metrics, startKerberosHelper }: ServiceOptions): Service => {
  const serviceClock = new ServiceClock(clock);
  const replyApi = new ReplyApi({ network, log, now: () => serviceClock.now() });
  const ledger = new Ledger(config.memoryMegabytes * 1024 * 1024);
  const origins = new Origins({
    connections: config.originConnections,
    connectTimeoutMs: config.originConnectSeconds * 1000,
    connectTo: config.connectTo,
    tlsOf: createTlsOf(config.clientCertificates, config.tlsMinimum),
    ca: network.ca,
    clock,
  });
  const kerberos = new Kerberos({
    credentials: config.kerberosCredentials,
    principals: config.kerberosPrincipals,
    controllers: config.kerberosKdcs,
    deadlineMs: config.kerberosSeconds * 1000,
    stateDirectory: config.stateDirectory,
    startHelper: startKerberosHelper,
    clock,
    log,
  });
  const post = createPost({
    send: replyApi.send,
    clock,
    random,
    log,
    onRefused: () => supervisor.renew(),
    count: (result) => metrics.count('sallyport_posts_total', result),
  });
  const methods: Methods = {
    kerberos: kerberosMethod(countingTickets(kerberos, (source) => metrics.count('sallyport_kerberos_tickets_total', source))),
    ntlm: ntlmMethod(clock),
    password: passwordMethod({ open: createVault(readVaultKeys(config.vaultKeys)), callOrigin: origins.call, clock }),
  };
  const reports = new OriginReports({
    allowlist: config.allow,
    probe: createProbeOrigin(origins.connect, clock),
    now: () => serviceClock.now(),
    changed: () => supervisor.report(),
  });
  const sockets = new Sockets({ clock, post, ledger, log, limit: config.originSockets });
  const exchanges = new Exchanges({
    clock,
    serviceClock,
    post,
    callOrigin: signingOn(origins.call, methods),
    settle: (callback) => setImmediate(() => setImmediate(callback)),
    allowlist: config.allow,
    ledger,
    sockets,
    limit: config.exchanges,
    tried: (target, code) => reports.note(target, code),
    log,
    count: (what, outcome) => metrics.count(what === 'exchange' ? 'sallyport_exchanges_total' : 'sallyport_frames_refused_total', outcome),
  });

  const warned = new Set<string>();
  /** One after the other, so that what was told last stays. */
  let noting = Promise.resolve();
  const onWelcome = (welcome: Welcome) => {
    exchanges.use(welcome.connector);
    replyApi.use(welcome);
    reports.use(welcome.applications);
    const aheadMs = Math.round(serviceClock.aheadMs());
    if (Math.abs(aheadMs) > CLOCK_WARNING_MS) log.warn('clock.off', { code: 'ERR_CONNECTOR_CLOCK', aheadMs });
    noting = noting.then(() =>
      noteApplications(config.stateDirectory, welcome.applications).catch((error: unknown) =>
        log.warn('applications.not-noted', { error }),
      ),
    );
    for (const { name, internalUrl } of welcome.applications) {
      if (warned.has(internalUrl) || !URL.canParse(internalUrl) || findAllowed(config.allow, new URL(internalUrl))) continue;
      warned.add(internalUrl);
      log.warn('allowlist.lacks', { application: name, origin: new URL(internalUrl).origin, hint: 'Add it with --allow, if it is meant.' });
    }
  };

  const supervisor = new Supervisor({
    dial: async () => {
      const token = await createDialToken(identity, clock.now());
      return dial(
        { url: identity.tunnelUrl, token, network, now: clock.now },
        (socket) =>
          new Tunnel(socket, {
            clock,
            serviceClock,
            random,
            log,
            openWelcome: (sealed) => openWelcome(sealed, identity.sealingKey, identity.connector),
            onWelcome,
            onOpen: (connectionId) => exchanges.moved(connectionId),
            onFrame: (text, key) => exchanges.receive(text, key),
            reports,
          }),
      );
    },
    exchanges,
    clock,
    random,
    log,
    drainMs: config.drainSeconds * 1000,
    exitAfterMs: config.exitAfterMinutes * 60_000,
  });

  metrics.gauge('sallyport_tunnels', () => supervisor.tunnels);
  metrics.gauge('sallyport_exchanges_running', () => exchanges.running);
  metrics.gauge('sallyport_sockets', () => sockets.open);
  metrics.gauge('sallyport_held_bytes', () => ledger.held);
  return {
    supervisor,
    close: async () => {
      await exchanges.close();
      kerberos.close();
      replyApi.close();
      await Promise.all([origins.close(), noting]);
    },
  };
};
