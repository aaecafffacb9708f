// Asks the connectors of a group one after the other until one takes the request. A dead tunnel is replaced by the next; a connector that
// has not carried the request out, or may not or cannot reach the origin, by another.
import { SallyportError } from '../../protocol/errors.ts';
import type { Log } from '../../protocol/log.ts';
import { type Choice, type ChoicePorts, nextTunnel, originOf, type Wish } from './next-tunnel.ts';
import { type Failed, mayRunElsewhere, moreTelling, SAME_FOR_CONNECTOR } from './run-elsewhere.ts';

export interface TurnPorts extends ChoicePorts {
  readonly log: Log;
}

/** `taken`: the connector has it. `gone`: its tunnel is no more, and nothing was delivered. */
export type Attempt<Taken> = { readonly taken: Taken } | { readonly failed: Failed } | 'gone';

/** More than this many silent connectors in a row are no longer chance. */
const ATTEMPTS_MAX = 5;

/** Throws ERR_NO_CONNECTOR when there is none to ask, else the failure of the last connector, or of one before that tells more. */
export const askInTurn = async <Taken>(
  ports: TurnPorts,
  wish: Wish,
  /** What is asked again where it may have been carried out; of an upload, whose body is to come, nothing is. */
  method: string | null,
  attempt: (choice: Choice) => Promise<Attempt<Taken>>,
): Promise<Taken> => {
  const { tunnels, reach, log } = ports;
  const origin = originOf(wish.request.url);
  const tried = new Set<string>();
  // Connectors that cannot do it, whichever of their tunnels is taken.
  const cutOff = new Set<string>();
  let failure: SallyportError | null = null;
  /** What failed last, told once there is another to ask. */
  let retried: Readonly<Record<string, unknown>> | null = null;

  for (let attempts = 0; attempts < ATTEMPTS_MAX; ) {
    const choice = await nextTunnel(ports, wish, ({ connectionId, connector }) => !tried.has(connectionId) && !cutOff.has(connector));
    if (choice === null) break;
    if (retried !== null) log.info('exchange.retried', retried);
    retried = null;
    const { connectionId, connector } = choice.tunnel;
    tried.add(connectionId);

    const outcome = await attempt(choice);
    if (outcome === 'gone') {
      // Costs a few milliseconds and is no attempt: after a restart of every connector the registry may hold many such.
      tunnels.forget(wish.group, connectionId);
      continue;
    }
    if ('taken' in outcome) {
      reach.worked(connector, origin);
      return outcome.taken;
    }
    const { error, unreached, told } = outcome.failed;
    failure = moreTelling(failure, error);
    if (error.code === 'ERR_CONNECTOR_DRAINING') {
      // The same: nothing else that this router has comes to it.
      tunnels.forget(wish.group, connectionId);
      continue;
    }
    if (unreached) reach.failed(connector, origin);
    // However many connectors do not reach it, each is asked once.
    else attempts += 1;
    if (!mayRunElsewhere(method, outcome.failed)) throw error;
    if (unreached || SAME_FOR_CONNECTOR.has(error.code)) cutOff.add(connector);
    retried = { connector, ...told, error };
  }
  if (failure !== null) throw failure;
  throw new SallyportError(
    'ERR_NO_CONNECTOR',
    `No connector of group ${wish.group} has a live tunnel; ${await lastSeen(ports, wish.group)}.`,
  );
};

/** For the log alone. */
const lastSeen = async ({ tunnels }: TurnPorts, group: string): Promise<string> => {
  try {
    const at = await tunnels.lastSeen(group);
    return at === null ? 'none is enrolled' : `the last was seen at ${new Date(at).toISOString()}`;
  } catch {
    return 'when the last was seen is not known';
  }
};
