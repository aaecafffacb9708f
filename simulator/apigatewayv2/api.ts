// An HTTP or WebSocket API as its template describes it. A stage serves either this or the copy that a deployment took.

export interface Integration {
  readonly id: string;
  readonly type: 'AWS_PROXY' | 'MOCK';
  /** Set for AWS_PROXY. */
  readonly functionArn?: string;
  readonly timeoutMs: number;
  /** MOCK: key → template. */
  readonly requestTemplates: Readonly<Record<string, string>>;
  readonly templateSelectionExpression?: string;
  readonly responses: IntegrationResponse[];
}

export interface IntegrationResponse {
  /** `$default`, a status code, or `/regular expression/` over it. */
  readonly key: string;
  readonly templates: Readonly<Record<string, string>>;
  readonly templateSelectionExpression?: string;
}

export interface Route {
  readonly id: string;
  readonly key: string;
  readonly authorizationType: 'NONE' | 'AWS_IAM' | 'CUSTOM';
  readonly authorizerId?: string;
  readonly integrationId?: string;
  /** Without one, nothing that an integration answers reaches the client of a WebSocket API. */
  readonly hasResponse: boolean;
}

export interface Authorizer {
  readonly id: string;
  readonly functionArn: string;
  readonly identitySources: readonly string[];
  /** HTTP APIs only. */
  readonly simpleResponses: boolean;
  readonly ttlMs: number;
}

export interface Definition {
  readonly routes: Record<string, Route>;
  readonly integrations: Record<string, Integration>;
  readonly authorizers: Record<string, Authorizer>;
}

export interface Stage {
  readonly name: string;
  /** Undefined when each change of the API is deployed by itself. */
  readonly deploymentId?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

export interface Api {
  readonly id: string;
  readonly name: string;
  /** Names the API in meter, log and control: unlike the name, no two have the same. */
  readonly logicalId: string;
  readonly protocol: 'HTTP' | 'WEBSOCKET';
  readonly routeSelectionExpression: string;
  readonly disableExecuteApiEndpoint: boolean;
  readonly definition: Definition;
  readonly deployments: Record<string, Definition>;
  readonly stages: Record<string, Stage>;
}

const NOTHING: Definition = { routes: {}, integrations: {}, authorizers: {} };

/** What a stage serves. */
export const deployed = (api: Api, { deploymentId }: Stage): Definition =>
  deploymentId === undefined ? api.definition : (api.deployments[deploymentId] ?? NOTHING);
