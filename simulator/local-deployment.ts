// Everything that `npm start` brings up, in order: a site on the private network, an identity provider, the deployed stack,
// connectors, published applications. Ends it all again, the last first.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createControlClient } from '../cli/control-client.ts';
import { SallyportError } from '../protocol/errors.ts';
import type { Log } from '../protocol/log.ts';
import { readTenantFile } from '../tenants/load.ts';
import type { Built } from './built.ts';
import { createConnectors, listsIn } from './connectors.ts';
import { startPlayedProviders } from './identity-provider/played-providers.ts';
import { USERS, type UserChanges } from './identity-provider/users.ts';
import { readAwsRuntime } from './lambda/aws-runtime.ts';
import type { ReadyFile } from './ready-file.ts';
import { startSimulator } from './simulator.ts';
import { startSite } from './site/site.ts';
import type { StartOptions } from './start-options.ts';
import { isBelowLocalhost } from './web-user.ts';

export interface LocalDeployment {
  readonly ready: ReadyFile;
  /** The tenant's. */
  readonly domain: string;
  /** What a user must find once signed in: an application that is on this machine, else the portal. Null: nobody can sign in here. */
  readonly proof: string | null;
  /** From here on it counts and breaks what was asked for: the start itself is neither billed nor broken. */
  begin(): void;
  dispose(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TENANT_FILE = join(ROOT, 'tenants/local.yaml');
const REGION = 'us-east-1';
const CERTIFICATE_ARN = 'arn:aws:acm:us-east-1:123456789012:certificate/simulated';
/** Of applications that name none. */
const DEFAULT_GROUP = 'default';
/** The sample site's name on the private network, where connectors alone find it. */
const SITE_HOST = 'intranet.corp.example';
const SITE_ORIGIN = `http://${SITE_HOST}`;

/** `signal` breaks the start off; what had been started is ended then. */
export const startLocalDeployment = async (
  options: StartOptions,
  built: Built,
  log: Log,
  signal: AbortSignal,
): Promise<LocalDeployment> => {
  const { tenant, applications: written } = readTenantFile(options.tenant ?? TENANT_FILE);
  const taken = options.publish.find(({ name }) => tenant.applications.some(({ id }) => id === name));
  if (taken) {
    throw new SallyportError(
      'ERR_CONFIGURATION_INVALID',
      `--publish ${taken.name}: an application of the tenant file has this name. Choose another.`,
    );
  }
  const ends: (() => Promise<void>)[] = [];
  const dispose = async () => {
    for (let end = ends.pop(); end; end = ends.pop()) await end();
  };
  const ending = <T extends { dispose(): Promise<void> }>(part: T): T => {
    ends.push(() => part.dispose());
    return part;
  };

  try {
    const site = ending(await startSite());
    const providers = ending(await startPlayedProviders(tenant));
    const simulator = ending(
      await startSimulator({
        assembly: built.assembly,
        parameters: { CertificateArn: CERTIFICATE_ARN },
        addresses: providers.addresses,
        port: options.port,
        // Browsers keep no `Secure` cookie of another name than localhost without it.
        tls: options.tls || !isBelowLocalhost(tenant.domain),
        lambda: options.lambda,
        lambdaTuning: {
          pacing: options.pace === 'aws',
          departures: options.departures,
          ...(options.runtime !== null && { runtime: readAwsRuntime(options.runtime) }),
        },
        quotas: {
          apigateway: {
            renamesStreamedLength: options.lengths === 'renamed' ? 1 : 0,
            ...(options.pace === 'off' && { streamBytesPerSecond: Number.POSITIVE_INFINITY }),
          },
        },
        log,
      }),
    );
    signal.throwIfAborted();
    const { outputs, administrator, publicServer } = simulator;
    const portal = `${publicServer.origin(tenant.portalHost)}/`;
    const storeSecret = (arn: string) => storeClientSecret(simulator.awsEndpointUrl, administrator, arn);
    await providers.serve({ outputs, portal, userPoolClients: simulator.userPoolClients, storeSecret });
    simulator.control.add([
      {
        method: 'PUT',
        path: '/identity-provider',
        says: 'takes {"reachable": false}: the identity provider refuses connections until true',
        handle: ({ body }) => providers.setReachable(readReachable(body)),
      },
      {
        method: 'PUT',
        path: '/identity-provider/users/:name',
        says: 'takes {"groups": ["staff"]} or {"disabled": true}: what the provider says of a test user from now on',
        handle: ({ params: { name = '' }, body }) => {
          if (!providers.changeUser(name, readUserChanges(body)))
            throw new SallyportError('ERR_REQUEST_INVALID', `There is no user ${name}.`);
        },
      },
    ]);

    const controlApi = outputs.ControlEndpoint ?? '';
    const control = createControlClient({ endpoint: controlApi, region: REGION, credentials: async () => administrator });
    const internal = tenant.applications.flatMap(({ internalUrl, segments }) => [
      internalUrl,
      ...segments.map((segment) => segment.internalUrl),
    ]);
    const { allow = internal.map(originOf), connectTo = [] } = options.connectorConfig === null ? {} : listsIn(options.connectorConfig);
    const connectors = ending(
      createConnectors({
        program: built.connector,
        allow: [...allow, SITE_ORIGIN, ...options.publish.map(({ internalUrl }) => originOf(internalUrl))],
        connectTo: [...connectTo, `${SITE_HOST}:80=${new URL(site.url).host}`],
        config: options.connectorConfig,
        portalHost: tenant.portalHost,
        authority: publicServer.authority,
      }),
    );
    const groups = [...new Set([DEFAULT_GROUP, ...tenant.applications.map(({ connectorGroup }) => connectorGroup)])];
    const enrolled = groups.flatMap((group) =>
      Array.from({ length: options.connectors }, async (_, index) =>
        connectors.start((await control.issueCode(group)).code, `${group === DEFAULT_GROUP ? '' : `${group}-`}connector-${index + 1}`),
      ),
    );
    await unlessAborted(Promise.all(enrolled), signal);

    const published = options.publish.map(({ name, internalUrl }) => ({
      id: name,
      name,
      description: `Published from ${new URL(internalUrl).host}`,
      externalUrl: `https://${name}.apps.${tenant.domain}/`,
      internalUrl,
      hostHeader: options.translate ? 'internal' : 'external',
      access: 'everyone',
      ...(options.translate && { translation: { links: 'on', scripts: true } }),
    }));
    if (published.length > 0) await control.apply([...(written as object[]), ...published]);

    const urls = [
      ...tenant.applications.map(({ id, host, path, internalUrl }) => {
        const isHere = originOf(internalUrl) === SITE_ORIGIN;
        return { name: id, url: publicServer.origin(host) + path, isHere };
      }),
      ...published.map(({ id, externalUrl }) => ({
        name: id,
        url: `${publicServer.origin(new URL(externalUrl).hostname)}/`,
        isHere: true,
      })),
    ];

    return {
      dispose,
      domain: tenant.domain,
      proof:
        providers.issuer === null
          ? null
          : (urls.find(({ isHere, url }) => isHere && !url.includes('*') && options.connectors > 0)?.url ?? portal),
      begin: () => {
        simulator.meter.reset();
        simulator.faults.set(options.faults);
      },
      ready: {
        portal,
        applications: urls.map(({ name, url }) => ({ name, url })),
        users: USERS.map(({ username, password, groups }) => ({
          username,
          email: `${username}@${providers.mailDomain}`,
          password,
          groups,
        })),
        meter: `${simulator.controlUrl}/meter`,
        control: simulator.controlUrl,
        identityProvider: providers.issuer ?? tenant.identityProviders[0]!.issuer,
        controlApi,
        region: REGION,
        administrator: { accessKeyId: administrator.accessKeyId, secretAccessKey: administrator.secretAccessKey },
        awsEndpoint: simulator.awsEndpointUrl,
        connectors: connectors.all,
        certificate: publicServer.authority,
      },
    };
  } catch (error) {
    await dispose();
    throw error;
  }
};

const readReachable = (body: unknown): boolean => {
  const value = typeof body === 'object' && body !== null && 'reachable' in body ? body.reachable : undefined;
  if (typeof value !== 'boolean') throw new SallyportError('ERR_REQUEST_INVALID', 'The body must be {"reachable": true} or false.');
  return value;
};

const readUserChanges = (body: unknown): UserChanges => {
  const { groups, disabled } = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const named = Array.isArray(groups) && groups.every((group) => typeof group === 'string') ? { groups } : {};
  const told = typeof disabled === 'boolean' ? { disabled } : {};
  const changes = { ...named, ...told };
  if (Object.keys(changes).length > 0) return changes;
  throw new SallyportError('ERR_REQUEST_INVALID', 'The body must be {"groups": ["staff"]}, {"disabled": true} or both.');
};

const unlessAborted = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
};

/** As an administrator does after `cdk deploy`: with an AWS client, into the secret that the stack made. Gives what it stored. */
const storeClientSecret = async (
  endpoint: string,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
  secretId: string,
): Promise<string> => {
  const value = randomBytes(32).toString('base64url');
  const client = new SecretsManagerClient({ endpoint, region: REGION, credentials });
  try {
    await client.send(new PutSecretValueCommand({ SecretId: secretId, SecretString: value }));
    return value;
  } finally {
    client.destroy();
  }
};

const originOf = (url: string): string => new URL(url).origin;
