// The product's stack with a function between connectors and the Reply API: an HTTP API takes their posts, checked by IAM, which costs nothing.
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { API_TIMEOUT } from '../../../lib/proxy-function.ts';
import type { TenantStack } from '../../../lib/tenant-stack.ts';
import { grantConnections } from '../../../lib/tunnels/socket-stage.ts';
import { partsOf } from '../tenant.ts';

/** The least that Lambda has. */
const MEMORY_MEGABYTES = 128;

/** `relay`: the folder of the relay's bundle. */
export const addRelay = (stack: TenantStack, relay: string): void => {
  const { tunnels, replyApi, replyRole } = partsOf(stack);
  const relayFunction = new LambdaFunction(stack, 'Relay', {
    code: Code.fromAsset(relay),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: MEMORY_MEGABYTES,
    timeout: API_TIMEOUT,
    environment: { REPLY_API_ENDPOINT: replyApi.stage.callbackUrl },
  });
  grantConnections(relayFunction.role as Role, 'POST', replyApi.stage, 'Routers come and go.');
  const api = new HttpApi(stack, 'RelayApi');
  api.addRoutes({
    path: '/relay/{connection}',
    methods: [HttpMethod.POST],
    integration: new HttpLambdaIntegration('RelayIntegration', relayFunction),
    authorizer: new HttpIamAuthorizer(),
  });
  tunnels.set('REPLY_API_ENDPOINT', api.apiEndpoint);
  replyRole.addToPolicy(
    new PolicyStatement({ actions: ['execute-api:Invoke'], resources: [api.arnForExecuteApi('POST', '/relay/*', '$default')] }),
  );
};
