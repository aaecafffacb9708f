// What no schema of a resource says: whole templates that AWS refuses, or that it creates and then answers status 500. CloudFormation makes
// side by side what does not refer to each other, so whatever must be there before something else has to be named by it.
import type { Scope } from './intrinsics.ts';
import { dependencies, references } from './order.ts';
import type { Resource, Template } from './template.ts';

/** The faults of what will be created, each as `logical id: what is wrong`. */
export const ruleFaults = (template: Template, wanted: readonly string[], scope: Scope): string[] => {
  const stack = readStack(template, wanted, scope);
  return [...unreadyStages(stack), ...silentIntegrations(stack), ...oneSidedRoutes(stack), ...earlyCustomResources(stack)];
};

interface Stack {
  ofType(...types: readonly string[]): ReadonlyArray<readonly [logicalId: string, properties: Readonly<Record<string, unknown>>]>;
  /** Whether a property of a resource refers to another one. */
  refers(value: unknown, to: string): boolean;
  /** Whether the one is created only after the other. */
  follows(logicalId: string, other: string): boolean;
}

const readStack = (template: Template, wanted: readonly string[], scope: Scope): Stack => {
  const resource = (logicalId: string) => template.Resources[logicalId] as Resource;
  const before = new Map<string, ReadonlySet<string>>();
  const predecessors = (logicalId: string): ReadonlySet<string> => {
    const known = before.get(logicalId);
    if (known) return known;
    const direct = [...dependencies(logicalId, resource(logicalId), template, scope)];
    const all = new Set(direct.flatMap((name) => [name, ...predecessors(name)]));
    before.set(logicalId, all);
    return all;
  };
  return {
    ofType: (...types) =>
      wanted
        .filter((name) => types.some((type) => matches(type, resource(name).Type)))
        .map((name) => [name, resource(name).Properties ?? {}]),
    refers: (value, to) => references(value, template, scope).has(to),
    follows: (logicalId, other) => predecessors(logicalId).has(other),
  };
};

const matches = (pattern: string, type: string): boolean =>
  pattern.endsWith('::*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type;

/** What a deployment of an API is a picture of. */
const DEPLOYED: Readonly<Record<string, { readonly parts: readonly string[]; readonly needs: string; readonly refusal: string }>> = {
  'AWS::ApiGatewayV2::Api': {
    parts: ['Route', 'Integration', 'IntegrationResponse', 'RouteResponse'].map((name) => `AWS::ApiGatewayV2::${name}`),
    needs: 'AWS::ApiGatewayV2::Route',
    refusal: 'At least one route is required before deploying the Api',
  },
  'AWS::ApiGateway::RestApi': {
    parts: ['AWS::ApiGateway::Method'],
    needs: 'AWS::ApiGateway::Method',
    refusal: "The REST API doesn't contain any methods",
  },
};

/** A stage that deploys itself, or a deployment, that may be made before what it deploys. An HTTP API is deployed without routes as well. */
const unreadyStages = ({ ofType, refers, follows }: Stack): string[] =>
  Object.entries(DEPLOYED).flatMap(([type, { parts, needs, refusal }]) =>
    ofType(type)
      .filter(([, { ProtocolType }]) => ProtocolType !== 'HTTP')
      .flatMap(([api]) => {
        const ownParts = ofType(...parts).filter(([, { ApiId, RestApiId }]) => refers(ApiId ?? RestApiId, api));
        const needed = ofType(needs).filter(([, { ApiId, RestApiId }]) => refers(ApiId ?? RestApiId, api));
        return [
          ...ofType('AWS::ApiGatewayV2::Stage').filter(([, { AutoDeploy }]) => String(AutoDeploy) === 'true'),
          ...ofType('AWS::ApiGatewayV2::Deployment', 'AWS::ApiGateway::Deployment'),
        ]
          .filter(([, { ApiId, RestApiId }]) => refers(ApiId ?? RestApiId, api))
          .flatMap(([stage]) => {
            if (!needed.some(([name]) => follows(stage, name))) return [`${stage}: ${refusal}: it depends on none`];
            const early = ownParts.map(([name]) => name).filter((name) => !follows(stage, name));
            return early.length === 0 ? [] : [`${stage}: it is deployed without ${early.join(', ')}, on which it does not depend`];
          });
      }),
  );

/** "For non-proxy integrations, you must set up at least one integration response" (Set up a WebSocket API integration response). */
const silentIntegrations = ({ ofType, refers }: Stack): string[] => {
  const answers = ofType('AWS::ApiGatewayV2::IntegrationResponse');
  const isProxy = (type: unknown) => type === 'AWS_PROXY' || type === 'HTTP_PROXY';
  const silent = ofType('AWS::ApiGatewayV2::Integration').filter(([, { IntegrationType }]) => !isProxy(IntegrationType));
  return silent.flatMap(([integration, { IntegrationType }]) => {
    if (!answers.some(([, { IntegrationId }]) => refers(IntegrationId, integration)))
      return [`${integration}: an integration of type ${IntegrationType} needs an integration response, or each use has status 500`];
    const routes = ofType('AWS::ApiGatewayV2::Route').filter(([, { Target }]) => refers(Target, integration));
    return routes
      .filter(([route, { RouteKey }]) => RouteKey === '$connect' && !hasResponse(ofType, refers, route))
      .map(([route]) => `${route}: $connect with an integration of type ${IntegrationType} needs a route response, or has status 500`);
  });
};

const hasResponse = (ofType: Stack['ofType'], refers: Stack['refers'], route: string): boolean =>
  ofType('AWS::ApiGatewayV2::RouteResponse').some(([, { RouteId }]) => refers(RouteId, route));

/** Two-way communication needs both: a route response, and the expression that selects it. */
const oneSidedRoutes = ({ ofType, refers }: Stack): string[] =>
  ofType('AWS::ApiGatewayV2::Route')
    .filter(([route, { RouteResponseSelectionExpression: selects }]) => (selects !== undefined) !== hasResponse(ofType, refers, route))
    .map(([route]) => `${route}: a route response and RouteResponseSelectionExpression go together, and it has one of them`);

/** A function whose role has its policy later fails the first deployment by chance. */
const earlyCustomResources = ({ ofType, refers, follows }: Stack): string[] =>
  ofType('Custom::*', 'AWS::CloudFormation::CustomResource').flatMap(([custom, { ServiceToken }]) => {
    const roles = ofType('AWS::Lambda::Function')
      .filter(([name]) => refers(ServiceToken, name))
      .flatMap(([, { Role }]) => ofType('AWS::IAM::Role').filter(([role]) => refers(Role, role)));
    return ofType('AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy')
      .filter(([policy, { Roles }]) => roles.some(([role]) => refers(Roles, role)) && !follows(custom, policy))
      .map(([policy]) => `${custom}: its function may run before ${policy} is there, on which it does not depend`);
  });
