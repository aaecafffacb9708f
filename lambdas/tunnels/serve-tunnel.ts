// The Tunnel API's routes: `$connect`, hello, heartbeat, drain, `$disconnect`. What is answered goes back on the same socket.
import { asSallyportError, ERRORS, SallyportError } from '../../protocol/errors.ts';
import type { Log } from '../../protocol/log.ts';
import type { HelloMessage, TunnelMessage, WelcomeSecrets } from '../../protocol/tunnel-messages.ts';
import { frameSecret } from '../keys.ts';
import { isLive } from '../stores/live-tunnel.ts';
import type { Connector, Directory, Registry, Tunnel } from '../stores/records.ts';
import { connect, refuseConnect } from './connect.ts';
import { identify, type TunnelAnswer, type TunnelEvent, type TunnelIdentity } from './event.ts';
import { readMessage } from './message.ts';
import { fitApplications, seal } from './welcome.ts';

/** API Gateway closes a WebSocket at this age. */
const TUNNEL_MAX_AGE_MS = 2 * 60 * 60_000;

export interface TunnelPorts {
  readonly registry: Registry;
  readonly directory: Pick<Directory, 'applications'>;
  readonly masterKey: () => Promise<string>;
  /** Credentials that can do nothing but post to the Reply API, in the connector's name. */
  readonly replyCredentials: (connector: string) => Promise<WelcomeSecrets['credentials']>;
  readonly replyEndpoint: string;
  readonly region: string;
  readonly now: () => number;
  readonly log: Log;
}

export const createServeTunnel = (ports: TunnelPorts) => {
  const { registry, now } = ports;

  return async (event: TunnelEvent): Promise<TunnelAnswer> => {
    const { routeKey, connectionId, requestId } = event.requestContext;
    const identity = identify(event, now());
    const log = ports.log.with({ connectionId, requestId, connector: identity?.connector });
    if (identity === null) {
      log.error('tunnel.unidentified', { routeKey });
      return routeKey.startsWith('$') ? { statusCode: 401 } : said(refusal(new SallyportError('ERR_CONNECTOR_UNKNOWN')));
    }

    if (routeKey === '$connect') {
      try {
        const answer = await connect(event, identity, registry);
        log.info('tunnel.connect', { audit: { kind: 'dial', user: identity.connector } });
        return answer;
      } catch (failure) {
        const error = asSallyportError(failure);
        log.warn('tunnel.connect-refused', { error, audit: { kind: 'dial', user: identity.connector } });
        return refuseConnect(error);
      }
    }
    if (routeKey === '$disconnect') {
      const { disconnectStatusCode, disconnectReason } = event.requestContext;
      log.info('tunnel.disconnect', { closeCode: disconnectStatusCode, closeReason: disconnectReason });
      await forget(ports, identity, log);
      return { statusCode: 200 };
    }

    try {
      return said(await answer({ ...ports, log }, identity, routeKey, event.body));
    } catch (failure) {
      const error = asSallyportError(failure);
      log.warn('tunnel.refused', { routeKey, error });
      // A connector that was removed while its tunnel is open gets nothing more over it.
      if (error.code === 'ERR_CONNECTOR_UNKNOWN') await forget(ports, identity, log);
      return said(refusal(error));
    }
  };

  async function answer(at: TunnelPorts, identity: TunnelIdentity, routeKey: string, body?: string): Promise<TunnelMessage> {
    const message = readMessage(routeKey, body);
    switch (message.type) {
      case 'hello':
        return welcome(at, identity, message);
      case 'heartbeat':
        await save(registry, identity, (await known(registry, identity)).version, now());
        if (message.origins === 'unreadable') at.log.warn('tunnel.origins-unreadable', { code: 'ERR_FRAME_INVALID' });
        else if (message.origins.length > 0) await registry.saveReports(identity, message.origins);
        return { type: 'alive', now: now() };
      case 'drain':
        await registry.drainTunnel(identity);
        at.log.info('tunnel.draining');
        return { type: 'drained', others: await hasOthers(at, identity) };
    }
  }
};

const welcome = async (ports: TunnelPorts, identity: TunnelIdentity, { version, keysApart }: HelloMessage): Promise<TunnelMessage> => {
  const { registry, directory, masterKey, replyCredentials, replyEndpoint, region, now, log } = ports;
  const connector = await known(registry, identity);
  const [master, credentials, applications] = await Promise.all([masterKey(), replyCredentials(connector.id), directory.applications()]);
  const { secrets, left } = fitApplications(
    {
      connector: connector.id,
      group: identity.group,
      frameKey: Buffer.from(frameSecret(master, connector.id)).toString('base64url'),
      keysApart: true,
      replyEndpoint,
      region,
      credentials,
    },
    applications.filter(({ connectorGroup }) => connectorGroup === identity.group),
  );
  const sealed = await seal(secrets, connector);
  // Last: a router that finds the tunnel must find a connector that has its key, or is about to.
  await save(registry, { ...identity, ...(keysApart && { keysApart }) }, version, now());
  log.info('tunnel.hello', { version, group: identity.group, applications: secrets.applications.length, applicationsLeftOut: left });
  return { type: 'welcome', now: now(), connectionId: identity.connectionId, sealed };
};

/** Where that cannot be said, there may be. */
const hasOthers = async ({ registry, now, log }: TunnelPorts, { group, connectionId }: TunnelIdentity): Promise<boolean> => {
  try {
    return (await registry.tunnels(group)).some((tunnel) => tunnel.connectionId !== connectionId && isLive(tunnel, now()));
  } catch (error) {
    log.warn('tunnel.others-unknown', { error });
    return true;
  }
};

const known = async (registry: Registry, { connector: id }: TunnelIdentity): Promise<Connector> => {
  const connector = await registry.findConnector(id);
  if (connector === null) throw new SallyportError('ERR_CONNECTOR_UNKNOWN', `Connector ${id} has been removed. Enrol it again.`);
  return connector;
};

const save = (
  registry: Registry,
  { connectionId, connector, group, openedAt, keysApart }: TunnelIdentity & Pick<Tunnel, 'keysApart'>,
  version: string,
  seenAt: number,
) =>
  registry.saveTunnel(
    {
      connectionId,
      connector,
      group,
      openedAt,
      seenAt,
      expiresAt: openedAt + TUNNEL_MAX_AGE_MS,
      draining: false,
      ...(keysApart && { keysApart }),
    },
    version,
  );

/** Best effort: what stays behind is found dead by the router, or expires. */
const forget = async ({ registry }: TunnelPorts, identity: TunnelIdentity, log: Log): Promise<void> => {
  try {
    await registry.removeTunnel(identity);
  } catch (error) {
    log.warn('tunnel.not-forgotten', { error });
  }
};

/** Connectors' own faults are told in full; of ours they learn the table's sentence only. */
const refusal = ({ code, message, traits: { hop } }: SallyportError): TunnelMessage => ({
  type: 'refused',
  code,
  message: hop === 'connector' || hop === 'tunnel' ? message : ERRORS[code].message,
});

const said = (message: TunnelMessage): TunnelAnswer => ({ statusCode: 200, body: JSON.stringify(message) });
