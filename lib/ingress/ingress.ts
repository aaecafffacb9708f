// The ingress: a REST API with response streaming on *.apps.<domain> and the alternate hosts, and its function, the router (D1).
import { Duration, Stack } from 'aws-cdk-lib';
import {
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  ResponseTransferMode,
  RestApi,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigateway';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { ENVIRONMENT } from '../../lambdas/router/environment.ts';
import { alternateHosts } from '../../tenants/address-list.ts';
import { appearanceOf, type Tenant } from '../../tenants/schema.ts';
import { acknowledge } from '../acknowledge.ts';
import { accessLog, acknowledgeNoLog } from '../monitoring/access-log.ts';
import type { PublicName } from '../names/public-name.ts';
import { ProxyFunction } from '../proxy-function.ts';
import type { Secrets } from '../storage/secrets.ts';
import type { Tables } from '../storage/tables.ts';
import type { ReplyApi } from '../tunnels/reply-api.ts';
import { grantConnections } from '../tunnels/socket-stage.ts';
import type { TunnelApi } from '../tunnels/tunnel-api.ts';
import { addGatewayResponses } from './gateway-responses.ts';

/** The longest that API Gateway streams a response, and that a function runs. */
const EXCHANGE_MAX = Duration.minutes(15);
/** Requests a second. An account has 10,000 for everything; about three are spent on each exchange. */
const THROTTLE = { throttlingRateLimit: 3_000, throttlingBurstLimit: 1_500 };
const ROUTER_MEMORY = 512;

export interface IngressProps {
  readonly tenant: Tenant;
  readonly portalUrl: string;
  readonly certificate: ICertificate;
  readonly tables: Tables;
  readonly secrets: Secrets;
  readonly tunnelApi: TunnelApi;
  readonly replyApi: ReplyApi;
}

export type Router = ProxyFunction<(typeof ENVIRONMENT)[number]>;

export class Ingress extends Construct {
  readonly router: Router;
  /** `*.apps.<domain>` and each alternate host, and where they must lead. */
  readonly names: readonly PublicName[];

  constructor(scope: Construct, id: string, props: IngressProps) {
    super(scope, id);
    const { tenant, domain, identityProviders, aws } = props.tenant;
    const { portalUrl, certificate, tables, secrets, tunnelApi, replyApi } = props;
    this.router = new ProxyFunction(this, 'Router', {
      folder: 'router',
      environment: ENVIRONMENT,
      description: 'Ingress: resolves, authenticates, authorises and relays each exchange',
      timeout: EXCHANGE_MAX,
      memory: ROUTER_MEMORY,
    });
    this.router.set('TENANT', tenant);
    this.router.set('APPEARANCE', appearanceOf(props.tenant));
    this.router.set('PORTAL_URL', portalUrl);
    this.router.set('IDENTITY_PROVIDERS', Stack.of(this).toJsonString(identityProviders));
    this.router.bindItems('REGISTRY_TABLE', tables.registry, {
      tunnel: ['Query'],
      serviceToken: ['Query'],
      credentials: ['GetItem', 'UpdateItem'],
      attempts: ['UpdateItem'],
    });
    this.router.set('EDGE', JSON.stringify(props.tenant.edge ?? null));
    this.router.bindTable('DIRECTORY_TABLE', tables.directory, 'Query');
    this.router.bindItems('SESSIONS_TABLE', tables.sessions, {
      session: ['GetItem', 'PutItem', 'UpdateItem'],
      sessionHandle: ['PutItem'],
      signInCode: ['PutItem', 'DeleteItem'],
    });
    this.router.bindSecret('MASTER_KEY_SECRET', secrets.masterKey);
    this.router.bindSecret('ASSERTION_SECRET', secrets.assertion);
    this.router.set('TUNNEL_API_ENDPOINT', tunnelApi.stage.callbackUrl);
    this.router.set('REPLY_API_URL', replyApi.stage.url);
    grantConnections(
      this.router.role,
      'POST',
      tunnelApi.stage,
      'Tunnels come and go: the wildcard is their connection’s id, on this one stage, for POST only.',
    );

    const log = accessLog(this, 'rest', aws.accessLogs);
    const api = new RestApi(this, 'Api', {
      restApiName: `sallyport-${tenant}-ingress`,
      description: `Sallyport ${tenant}: users’ requests to applications`,
      endpointTypes: [EndpointType.REGIONAL],
      // Requests come by the tenant's own names only: a session is good for one host.
      disableExecuteApiEndpoint: true,
      // Request bodies of every type come as they are, base64 in the event.
      binaryMediaTypes: ['*/*'],
      deployOptions: {
        stageName: 'live',
        ...THROTTLE,
        ...(log && { accessLogDestination: new LogGroupLogDestination(log.group), accessLogFormat: log.format }),
      },
      cloudWatchRole: false,
    });
    const integration = new LambdaIntegration(this.router.function, {
      responseTransferMode: ResponseTransferMode.STREAM,
      timeout: EXCHANGE_MAX,
      allowTestInvoke: false,
    });
    const root = api.root.addMethod('ANY', integration);
    api.root.addProxy({ defaultIntegration: integration });
    // The permission for what is below covers the root, too: IAM's `*` may stand for nothing.
    for (const { node } of root.node.children.filter((child) => child instanceof CfnPermission)) root.node.tryRemoveChild(node.id);
    addGatewayResponses(api);

    // It would name the endpoint that is disabled.
    api.node.tryRemoveChild('Endpoint');

    // The id of a domain name must not change while the name is kept: CloudFormation would make the new one before it deletes the old.
    const serve = (id: string, name: string, output: string): PublicName => {
      const domainName = api.addDomainName(id, {
        domainName: name,
        certificate,
        endpointType: EndpointType.REGIONAL,
        securityPolicy: SecurityPolicy.TLS_1_2,
      });
      return { name, output, target: domainName.domainNameAliasDomainName, targetZone: domainName.domainNameAliasHostedZoneId };
    };
    this.names = [
      serve('Domain', `*.apps.${domain}`, 'Applications'),
      ...alternateHosts(props.tenant).map((host, index) => serve(host, host, `Alternate${index + 1}`)),
    ];
    if (aws.webAclArn !== null)
      new CfnWebACLAssociation(this, 'Firewall', { webAclArn: aws.webAclArn, resourceArn: api.deploymentStage.stageArn });
    else acknowledge(api, 'AwsSolutions-APIG3', 'A web firewall costs by the request: whoever wants one names it in the tenant file.');
    acknowledgeNoLog(
      api,
      log,
      'The router logs each exchange, without query values; who wants API Gateway’s own lines as well switches them on.',
    );
    acknowledgeRules(api);
  }
}

const acknowledgeRules = (api: RestApi): void => {
  acknowledge(
    api,
    'AwsSolutions-APIG2',
    'What is valid is for the application to say; the router refuses what it cannot read in one way only.',
  );
  acknowledge(
    api,
    'AwsSolutions-APIG4',
    'The router authenticates: a page load without a session must be sent to sign in, which no authorizer can do.',
  );
  acknowledge(api, 'AwsSolutions-APIG6', 'The router logs each exchange; execution logs would hold headers and bodies.');
  acknowledge(
    api,
    'AwsSolutions-COG4',
    'The router knows users by the session that the portal made of their sign-in, wherever that was; such an authorizer reads a pool’s tokens only.',
  );
};
