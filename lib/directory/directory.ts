// Puts the tenant file's applications into the directory, and its signing keys into their secret, with each deployment that changes them
// (D11): custom resources.
import { CustomResource, Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { ENVIRONMENT } from '../../lambdas/directory/environment.ts';
import { packApplications } from '../../tenants/packed-applications.ts';
import type { Tenant } from '../../tenants/schema.ts';
import { ProxyFunction } from '../proxy-function.ts';
import type { Secrets } from '../storage/secrets.ts';
import type { Tables } from '../storage/tables.ts';
import { endConnections, type ReplyApi } from '../tunnels/reply-api.ts';

/**
 * What the property may hold, as a string in JSON. The function's event has the old and the new one, and Lambda takes 256 KB of an
 * asynchronous event (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
 */
export const APPLICATIONS_MAX_BYTES = 120_000;
const TIMEOUT = Duration.minutes(2);

export interface DirectoryProps {
  readonly tenant: Tenant;
  readonly tables: Tables;
  readonly secrets: Secrets;
  /** Holds the connections of users' WebSockets, which are decided on anew when their application changes. */
  readonly replyApi: ReplyApi;
}

export class Directory extends Construct {
  readonly writer: ProxyFunction<(typeof ENVIRONMENT)[number]>;

  constructor(scope: Construct, id: string, { tenant, tables, secrets, replyApi }: DirectoryProps) {
    super(scope, id);
    const applications = packApplications(tenant.applications, APPLICATIONS_MAX_BYTES);
    const bytes = Buffer.byteLength(JSON.stringify(applications));
    if (bytes > APPLICATIONS_MAX_BYTES) {
      throw new Error(
        `The ${tenant.applications.length} applications of ${tenant.tenant} take ${bytes} bytes, packed; a deployment carries ${APPLICATIONS_MAX_BYTES}. ` +
          'Deploy with fewer and apply the whole file with `npx sallyport apply`.',
      );
    }

    this.writer = new ProxyFunction(this, 'Writer', {
      folder: 'directory',
      environment: ENVIRONMENT,
      description: 'Directory: writes the applications and signing keys of the tenant file when the stack is deployed',
      timeout: TIMEOUT,
    });
    this.writer.set('TENANT', tenant.tenant);
    this.writer.bindTable('DIRECTORY_TABLE', tables.directory, 'Scan', 'PutItem', 'DeleteItem');

    this.writer.bindItems('SESSIONS_TABLE', tables.sessions, { socketsAt: ['Query', 'DeleteItem'] });
    endConnections(this.writer, replyApi);
    this.writer.bindSecret('SAML_SECRET', secrets.saml);
    this.writer.allowWrite(secrets.saml);

    const resource = new CustomResource(this, 'Applications', {
      resourceType: 'Custom::SallyportApplications',
      serviceToken: this.writer.function.functionArn,
      serviceTimeout: TIMEOUT,
      properties: { Applications: applications },
    });
    resource.node.addDependency(this.writer);
    const keys = new CustomResource(this, 'SigningKeys', {
      resourceType: 'Custom::SallyportSigningKeys',
      serviceToken: this.writer.function.functionArn,
      serviceTimeout: TIMEOUT,
      properties: { SigningKeys: tenant.samlKeys },
    });
    keys.node.addDependency(this.writer);
  }
}
