// A Sallyport whose users come from an identity provider that is not the simulator's own: the local stack, the sample site, a connector.
import { randomBytes } from 'node:crypto';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createControlClient } from '../../cli/control-client.ts';
import { createLog } from '../../protocol/log.ts';
import { createConnectors } from '../../simulator/connectors.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { startSite } from '../../simulator/site/site.ts';
import { built } from './built.ts';

const REGION = 'us-east-1';
const CERTIFICATE_ARN = 'arn:aws:acm:us-east-1:123456789012:certificate/simulated';

export interface ProviderWorld {
  /** Ending with `/`. */
  readonly portal: string;
  readonly intranet: string;
  /** What the provider must know us by. */
  readonly clientSecret: string;
  dispose(): Promise<void>;
}

export interface ProviderWorldOptions {
  /** Where the provider is or will be, instead of the one in tenants/local.yaml. */
  readonly issuer?: string;
  /** A folder with another tenant's stack. */
  readonly assembly?: string;
}

export const startProviderWorld = async ({ issuer, assembly = built('assembly') }: ProviderWorldOptions): Promise<ProviderWorld> => {
  const ends: (() => Promise<void>)[] = [];
  let isEnding = false;
  const dispose = async () => {
    isEnding = true;
    for (let end = ends.pop(); end; end = ends.pop()) await end();
  };
  const ending = <T extends { dispose(): Promise<void> }>(part: T): T => {
    ends.push(() => part.dispose());
    return part;
  };
  try {
    const site = ending(await startSite());
    const simulator = ending(
      await startSimulator({
        assembly,
        parameters: { CertificateArn: CERTIFICATE_ARN },
        ...(issuer !== undefined && { addresses: { 'https://login.sallyport.localhost': issuer } }),
        // What is said while everything ends is about the end.
        log: createLog({ level: 'error', write: (line) => !isEnding && process.stderr.write(`${line}\n`) }),
      }),
    );
    const { administrator, outputs, publicServer, awsEndpointUrl } = simulator;
    const credentials = { accessKeyId: administrator.accessKeyId, secretAccessKey: administrator.secretAccessKey };

    const clientSecret = randomBytes(32).toString('base64url');
    const secrets = new SecretsManagerClient({ endpoint: awsEndpointUrl, region: REGION, credentials });
    if (outputs.ClientSecretArn1 !== undefined)
      await secrets.send(new PutSecretValueCommand({ SecretId: outputs.ClientSecretArn1, SecretString: clientSecret }));
    secrets.destroy();

    const control = createControlClient({
      endpoint: outputs.ControlEndpoint ?? '',
      region: REGION,
      credentials: async () => administrator,
    });
    const program = built('connector.mjs');
    const connectors = ending(
      createConnectors({
        program,
        allow: ['http://intranet.corp.example'],
        connectTo: [`intranet.corp.example:80=${new URL(site.url).host}`],
        config: null,
        portalHost: 'portal.sallyport.localhost',
        authority: publicServer.authority,
      }),
    );
    await connectors.start((await control.issueCode('default')).code, 'connector');

    return {
      portal: `${publicServer.origin('portal.sallyport.localhost')}/`,
      intranet: `${publicServer.origin('intranet.apps.sallyport.localhost')}/`,
      clientSecret,
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
};
