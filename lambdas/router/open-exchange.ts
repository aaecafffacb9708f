// Fifth pass: finds a connector that takes the request and has the origin's answer to it. A request is run a second time only where that
// cannot do harm.
import type { FrameKey } from '../../protocol/codec.ts';
import { asSallyportError } from '../../protocol/errors.ts';
import type { Tunnel } from '../stores/records.ts';
import { type Attempt, askInTurn, type TurnPorts } from './ask-in-turn.ts';
import { Exchange, type ExchangePorts } from './exchange.ts';
import type { ExchangePlan } from './exchange-plan.ts';
import type { Choice } from './next-tunnel.ts';
import type { ReadTunnels } from './ports.ts';
import type { ResponseHead } from './response-inbox.ts';
import { IDEMPOTENT } from './run-elsewhere.ts';

export interface OpenPorts extends ExchangePorts, TurnPorts {
  readonly tunnels: ReadTunnels;
  readonly clock: ExchangePorts['clock'];
  readonly log: ExchangePorts['log'];
  readonly frameKeyOf: (tunnel: Pick<Tunnel, 'connector' | 'keysApart'>) => Promise<FrameKey>;
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

/** Throws ERR_NO_CONNECTOR when there is none to ask, else what the connectors failed of. */
export const openExchange = (ports: OpenPorts, ask: Ask): Promise<Opened> =>
  askInTurn(ports, ask, ask.request.method, (choice) => attempt(ports, ask, choice));

const attempt = async (ports: OpenPorts, ask: Ask, { tunnel, others }: Choice): Promise<Attempt<Opened>> => {
  const key = await ports.frameKeyOf(tunnel);
  const { request, body, receivedAt, deadlineAt } = ask;
  const elsewhere = !IDEMPOTENT.has(request.method) ? 'never' : others ? 'now' : 'later';
  const exchange = new Exchange({ id: ports.newExchangeId(), tunnel, key, request, body, elsewhere, receivedAt, deadlineAt }, ports);
  ask.attempted(exchange);
  const stop = (): void => exchange.cancel(ask.gone.reason);
  ask.gone.addEventListener('abort', stop, { once: true });
  try {
    ask.gone.throwIfAborted();
    const head = await exchange.open();
    return head === null ? 'gone' : { taken: { exchange, head } };
  } catch (error) {
    const { id, notCarriedOut, unreached, postFailed, course } = exchange;
    const told = { exchange: id, ...course, ms: ports.clock.now() - receivedAt };
    return { failed: { error: asSallyportError(error), notCarriedOut, unreached, postFailed, told } };
  } finally {
    ask.gone.removeEventListener('abort', stop);
  }
};
