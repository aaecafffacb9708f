// For tests: the control API with its stores on emulated tables, and everything else played.
import type { LogPage } from '../../../protocol/control.ts';
import { createLog } from '../../../protocol/log.ts';
import type { CloseConnection } from '../../close-connection.ts';
import type { HttpAnswer } from '../../http-api.ts';
import { createCredentialStore } from '../../stores/credentials.ts';
import { createDirectory } from '../../stores/directory.ts';
import { startEmulatedTables } from '../../stores/emulated-table.ts';
import type { CredentialStore, Directory, Registry, ServiceTokens, Sessions } from '../../stores/records.ts';
import { createRegistry } from '../../stores/registry.ts';
import { createServiceTokens } from '../../stores/service-tokens.ts';
import { createSessions } from '../../stores/sessions.ts';
import { createTable } from '../../stores/table.ts';
import type { LogQuery } from '../function-log.ts';
import { createServeControl } from '../serve-control.ts';

export const NOW = 1_700_000_000_000;
export const SECRET = 's'.repeat(43);
export const ADMINISTRATOR = { iam: { userArn: 'arn:aws:iam::123456789012:user/ada' } };

/** An application as a tenant file has it. */
export const wiki = {
  id: 'wiki',
  name: 'Wiki',
  externalUrl: 'https://wiki.apps.example.com/',
  internalUrl: 'http://wiki.corp/',
  access: 'everyone',
};

export interface World {
  registry: Registry;
  directory: Directory;
  serviceTokens: ServiceTokens;
  sessions: Sessions;
  credentials: CredentialStore;
  closeTunnel: CloseConnection;
  /** Of the directory. */
  tableName: string;
  readonly tables: Awaited<ReturnType<typeof startEmulatedTables>>;
  readonly lines: Array<Record<string, unknown>>;
  /** Tunnels that were closed. */
  readonly closed: string[];
  /** What the router's log was asked, and the pages that it answers. */
  readonly searched: LogQuery[];
  pages: LogPage[];
  call(method: string, path: string, body?: unknown, authorizer?: object | null): Promise<HttpAnswer>;
  enrolConnector(id: string, group: string): Promise<void>;
  openTunnel(connector: string, group: string, change?: { seenAt?: number; draining?: boolean }): Promise<void>;
  /** New tables, nothing said. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export const startWorld = async (): Promise<World> => {
  const tables = await startEmulatedTables();
  const now = () => NOW;
  const lines: World['lines'] = [];
  const closed: string[] = [];
  const searched: LogQuery[] = [];
  const stores = async () => {
    const [registry, sessions, tableName] = await Promise.all([tables.create(), tables.create(), tables.create()]);
    const table = createTable(tables.client, registry);
    return {
      registry: createRegistry({ table, now }),
      serviceTokens: createServiceTokens({ table, now }),
      credentials: createCredentialStore({ table, now }),
      sessions: createSessions({ table: createTable(tables.client, sessions), now }),
      directory: createDirectory({ table: createTable(tables.client, tableName) }),
      tableName,
      closeTunnel: async (connectionId: string) => void closed.push(connectionId),
    };
  };

  const world: World = {
    ...(await stores()),
    ...{ tables, lines, closed, searched, pages: [] },
    call: (method, path, body, authorizer = ADMINISTRATOR) => {
      const { registry, directory, serviceTokens, sessions, credentials, closeTunnel } = world;
      const serve = createServeControl({
        ...{ registry, directory, serviceTokens, sessions, credentials, closeTunnel, now },
        routerLog: {
          find: async (query) => {
            searched.push(query);
            return world.pages.shift() ?? { lines: [], next: null };
          },
        },
        otherLogs: [],
        tenant: 'example',
        domain: 'example.com',
        alternateHosts: [],
        readTimeout: null,
        claims: ['username'],
        portalUrl: 'https://portal.example.com',
        randomSecret: () => SECRET,
        log: createLog({ write: (line) => void lines.push(JSON.parse(line)), now }),
      });
      const [plain, query] = path.split('?');
      return serve({
        rawPath: `/control/${plain}`,
        rawQueryString: query,
        headers: {},
        body: body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)).toString('base64'),
        isBase64Encoded: true,
        requestContext: {
          requestId: 'r-1',
          http: { method, path: `/control/${path}`, sourceIp: '192.0.2.1' },
          authorizer: authorizer ?? undefined,
        },
      });
    },
    enrolConnector: (id, group) =>
      world.registry.addConnector({
        ...{ id, name: id, group, enrolledAt: NOW, version: '0.1.0', seenAt: NOW },
        signingKey: { kty: 'EC', x: id },
        sealingKey: { kty: 'EC', x: id },
      }),
    openTunnel: (connector, group, change = {}) =>
      world.registry.saveTunnel(
        {
          ...{ connectionId: `${connector}=`, connector, group, openedAt: NOW, seenAt: NOW, expiresAt: NOW + 7_200_000, draining: false },
          ...change,
        },
        '0.1.0',
      ),
    reset: async () => {
      for (const list of [lines, closed, searched]) list.length = 0;
      Object.assign(world, await stores(), { pages: [] });
    },
    close: () => tables.close(),
  };
  return world;
};

export const read = <Answer>({ body }: HttpAnswer): Answer => JSON.parse(body);
