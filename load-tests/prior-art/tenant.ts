// The parts of the product's stack that a variant of the way back changes.
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Ingress } from '../../lib/ingress/ingress.ts';
import type { TenantStack } from '../../lib/tenant-stack.ts';
import type { ReplyApi } from '../../lib/tunnels/reply-api.ts';
import type { TunnelApi } from '../../lib/tunnels/tunnel-api.ts';

export interface TenantParts {
  readonly router: Ingress['router'];
  /** Tells connectors where answers go, and gives them the credentials of `replyRole`. */
  readonly tunnels: TunnelApi['tunnels'];
  readonly replyApi: ReplyApi;
  readonly replyRole: Role;
}

export const partsOf = (stack: TenantStack): TenantParts => {
  const replyApi = stack.node.findChild('ReplyApi') as ReplyApi;
  return {
    router: (stack.node.findChild('Ingress') as Ingress).router,
    tunnels: (stack.node.findChild('TunnelApi') as TunnelApi).tunnels,
    replyApi,
    replyRole: replyApi.node.findChild('ReplyRole') as Role,
  };
};

/** The router runs this bundle instead. */
export const runInstead = (router: TenantParts['router'], folder: string): void => {
  const { s3BucketName, s3ObjectKey } = new Asset(router, 'StandIn', { path: folder });
  (router.function.node.defaultChild as CfnFunction).code = { s3Bucket: s3BucketName, s3Key: s3ObjectKey };
};
