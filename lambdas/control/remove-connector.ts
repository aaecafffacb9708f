// `DELETE /control/connectors/{id}`: takes a connector's access away. The registry comes first, so that it cannot dial again;
// then its open tunnels are closed, so that nothing goes on over them.

import type { RemovedConnector } from '../../protocol/control.ts';
import { SallyportError } from '../../protocol/errors.ts';
import type { Log } from '../../protocol/log.ts';
import type { CloseConnection } from '../close-connection.ts';
import type { Registry } from '../stores/records.ts';

export interface RemoveConnectorPorts {
  readonly registry: Pick<Registry, 'connectors' | 'removeConnector'>;
  readonly closeTunnel: CloseConnection;
  readonly log: Log;
}

/** Throws ERR_CONTROL_UNKNOWN. */
export const removeConnector = async (id: string, { registry, closeTunnel, log }: RemoveConnectorPorts): Promise<RemovedConnector> => {
  const connector = (await registry.connectors()).find((known) => known.id === id);
  if (!connector) throw new SallyportError('ERR_CONTROL_UNKNOWN', `No connector has the id ${id}: \`sallyport status\` lists them.`);
  const tunnels = await registry.removeConnector(connector);
  const isOpen = async (connectionId: string): Promise<boolean> => {
    try {
      await closeTunnel(connectionId);
      return false;
    } catch (error) {
      log.error('control.tunnel-not-closed', { connector: id, connectionId, error });
      return true;
    }
  };
  const tunnelsLeftOpen = (await Promise.all(tunnels.map(isOpen))).filter((open) => open).length;
  const removed = { connector: id, name: connector.name, group: connector.group, tunnelsLeftOpen };
  log.info('control.connector-removed', {
    ...{ ...removed, tunnels: tunnels.length },
    audit: { kind: 'enrolment', change: 'unenroll', entity: { type: 'Connector', uid: id, name: connector.name } },
  });
  return removed;
};
