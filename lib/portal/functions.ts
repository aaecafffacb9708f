// The three functions behind the portal's host, each with exactly what it uses.
import { Stack } from 'aws-cdk-lib';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { ENVIRONMENT as CONTROL } from '../../lambdas/control/environment.ts';
import { ENVIRONMENT as ENROLMENT } from '../../lambdas/enrolment/environment.ts';
import { ENVIRONMENT as PORTAL } from '../../lambdas/portal/environment.ts';
import { alternateHosts } from '../../tenants/address-list.ts';
import { appearanceOf, claimNames, type Tenant } from '../../tenants/schema.ts';
import type { Router } from '../ingress/ingress.ts';
import { API_TIMEOUT, ProxyFunction } from '../proxy-function.ts';
import type { Secrets } from '../storage/secrets.ts';
import { BY_PARENT, type Tables } from '../storage/tables.ts';
import { endConnections, type ReplyApi } from '../tunnels/reply-api.ts';
import { grantConnections } from '../tunnels/socket-stage.ts';
import type { TunnelApi } from '../tunnels/tunnel-api.ts';

export interface PortalFunctionsProps {
  readonly tenant: Tenant;
  readonly portalUrl: string;
  /** What connectors dial. */
  readonly tunnelApi: TunnelApi;
  /** Holds the connections of users' WebSockets, which end with their sessions. */
  readonly replyApi: ReplyApi;
  /** What the other functions log: the control API explains and audits from it. */
  readonly logs: Readonly<Record<'router' | 'tunnels' | 'tunnelAuthorizer' | 'replyAuthorizer' | 'directory', ILogGroup>>;
  /** Has sessions refreshed here. */
  readonly router: Router;
  readonly tables: Tables;
  readonly secrets: Secrets;
}

/** Signs users in and lists their applications. */
export const portalFunction = (scope: Construct, { tenant, portalUrl, router, replyApi, tables, secrets }: PortalFunctionsProps) => {
  const portal = new ProxyFunction(scope, 'Portal', {
    folder: 'portal',
    environment: PORTAL,
    description: 'Portal: signs users in, lists their applications, signs out',
    timeout: API_TIMEOUT,
    memory: 512,
  });
  portal.set('TENANT', tenant.tenant);
  portal.set('APPEARANCE', appearanceOf(tenant));
  portal.set('PORTAL_URL', portalUrl);
  portal.set('IDENTITY_PROVIDERS', Stack.of(scope).toJsonString(tenant.identityProviders));
  portal.set('SESSION_LIFETIME_MINUTES', String(tenant.sessionLifetimeMinutes));
  portal.set('SESSION_IDLE_MINUTES', String(tenant.sessionIdleMinutes ?? 0));
  portal.set('SESSION_REFRESH_MINUTES', String(tenant.sessionRefreshMinutes ?? 0));
  // A new environment reads the secret anew.
  portal.set('SAML_KEYS', tenant.samlKeys.join(' '));
  portal.set('EDGE', JSON.stringify(tenant.edge ?? null));
  portal.bindTable('DIRECTORY_TABLE', tables.directory, 'Query', 'Scan');
  portal.bindItems('REGISTRY_TABLE', tables.registry, {
    tunnel: ['Query'],
    attempts: ['UpdateItem'],
    credentials: ['GetItem', 'PutItem', 'DeleteItem'],
  });
  portal.bindItems('SESSIONS_TABLE', tables.sessions, {
    session: ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
    sessionHandle: ['Query', 'PutItem'],
    signInCode: ['PutItem', 'DeleteItem'],
    usedAssertion: ['PutItem'],
  });
  portal.allow(['dynamodb:Query'], `${tables.sessions.tableArn}/index/${BY_PARENT}`);
  portal.bindSecret('MASTER_KEY_SECRET', secrets.masterKey);
  portal.bindSecret('ASSERTION_SECRET', secrets.assertion);
  portal.bindSecret('SAML_SECRET', secrets.saml);
  portal.bindSecrets('CLIENT_SECRETS', secrets.clientSecrets);
  router.set('PORTAL_FUNCTION', portal.function.functionName);
  router.allow(['lambda:InvokeFunction'], portal.function.functionArn);
  endConnections(portal, replyApi);
  return portal;
};

/** Makes a connector of a one-time code and a public key. */
export const enrolmentFunction = (scope: Construct, { tenant, tunnelApi, tables }: PortalFunctionsProps) => {
  const enrolment = new ProxyFunction(scope, 'Enrolment', {
    folder: 'enrolment',
    environment: ENROLMENT,
    description: 'Enrolment: a one-time code and a public key become a connector',
    timeout: API_TIMEOUT,
  });
  enrolment.set('TENANT', tenant.tenant);
  enrolment.set('TUNNEL_API_URL', tunnelApi.stage.url);
  enrolment.bindItems('REGISTRY_TABLE', tables.registry, {
    enrolmentCode: ['DeleteItem'],
    connector: ['PutItem'],
    attempts: ['UpdateItem'],
  });
  return enrolment;
};

/** What administrators do without a deployment: enrolment codes, applications, status. */
export const controlFunction = (
  scope: Construct,
  { tenant, portalUrl, tunnelApi, replyApi, logs, tables }: PortalFunctionsProps,
  beside: Readonly<Record<'portal' | 'enrolment', { readonly logGroup: ILogGroup }>>,
) => {
  const control = new ProxyFunction(scope, 'Control', {
    folder: 'control',
    environment: CONTROL,
    description: 'Control API: enrolment codes, applications, status, exchanges, audit, for administrators',
    timeout: API_TIMEOUT,
  });
  control.set('TENANT', tenant.tenant);
  control.set('DOMAIN', tenant.domain);
  control.set('ALTERNATE_HOSTS', JSON.stringify(alternateHosts(tenant)));
  control.set('READ_TIMEOUT', JSON.stringify(tenant.edge?.readTimeout ?? null));
  control.set('CLAIMS', JSON.stringify(claimNames(tenant)));
  control.set('PORTAL_URL', portalUrl);
  control.bindLog('ROUTER_LOG_GROUP', logs.router);
  control.bindLog('PORTAL_LOG_GROUP', beside.portal.logGroup);
  control.bindLog('ENROLMENT_LOG_GROUP', beside.enrolment.logGroup);
  control.bindLog('CONTROL_LOG_GROUP', control.logGroup);
  control.bindLog('TUNNELS_LOG_GROUP', logs.tunnels);
  control.bindLog('TUNNEL_AUTHORIZER_LOG_GROUP', logs.tunnelAuthorizer);
  control.bindLog('REPLY_AUTHORIZER_LOG_GROUP', logs.replyAuthorizer);
  control.bindLog('DIRECTORY_LOG_GROUP', logs.directory);
  control.bindItems('REGISTRY_TABLE', tables.registry, {
    connector: ['Query', 'DeleteItem'],
    tunnel: ['Query', 'DeleteItem'],
    enrolmentCode: ['PutItem'],
    serviceToken: ['Query', 'PutItem', 'DeleteItem'],
    credentials: ['GetItem', 'PutItem', 'DeleteItem'],
  });
  control.bindTable('DIRECTORY_TABLE', tables.directory, 'Scan', 'Query', 'PutItem', 'DeleteItem');
  control.bindItems('SESSIONS_TABLE', tables.sessions, {
    session: ['GetItem', 'Query', 'DeleteItem'],
    sessionHandle: ['Query'],
    signInCode: ['DeleteItem'],
  });
  control.allow(['dynamodb:Query'], `${tables.sessions.tableArn}/index/${BY_PARENT}`);
  endConnections(control, replyApi);
  control.set('TUNNEL_API_ENDPOINT', tunnelApi.stage.callbackUrl);
  grantConnections(
    control.role,
    'DELETE',
    tunnelApi.stage,
    'A connector that is removed has tunnels with ids of chance: the wildcard is that id, on this one stage, for DELETE only.',
  );
  return control;
};
