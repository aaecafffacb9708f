// One tenant's deployment. Reads like the picture in ARCHITECTURE.md.
import { CfnOutput, CfnParameter, Stack, Tags } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { alternateHosts } from '../tenants/address-list.ts';
import type { Adopted } from '../tenants/aws.ts';
import type { Tenant } from '../tenants/schema.ts';
import { Directory } from './directory/directory.ts';
import { TenantUserPool } from './identity/user-pool.ts';
import { Ingress } from './ingress/ingress.ts';
import { Alarms, NO_TOPIC } from './monitoring/alarms.ts';
import { encryptLogs } from './monitoring/log-group.ts';
import { PublicNames } from './names/public-name.ts';
import { Portal } from './portal/portal.ts';
import { Secrets } from './storage/secrets.ts';
import { Tables } from './storage/tables.ts';
import { ReplyApi } from './tunnels/reply-api.ts';
import { TunnelApi } from './tunnels/tunnel-api.ts';

export class TenantStack extends Stack {
  constructor(scope: Construct, described: Tenant) {
    super(scope, `Sallyport-${described.tenant}`, {
      description: `Sallyport for ${described.tenant}: on-premises web applications below apps.${described.domain}`,
      env: { account: described.account, region: described.region },
    });
    const portalUrl = `https://${described.portalHost}`;
    const userPool = described.identityProviders.length > 0 ? null : new TenantUserPool(this, 'Users', { tenant: described, portalUrl });
    const tenant = userPool === null ? described : { ...described, identityProviders: [userPool.provider] };

    // The dependencies that CDK itself adds to functions and domains repeat what their references say.
    this.templateOptions.metadata = { 'cfn-lint': { config: { ignore_checks: ['W3005'] } } };
    Tags.of(this).add('sallyport:tenant', tenant.tenant);

    const { certificateArn, hostedZoneId, alarmTopicArn } = this.#parameters(tenant);
    const certificate = Certificate.fromCertificateArn(this, 'Certificate', certificateArn);

    const { aws } = tenant;
    const key = aws.kmsKeyArn === null ? null : Key.fromKeyArn(this, 'Key', aws.kmsKeyArn);
    const tables = new Tables(this, 'Tables', { aws, key });
    const secrets = new Secrets(this, 'Secrets', { aws, key, providers: tenant.identityProviders });
    const shared = { tenant: tenant.tenant, accessLogs: aws.accessLogs, tables, secrets };
    const tunnelApi = new TunnelApi(this, 'TunnelApi', shared);
    const replyApi = new ReplyApi(this, 'ReplyApi', { ...shared, tunnelApi });
    const ingress = new Ingress(this, 'Ingress', { tenant, portalUrl, certificate, tables, secrets, tunnelApi, replyApi });
    const directory = new Directory(this, 'Directory', { tenant, tables, secrets, replyApi });
    const portal = new Portal(this, 'Portal', {
      tenant,
      portalUrl,
      tunnelApi,
      replyApi,
      logs: {
        router: ingress.router.logGroup,
        tunnels: tunnelApi.tunnels.logGroup,
        tunnelAuthorizer: tunnelApi.authorizer.logGroup,
        replyAuthorizer: replyApi.authorizer.logGroup,
        directory: directory.writer.logGroup,
      },
      router: ingress.router,
      certificate,
      tables,
      secrets,
    });
    new PublicNames(this, 'Names', { hostedZoneId, names: [...ingress.names, portal.name] });
    new Alarms(this, 'Alarms', { tenant: tenant.tenant, router: ingress.router, topicArn: alarmTopicArn });

    if (key !== null) encryptLogs(this, key.keyArn);

    this.#output('PortalUrl', portalUrl, 'Where users find their applications');
    this.#output('SignedOutUri', `${portalUrl}/signed-out`, 'Register this post-logout redirect URI, where the provider has such');
    this.#output(
      'BackChannelLogoutUri',
      `${portalUrl}/back-channel-logout`,
      'Register this where the provider has such: it ends sessions by itself',
    );
    this.#output(
      'FrontChannelLogoutUri',
      `${portalUrl}/front-channel-logout`,
      'Register this where the provider has only such, with iss and sid',
    );
    if (userPool !== null) this.#userPoolOutputs(userPool);
    for (const [index, { id }] of described.identityProviders.entries())
      this.#providerOutputs(index + 1, id, portalUrl, secrets.clientSecrets.get(id));
    this.#output('ControlEndpoint', portal.api.apiEndpoint, 'SALLYPORT_CONTROL_ENDPOINT of the sallyport command');
    this.#output(
      'ControlArn',
      portal.api.arnForExecuteApi('*', '/control/*', '$default'),
      'Allow administrators execute-api:Invoke on this',
    );
    this.#output('TunnelUrl', tunnelApi.stage.url, 'What connectors dial: outgoing, port 443');
    this.#output('Kept', this.#kept(tables, secrets, userPool), 'What outlives the stack: a later one goes on with it by aws.adopt');
  }

  #parameters(tenant: Tenant) {
    const { domain, portalHost } = tenant;
    const names = [`*.apps.${domain}`, portalHost, ...alternateHosts(tenant)];
    const certificate = new CfnParameter(this, 'CertificateArn', {
      description: `ACM certificate of this region for ${names.join(', ')}`,
      allowedPattern: '^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/.+$',
      constraintDescription: 'must be the ARN of a certificate in AWS Certificate Manager',
    });
    const hostedZone = new CfnParameter(this, 'HostedZoneId', {
      description: `Route 53 hosted zone of ${domain}; empty: the outputs list the DNS records to create`,
      default: '',
      allowedPattern: '^(Z[A-Z0-9]{1,31})?$',
      constraintDescription: 'must be the id of a hosted zone, such as Z0123456789ABCDEFGHIJ, or empty',
    });
    const topic = new CfnParameter(this, 'AlarmTopicArn', {
      description: 'SNS topic that alarms are sent to, or none',
      default: NO_TOPIC,
      allowedPattern: `^(${NO_TOPIC}|arn:aws[a-z-]*:sns:.+)$`,
      constraintDescription: `must be the ARN of an SNS topic, or ${NO_TOPIC}`,
    });
    return { certificateArn: certificate.valueAsString, hostedZoneId: hostedZone.valueAsString, alarmTopicArn: topic.valueAsString };
  }

  /** JSON, and so YAML: what aws.adopt of the next tenant file says. */
  #kept(tables: Tables, secrets: Secrets, userPool: TenantUserPool | null): string {
    const adopt: Omit<Adopted, 'userPoolId'> & { readonly userPoolId?: string } = {
      registryTable: tables.registry.tableName,
      directoryTable: tables.directory.tableName,
      sessionsTable: tables.sessions.tableName,
      masterKeySecretArn: secrets.masterKey.secretArn,
      assertionSecretArn: secrets.assertion.secretArn,
      samlSecretArn: secrets.saml.secretArn,
      ...(userPool && { userPoolId: userPool.pool.userPoolId }),
    };
    return this.toJsonString(adopt);
  }

  #userPoolOutputs({ pool }: TenantUserPool): void {
    const [user, attributes] = ['alice@example.com', 'Name=email,Value=alice@example.com Name=email_verified,Value=true'];
    this.#output('UserPoolId', pool.userPoolId, 'Users and groups are here, because the tenant file names no identity provider');
    this.#output(
      'CreateUserCommand',
      `aws cognito-idp admin-create-user --user-pool-id ${pool.userPoolId} --username ${user} --user-attributes ${attributes}`,
      'Makes a user, who gets a temporary password by e-mail: put in the address, three times',
    );
  }

  #providerOutputs(number: number, provider: string, portalUrl: string, clientSecret: ISecret | undefined): void {
    this.#output(
      `RedirectUri${number}`,
      `${portalUrl}/callback/${provider}`,
      `Register this redirect URI at the identity provider ${provider}`,
    );
    if (clientSecret === undefined) return;
    this.#output(
      `ClientSecretArn${number}`,
      clientSecret.secretArn,
      `Holds the client secret that the identity provider ${provider} issued`,
    );
    this.#output(
      `ClientSecretCommand${number}`,
      `aws secretsmanager put-secret-value --secret-id ${clientSecret.secretArn} --secret-string file:///dev/stdin`,
      `Stores the client secret of ${provider} that is typed in: end with Ctrl-D, without a line break`,
    );
  }

  #output(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }
}
