// By which tunnel a connector group is asked next, and so which of its connectors.
import { TUNNEL_STALE_MS } from '../../protocol/limits.ts';
import type { SignOn } from '../../protocol/sign-on.ts';
import { digest } from '../keys.ts';
import type { Tunnel } from '../stores/records.ts';
import type { Clock, ReadTunnels } from './ports.ts';
import type { Reach } from './reach.ts';

export interface ChoicePorts {
  readonly tunnels: ReadTunnels;
  readonly reach: Reach;
  readonly clock: Pick<Clock, 'now'>;
  /** In [0, 1). */
  readonly random: () => number;
}

export interface Wish {
  readonly group: string;
  readonly request: { readonly url: string; readonly signOn?: SignOn | undefined };
}

export interface Choice {
  readonly tunnel: Tunnel;
  /** Whether another connector could be asked. */
  readonly others: boolean;
}

/**
 * Live tunnels first, the newest of each connector, at random, of the one connector that has something of the user's session where there is
 * such; stale ones when no other is left; from memory, then once more from the registry itself, and only then those that are doubted. Of
 * those alike, whoever could not reach the origin a moment ago comes last.
 */
export const nextTunnel = async (
  ports: ChoicePorts,
  { group, request }: Wish,
  untried: (tunnel: Tunnel) => boolean,
): Promise<Choice | null> => {
  const { tunnels, reach, clock } = ports;
  const origin = originOf(request.url);
  for (const read of [tunnels.tunnels, tunnels.freshTunnels]) {
    const now = clock.now();
    const usable = (await read(group)).filter((tunnel) => !tunnel.draining && tunnel.expiresAt > now && untried(tunnel));
    const live = usable.filter(({ seenAt }) => now - seenAt < TUNNEL_STALE_MS);
    const newest = newestOfEach(live.length > 0 ? live : usable);
    const sound = newest.filter(({ connectionId }) => !tunnels.doubted(connectionId));
    const possible = sound.length > 0 || read === tunnels.tunnels ? sound : newest;
    const reaching = possible.filter((tunnel) => !reach.doubted(tunnel, origin));
    const choice = keptTo(request.signOn, reaching.length > 0 ? reaching : possible);
    const tunnel = choice[Math.floor(ports.random() * choice.length)];
    if (tunnel) return { tunnel, others: usable.some(({ connector }) => connector !== tunnel.connector) };
  }
  return null;
};

/** As its request's URL has it. */
export const originOf = (url: string): string => new URL(url).origin;

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
