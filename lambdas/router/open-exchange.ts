// Fifth pass: finds a connector that takes the request. A dead tunnel is replaced by the next; a request is run a second time
// only where that cannot do harm (D13).
import type { FrameKey } from '../../protocol/codec.ts';
import { asSallyportError, SallyportError } from '../../protocol/errors.ts';
import { TUNNEL_STALE_MS } from '../../protocol/limits.ts';
import type { SignOn } from '../../protocol/sign-on.ts';
import { digest } from '../keys.ts';
import type { Tunnel } from '../stores/records.ts';
import { Exchange, type ExchangePlan, type ExchangePorts } from './exchange.ts';
import type { ReadTunnels } from './ports.ts';
import type { ResponseHead } from './response-inbox.ts';

export interface OpenPorts extends ExchangePorts {
  readonly tunnels: ReadTunnels;
  readonly frameKeyOf: (connector: string) => Promise<FrameKey>;
  /** In [0, 1). */
  readonly random: () => number;
  readonly newExchangeId: () => string;
}

/** The user's side of it. */
export interface Asker extends Pick<ExchangePlan, 'receivedAt' | 'deadlineAt'> {
  /** Aborted when the user has gone, with ERR_USER_GONE. */
  readonly gone: AbortSignal;
  /** Told of each attempt, so that whatever happens has the id that the connector's log has. */
  readonly attempted: (exchange: Exchange) => void;
}

export interface Ask extends Asker, Omit<ExchangePlan, 'id' | 'tunnel' | 'key' | 'alone'> {
  readonly group: string;
}

export interface Opened {
  readonly exchange: Exchange;
  readonly head: ResponseHead;
}

/** RFC 9110 §9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
/** The connector or its link failed, so another connector may do better. */
const CONNECTOR_FAILED: ReadonlySet<string> = new Set(['ERR_CONNECTOR_SILENT', 'ERR_EXCHANGE_LOST', 'ERR_EXCHANGE_UNKNOWN']);
/** Another tunnel of the same connector leads to the same end. */
const SAME_FOR_CONNECTOR: ReadonlySet<string> = new Set([
  'ERR_ORIGIN_UNREACHABLE',
  'ERR_KERBEROS_KDC',
  'ERR_KERBEROS_CREDENTIALS',
  'ERR_KERBEROS_UNAVAILABLE',
  'ERR_CREDENTIALS_UNREADABLE',
]);
/** More than this many silent connectors in a row are no longer chance. */
const ATTEMPTS_MAX = 5;

/** Throws ERR_NO_CONNECTOR when there is none to ask, else the last connector's failure. */
export const openExchange = async (ports: OpenPorts, ask: Ask): Promise<Opened> => {
  const tried = new Set<string>();
  let failure: SallyportError | null = null;
  // Connectors that cannot do it, whichever of their tunnels is taken.
  const cutOff = new Set<string>();

  for (let attempts = 0; attempts < ATTEMPTS_MAX; ) {
    const choice = await nextTunnel(ports, ask, ({ connectionId, connector }) => !tried.has(connectionId) && !cutOff.has(connector));
    if (choice === null) break;
    const { tunnel } = choice;
    tried.add(tunnel.connectionId);

    const outcome = await attempt(ports, ask, choice);
    if (outcome === 'gone') {
      // Costs a few milliseconds and is no attempt: after a restart of every connector the registry may hold many such.
      ports.tunnels.forget(ask.group, tunnel.connectionId);
      continue;
    }
    if ('head' in outcome) return outcome;
    failure = outcome.error;
    if (failure.code === 'ERR_CONNECTOR_DRAINING') {
      // The same: nothing else that this router has comes to it.
      ports.tunnels.forget(ask.group, tunnel.connectionId);
      continue;
    }
    attempts += 1;
    if (!mayRunElsewhere(ask, outcome)) throw failure;
    if (SAME_FOR_CONNECTOR.has(failure.code)) cutOff.add(tunnel.connector);
    const { id, connector, course } = outcome.exchange;
    ports.log.info('exchange.retried', { exchange: id, connector, ...course, ms: ports.clock.now() - ask.receivedAt, error: failure });
  }
  throw (
    failure ??
    new SallyportError('ERR_NO_CONNECTOR', `No connector of group ${ask.group} has a live tunnel; ${await lastSeen(ports, ask.group)}.`)
  );
};

/** For the log alone. */
const lastSeen = async ({ tunnels }: OpenPorts, group: string): Promise<string> => {
  try {
    const at = await tunnels.lastSeen(group);
    return at === null ? 'none is enrolled' : `the last was seen at ${new Date(at).toISOString()}`;
  } catch {
    return 'when the last was seen is not known';
  }
};

interface Failed {
  readonly exchange: Exchange;
  readonly error: SallyportError;
}

const attempt = async (ports: OpenPorts, ask: Ask, { tunnel, others }: Choice): Promise<Opened | Failed | 'gone'> => {
  const key = await ports.frameKeyOf(tunnel.connector);
  const { request, body, receivedAt, deadlineAt } = ask;
  const exchange = new Exchange(
    { id: ports.newExchangeId(), tunnel, key, request, body, alone: !others || !IDEMPOTENT.has(request.method), receivedAt, deadlineAt },
    ports,
  );
  ask.attempted(exchange);
  const stop = (): void => exchange.cancel(ask.gone.reason);
  ask.gone.addEventListener('abort', stop, { once: true });
  try {
    ask.gone.throwIfAborted();
    const head = await exchange.open();
    return head === null ? 'gone' : { exchange, head };
  } catch (error) {
    return { exchange, error: asSallyportError(error) };
  } finally {
    ask.gone.removeEventListener('abort', stop);
  }
};

const mayRunElsewhere = ({ request }: Ask, { exchange, error }: Failed): boolean => {
  if (exchange.notCarriedOut) return true;
  if (!IDEMPOTENT.has(request.method)) return false;
  return CONNECTOR_FAILED.has(error.code) || error.code === 'ERR_ORIGIN_UNREACHABLE' || exchange.postFailed;
};

/** What one connector has of the user's session: its connection, its cookies at the application. */
const keptThere = (signOn: SignOn | undefined): string | null => {
  if (signOn?.method === 'ntlm') return signOn.connection;
  return signOn?.method === 'password' && signOn.form !== null ? signOn.session : null;
};

/** As long as it lives, every router finds the same connector for the same session (rendezvous hashing). */
const keptTo = (signOn: SignOn | undefined, tunnels: readonly Tunnel[]): readonly Tunnel[] => {
  const kept = keptThere(signOn);
  if (kept === null) return tunnels;
  const rank = ({ connector }: Tunnel): string => digest(`${kept} ${connector}`);
  const [first] = tunnels.map(rank).sort();
  return tunnels.filter((tunnel) => rank(tunnel) === first);
};

/** A connector that has opened another tunnel without draining the last has lost that one, even where posts to it are still taken. */
const newestOfEach = (tunnels: readonly Tunnel[]): readonly Tunnel[] => {
  const newest = new Map<string, number>();
  for (const { connector, openedAt } of tunnels) newest.set(connector, Math.max(openedAt, newest.get(connector) ?? openedAt));
  return tunnels.filter(({ connector, openedAt }) => openedAt === newest.get(connector));
};

export interface Choice {
  readonly tunnel: Tunnel;
  /** Whether another connector could be asked. */
  readonly others: boolean;
}

/**
 * Live tunnels first, the newest of each connector, at random, of the one connector that has something of the user's session where there is
 * such; stale ones when no other is left; from memory, then once more from the registry itself, and only then those that are doubted.
 */
export const nextTunnel = async (
  ports: OpenPorts,
  { group, request }: { readonly group: string; readonly request: Pick<Ask['request'], 'signOn'> },
  untried: (tunnel: Tunnel) => boolean,
): Promise<Choice | null> => {
  const { tunnels, clock } = ports;
  for (const read of [tunnels.tunnels, tunnels.freshTunnels]) {
    const now = clock.now();
    const usable = (await read(group)).filter((tunnel) => !tunnel.draining && tunnel.expiresAt > now && untried(tunnel));
    const live = usable.filter(({ seenAt }) => now - seenAt < TUNNEL_STALE_MS);
    const newest = newestOfEach(live.length > 0 ? live : usable);
    const sound = newest.filter(({ connectionId }) => !tunnels.doubted(connectionId));
    const choice = keptTo(request.signOn, sound.length > 0 || read === tunnels.tunnels ? sound : newest);
    const tunnel = choice[Math.floor(ports.random() * choice.length)];
    if (tunnel) return { tunnel, others: usable.some(({ connector }) => connector !== tunnel.connector) };
  }
  return null;
};
