// Whether a tunnel takes new exchanges, as far as the registry can know.
import { TUNNEL_STALE_MS } from '../../protocol/limits.ts';
import type { Tunnel } from './records.ts';

export const isLive = ({ draining, seenAt }: Pick<Tunnel, 'draining' | 'seenAt'>, now: number): boolean =>
  !draining && now - seenAt <= TUNNEL_STALE_MS;
