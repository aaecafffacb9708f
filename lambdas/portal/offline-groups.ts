// Which connector groups have nobody to ask: their applications are shown as offline. A registry that cannot be read marks none.
import { isLive } from '../stores/live-tunnel.ts';
import type { Application } from '../stores/records.ts';
import type { PortalPorts } from './ports.ts';

export const offlineGroups = async (
  { registry, now, log }: Pick<PortalPorts, 'registry' | 'now' | 'log'>,
  applications: readonly Pick<Application, 'connectorGroup'>[],
): Promise<ReadonlySet<string>> => {
  const groups = [...new Set(applications.map(({ connectorGroup }) => connectorGroup))];
  try {
    const tunnels = await Promise.all(groups.map((group) => registry.tunnels(group)));
    return new Set(groups.filter((_, index) => !tunnels[index]!.some((tunnel) => isLive(tunnel, now()))));
  } catch (error) {
    log.warn('portal.reachability-unknown', { error });
    return new Set();
  }
};
