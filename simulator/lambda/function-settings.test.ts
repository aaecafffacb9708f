import { expect, test } from '@jest/globals';
import { readFunctionSettings } from './function-settings.ts';

const read = (properties: Record<string, unknown>) =>
  readFunctionSettings(
    {
      logicalId: 'Router',
      type: 'AWS::Lambda::Function',
      stackName: 'Sallyport',
      properties: {
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Role: 'arn:role',
        Code: { S3Bucket: 'b', S3Key: 'k.zip' },
        ...properties,
      },
    },
    { assetPath: (key) => `/assembly/${key}`, suffix: 'ABC' },
  );

test('AWS’s defaults apply', () => {
  const settings = read({});

  expect(settings).toEqual({
    name: 'Sallyport-Router-ABC',
    handler: 'index.handler',
    runtime: 'nodejs24.x',
    directory: '/assembly/k.zip',
    roleArn: 'arn:role',
    memoryMegabytes: 128,
    timeoutMs: 3000,
    variables: {},
    logGroup: '/aws/lambda/Sallyport-Router-ABC',
    logFormat: 'Text',
    reservedConcurrency: null,
  });
});

test('every fault is named at once', () => {
  const attempt = () =>
    read({
      Runtime: 'python3.13',
      MemorySize: 64,
      Timeout: 901,
      Code: { ZipFile: 'x' },
      Environment: { Variables: { AWS_REGION: 'eu-west-1' } },
      ReservedConcurrentExecutions: 901,
    });

  expect(attempt).toThrow(
    'Router: Runtime python3.13 is not simulated (nodejs24.x, nodejs22.x are); ' +
      'Code must name S3Bucket and S3Key: other kinds of code are not simulated; ' +
      'MemorySize must be a whole number from 128 to 10240; ' +
      'Timeout must be a whole number from 1 to 900; ' +
      'Environment sets AWS_REGION, which is reserved; ' +
      'ReservedConcurrentExecutions must be a whole number from 0 to 900.',
  );
});

test('more than 4 KB of variables are refused', () => {
  const attempt = () => read({ Environment: { Variables: { LONG: 'x'.repeat(4096) } } });

  expect(attempt).toThrow('exceeds 4096');
});
