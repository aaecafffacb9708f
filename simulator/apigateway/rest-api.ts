// A REST API as its template describes it: a tree of resources with methods; a deployment is a copy that stages serve.
import type { CustomResponse, CustomResponses, ResponseType } from './custom-responses.ts';

export interface Method {
  readonly httpMethod: string;
  readonly authorizationType: 'NONE' | 'AWS_IAM';
  readonly functionArn: string;
  readonly streaming: boolean;
  readonly timeoutMs: number;
}

export interface Resource {
  readonly id: string;
  /** Undefined for the root. */
  readonly parentId?: string;
  /** `users`, `{id}`, `{proxy+}`; empty for the root. */
  readonly pathPart: string;
  readonly methods: Record<string, Method>;
}

export interface Stage {
  readonly name: string;
  readonly deploymentId: string;
  readonly variables: Readonly<Record<string, string>> | null;
}

export type Resources = Record<string, Resource>;

/** What a stage serves: a copy, so that what is added to the API later is not served before another deployment. */
export interface Deployed {
  readonly resources: Resources;
  readonly customResponses: CustomResponses;
}

export interface RestApi {
  readonly id: string;
  readonly name: string;
  /** Names the API in meter and log: unlike the name, no two have the same. */
  readonly logicalId: string;
  readonly rootId: string;
  readonly binaryMediaTypes: readonly string[];
  readonly disableExecuteApiEndpoint: boolean;
  readonly edge: boolean;
  readonly resources: Resources;
  readonly customResponses: Partial<Record<ResponseType, CustomResponse>>;
  readonly deployments: Record<string, Deployed>;
  readonly stages: Record<string, Stage>;
}

export interface Match {
  readonly resource: Resource;
  /** `/users/{id}`. */
  readonly resourcePath: string;
  /** As they came, escapes and all (observed); null when the resource has none. */
  readonly pathParameters: Readonly<Record<string, string>> | null;
}

/** The resource that a path (as received, without its stage) names: fixed parts before parameters before `{proxy+}`. */
export const matchResource = (resources: Resources, rootId: string, path: string): Match | undefined => {
  const root = resources[rootId];
  if (!root) return undefined;
  return path === '/'
    ? { resource: root, resourcePath: '/', pathParameters: null }
    : descend(resources, root, '', path.slice(1).split('/'), {});
};

const descend = (
  resources: Resources,
  parent: Resource,
  at: string,
  segments: readonly string[],
  parameters: Readonly<Record<string, string>>,
): Match | undefined => {
  const [first = '', ...rest] = segments;
  const children = Object.values(resources).filter(({ parentId }) => parentId === parent.id);
  for (const { child, name, greedy } of children.map(described).sort((left, right) => left.rank - right.rank)) {
    const resourcePath = `${at}/${child.pathPart}`;
    if (name === undefined) {
      if (child.pathPart !== first) continue;
    } else if (first === '' && (!greedy || rest.length === 0)) continue;
    const value = greedy ? segments.join('/') : first;
    const taken = name === undefined ? parameters : { ...parameters, [name]: value };
    if (greedy || rest.length === 0) {
      return { resource: child, resourcePath, pathParameters: Object.keys(taken).length === 0 ? null : taken };
    }
    const deeper = descend(resources, child, resourcePath, rest, taken);
    if (deeper) return deeper;
  }
  return undefined;
};

const described = (child: Resource) => {
  const [, name, plus] = /^\{([^+}]+)(\+)?\}$/.exec(child.pathPart) ?? [];
  return { child, name, greedy: plus === '+', rank: name === undefined ? 0 : plus === '+' ? 2 : 1 };
};
