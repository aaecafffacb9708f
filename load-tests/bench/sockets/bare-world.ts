// A process with a simulator that has nothing but a WebSocket API and the least function behind it: what passes there pays for the hops alone.
// Tells its parent where it is, and ends with it.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';
import { FUNCTION_BUNDLE } from '../../../lib/function-code.ts';
import { API_TIMEOUT } from '../../../lib/proxy-function.ts';
import { createLog } from '../../../protocol/log.ts';
import { startSimulator } from '../../../simulator/simulator.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const STAGE = 'live';
/** As the product's relay has. */
const MEMORY_MEGABYTES = 256;

export interface BareWorld {
  /** Of the API, for clients and for posts. */
  readonly connect: string;
  readonly endpoint: string;
  /** May post. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken: string };
}

const synthesise = (folder: string): void => {
  const bundle = join(folder, 'relay');
  buildSync({
    entryPoints: [fileURLToPath(new URL('./relay.ts', import.meta.url))],
    outfile: join(bundle, 'index.mjs'),
    ...FUNCTION_BUNDLE,
  });
  const app = new App({ outdir: join(folder, 'assembly'), builtinCloudFormationValidation: false, treeMetadata: false });
  const stack = new Stack(app, 'Bare');
  const api = new WebSocketApi(stack, 'Api', { routeSelectionExpression: '$request.body.type' });
  const relay = new LambdaFunction(stack, 'Relay', {
    code: Code.fromAsset(bundle),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    memorySize: MEMORY_MEGABYTES,
    timeout: API_TIMEOUT,
    environment: { API_ENDPOINT: `https://${api.apiId}.execute-api.${stack.region}.${stack.urlSuffix}/${STAGE}` },
  });
  const connections = stack.formatArn({ service: 'execute-api', resource: api.apiId, resourceName: `${STAGE}/POST/@connections/*` });
  relay.addToRolePolicy(new PolicyStatement({ actions: ['execute-api:ManageConnections'], resources: [connections] }));
  api.addRoute('$default', { integration: new WebSocketLambdaIntegration('Integration', relay), returnResponse: true });
  const stage = new WebSocketStage(stack, 'Stage', { webSocketApi: api, stageName: STAGE, autoDeploy: true });
  stage.node.addDependency(api);
  new CfnOutput(stack, 'Connect', { value: stage.url });
  new CfnOutput(stack, 'Endpoint', { value: stage.callbackUrl });
  new CfnOutput(stack, 'RoleArn', { value: relay.role!.roleArn });
  app.synth();
};

const folder = mkdtempSync(join(ROOT, 'dist', 'bare-'));
try {
  synthesise(folder);
  const simulator = await startSimulator({ assembly: join(folder, 'assembly'), log: createLog({ write: () => undefined }) });
  process.once('disconnect', () => {
    void simulator.dispose().finally(() => {
      rmSync(folder, { recursive: true, force: true });
      process.exit();
    });
  });
  const { Connect: connect = '', Endpoint: endpoint = '', RoleArn = '' } = simulator.outputs;
  const { accessKeyId, secretAccessKey, sessionToken = '' } = simulator.iam.sessionForService(RoleArn, 'lambda.amazonaws.com', 'bench');
  process.send?.({ connect, endpoint, credentials: { accessKeyId, secretAccessKey, sessionToken } } satisfies BareWorld);
} catch (error) {
  rmSync(folder, { recursive: true, force: true });
  throw error;
}
