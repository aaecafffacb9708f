// Fifth pass: finds a connector that takes the request. A dead tunnel is replaced by the next; a request is run a second time
// only where that cannot do harm (D13).
import type { FrameKey } from '../../protocol/codec.ts';
import { asSallyportError, SallyportError } from '../../protocol/errors.ts';
import { Exchange, type ExchangePorts } from './exchange.ts';
import type { ExchangePlan } from './exchange-plan.ts';
import { type Choice, type ChoicePorts, nextTunnel } from './next-tunnel.ts';
import type { ReadTunnels } from './ports.ts';
import type { ResponseHead } from './response-inbox.ts';
import { type Failed, IDEMPOTENT, mayRunElsewhere, SAME_FOR_CONNECTOR } from './run-elsewhere.ts';

export interface OpenPorts extends ExchangePorts, ChoicePorts {
  readonly tunnels: ReadTunnels;
  readonly clock: ExchangePorts['clock'];
  readonly frameKeyOf: (connector: string) => Promise<FrameKey>;
  readonly newExchangeId: () => string;
}

/** The user's side of it. */
export interface Asker extends Pick<ExchangePlan, 'receivedAt' | 'deadlineAt'> {
  /** Aborted when the user has gone, with ERR_USER_GONE. */
  readonly gone: AbortSignal;
  /** Told of each attempt, so that whatever happens has the id that the connector's log has. */
  readonly attempted: (exchange: Exchange) => void;
}

export interface Ask extends Asker, Omit<ExchangePlan, 'id' | 'tunnel' | 'key' | 'elsewhere'> {
  readonly group: string;
}

export interface Opened {
  readonly exchange: Exchange;
  readonly head: ResponseHead;
}

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
    if (!mayRunElsewhere(ask.request.method, outcome)) throw failure;
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

const attempt = async (ports: OpenPorts, ask: Ask, { tunnel, others }: Choice): Promise<Opened | Failed | 'gone'> => {
  const key = await ports.frameKeyOf(tunnel.connector);
  const { request, body, receivedAt, deadlineAt } = ask;
  const elsewhere = !IDEMPOTENT.has(request.method) ? 'never' : others ? 'now' : 'later';
  const exchange = new Exchange({ id: ports.newExchangeId(), tunnel, key, request, body, elsewhere, receivedAt, deadlineAt }, ports);
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
