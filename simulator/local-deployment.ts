// Everything that `npm start` brings up, in order: a site on the private network, an identity provider, the deployed stack,
// connectors, published applications. Ends it all again, the last first.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { parse as parseYaml } from 'yaml';
import { createControlClient } from '../cli/control-client.ts';
import { SallyportError } from '../protocol/errors.ts';
import type { Log } from '../protocol/log.ts';
import type { Built } from './built.ts';
import { USER_POOL_ORIGIN } from './cognito-idp/user-pools.ts';
import { createConnectors } from './connectors.ts';
import { startIdentityProvider } from './identity-provider/identity-provider.ts';
import { USERS, type UserChanges } from './identity-provider/users.ts';
import { readAwsRuntime } from './lambda/aws-runtime.ts';
import type { ReadyFile } from './ready-file.ts';
import { startSimulator } from './simulator.ts';
import { startSite } from './site/site.ts';
import type { StartOptions } from './start-options.ts';

export interface LocalDeployment {
  readonly ready: ReadyFile;
  /** From here on it counts and breaks what was asked for: the start itself is neither billed nor broken. */
  begin(): void;
  dispose(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TENANT_FILE = join(ROOT, 'tenants/local.yaml');
const REGION = 'us-east-1';
const CERTIFICATE_ARN = 'arn:aws:acm:us-east-1:123456789012:certificate/simulated';
const GROUP = 'default';

/** What this file needs of the local tenant. */
interface LocalTenant {
  readonly domain: string;
  /** Left out: the stack makes a user pool. */
  readonly identityProviders?: readonly { readonly id: string; readonly issuer: string; readonly clientId: string }[];
  readonly applications: readonly { readonly id: string; readonly externalUrl: string; readonly internalUrl: string }[];
}

/** `signal` breaks the start off; what had been started is ended then. */
export const startLocalDeployment = async (
  options: StartOptions,
  built: Built,
  log: Log,
  signal: AbortSignal,
): Promise<LocalDeployment> => {
  const tenant: LocalTenant = parseYaml(readFileSync(options.tenant ?? TENANT_FILE, 'utf8'));
  const taken = options.publish.find(({ name }) => tenant.applications.some(({ id }) => id === name));
  if (taken) {
    throw new SallyportError('ERR_CONFIGURATION_INVALID', `--publish ${taken.name}: a sample application has this name. Choose another.`);
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
    const provider = ending(await startIdentityProvider());
    const [intranet] = tenant.applications;
    const [registered] = tenant.identityProviders ?? [];
    const simulator = ending(
      await startSimulator({
        assembly: built.assembly,
        parameters: { CertificateArn: CERTIFICATE_ARN },
        addresses: {
          [registered?.issuer ?? USER_POOL_ORIGIN]: provider.issuer,
          ...(intranet ? { [new URL(intranet.internalUrl).origin]: new URL(site.url).origin } : {}),
        },
        port: options.port,
        tls: options.tls,
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
    const portal = `${publicServer.origin(`portal.${tenant.domain}`)}/`;

    const [ofPool] = simulator.userPoolClients;
    if (ofPool) {
      const { poolId, clientId, callbackUrls, logoutUrls } = ofPool;
      const addresses = { redirectUris: callbackUrls, postLogoutRedirectUris: logoutUrls };
      await provider.serve({ clientId, clientSecret: null, userPoolId: poolId, ...addresses });
    } else {
      const clientSecret = randomBytes(32).toString('base64url');
      await storeClientSecret(simulator.awsEndpointUrl, administrator, outputs.ClientSecretArn1, clientSecret);
      await provider.serve({
        clientId: registered?.clientId ?? '',
        clientSecret,
        redirectUris: [outputs.RedirectUri1 ?? ''],
        postLogoutRedirectUris: [`${portal}signed-out`],
        userPoolId: null,
      });
    }
    simulator.control.add([
      {
        method: 'PUT',
        path: '/identity-provider',
        says: 'takes {"reachable": false}: the provider refuses connections until true',
        handle: ({ body }) => provider.setReachable(readReachable(body)),
      },
      {
        method: 'PUT',
        path: '/identity-provider/users/:name',
        says: 'takes {"groups": ["staff"]} or {"disabled": true}: what the provider says of a test user from now on',
        handle: ({ params: { name = '' }, body }) => {
          if (!provider.changeUser(name, readUserChanges(body)))
            throw new SallyportError('ERR_REQUEST_INVALID', `There is no user ${name}.`);
        },
      },
    ]);

    const controlApi = outputs.ControlEndpoint ?? '';
    const control = createControlClient({ endpoint: controlApi, region: REGION, credentials: async () => administrator });
    const origins = [site.url, ...options.publish.map(({ internalUrl }) => internalUrl)].map((url) => new URL(url).origin);
    const connectors = ending(
      createConnectors({
        program: built.connector,
        allow: [...new Set(origins)],
        config: options.connectorConfig,
        authority: publicServer.authority,
      }),
    );
    const enrolled = Array.from({ length: options.connectors }, async (_, index) =>
      connectors.start((await control.issueCode(GROUP)).code, `connector-${index + 1}`),
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
    const applications = [...tenant.applications.map((one) => ({ ...one, internalUrl: site.url })), ...published];
    if (published.length > 0) await control.apply(applications);

    return {
      dispose,
      begin: () => {
        simulator.meter.reset();
        simulator.faults.set(options.faults);
      },
      ready: {
        portal,
        applications: applications.map(({ id, externalUrl }) => ({
          name: id,
          url: `${publicServer.origin(new URL(externalUrl).hostname)}/`,
        })),
        users: USERS.map(({ username, password, groups }) => ({ username, password, groups })),
        meter: `${simulator.controlUrl}/meter`,
        control: simulator.controlUrl,
        identityProvider: ofPool ? `${provider.issuer}/${ofPool.poolId}` : provider.issuer,
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

/** As an administrator does after `cdk deploy`: with an AWS client, into the secret that the stack made. */
const storeClientSecret = async (
  endpoint: string,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
  secretId: string | undefined,
  value: string,
): Promise<void> => {
  const client = new SecretsManagerClient({ endpoint, region: REGION, credentials });
  try {
    await client.send(new PutSecretValueCommand({ SecretId: secretId, SecretString: value }));
  } finally {
    client.destroy();
  }
};
