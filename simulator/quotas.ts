// AWS's quotas as data: each with the page that states it. Our own budgets stand in protocol/limits.ts.
// What a page does not state is marked "observed".
import { REST_QUOTAS } from './apigateway/quotas.ts';
import { V2_QUOTAS } from './apigatewayv2/quotas.ts';

export const QUOTAS = {
  // "Quotas for configuring and running a WebSocket API", "… an HTTP API" (API Gateway Developer Guide)
  apigatewayv2: V2_QUOTAS,
  // "Quotas for configuring and running a REST API" (API Gateway Developer Guide)
  apigateway: REST_QUOTAS,
  // "Lambda quotas" (Lambda Developer Guide)
  lambda: {
    /** "Invocation payload (request and response)": 6 MB each, synchronous. */
    eventMaxBytes: 6 * 1024 * 1024,
    /** The response's limit has 100 bytes more (observed in the service's message). */
    resultMaxBytes: 6 * 1024 * 1024 + 100,
    /** Asynchronous: 1 MB. */
    asyncEventMaxBytes: 1024 * 1024,
    /** "200 MB for each streamed response"; the first 6 MB as fast as it goes, then 2 MB/s. */
    streamedMaxBytes: 200 * 1024 * 1024,
    streamedBurstBytes: 6 * 1024 * 1024,
    streamedBytesPerSecond: 2 * 1024 * 1024,
    /** "Understanding the Lambda execution environment lifecycle": the Init phase. */
    initMs: 10_000,
    /** "Concurrent executions", all functions of an account in a Region together. */
    concurrentExecutions: 1000,
    /** What reserved concurrency must leave to the other functions. */
    unreservedConcurrencyMin: 100,
    timeoutDefaultSeconds: 3,
    timeoutMaxSeconds: 900,
    memoryDefaultMegabytes: 128,
    memoryMinMegabytes: 128,
    memoryMaxMegabytes: 10_240,
    /** "Environment variables: 4 KB, for all variables associated with the function, in aggregate". */
    variablesMaxBytes: 4096,
    /** "Asynchronous invocation": two more attempts after one and two minutes; events live six hours. */
    asyncRetries: 2,
    asyncRetryDelaysMs: [60_000, 120_000],
    asyncEventMaxAgeMs: 6 * 3_600_000,
  },
  // "Service, account, and table quotas in Amazon DynamoDB" (DynamoDB Developer Guide)
  dynamodb: {
    /** Attribute names and values together. */
    itemMaxBytes: 400 * 1024,
    requestMaxBytes: 16 * 1024 * 1024,
    /** "Request must be signed within" (observed in the service's message: 15 min). */
    clockSkewMs: 15 * 60_000,
    /** "How it works: TTL": expired items are typically deleted within a few days; until then they are still answered. */
    ttlDeletionMs: 48 * 3_600_000,
  },
  // "AssumeRole" (STS API Reference), "IAM and AWS STS quotas" (IAM User Guide)
  sts: {
    durationMinSeconds: 900,
    durationDefaultSeconds: 3600,
    durationMaxSeconds: 43_200,
    /** "Role chaining limits your … role session to a maximum of one hour." */
    chainedMaxSeconds: 3600,
    sessionPolicyMaxCharacters: 2048,
    /** Observed in the service's message. */
    clockSkewMs: 15 * 60_000,
  },
  // "IAM and AWS STS quotas" (IAM User Guide)
  iam: {
    roleNameMaxCharacters: 64,
    /** All inline policies of one role together, white space not counted. */
    inlinePoliciesMaxCharacters: 10_240,
    managedPolicyMaxCharacters: 6144,
    trustPolicyMaxCharacters: 2048,
    managedPoliciesPerRole: 10,
  },
  // "AWS Secrets Manager quotas" (Secrets Manager User Guide)
  secretsmanager: {
    secretMaxBytes: 65_536,
    /** Observed in the message of most services ("… - 5 min."). */
    clockSkewMs: 5 * 60_000,
  },
  // "FilterLogEvents" (CloudWatch Logs API Reference), "CloudWatch Logs quotas"
  logs: {
    /** "Maximum value of 10000", also what a page holds when nobody says. */
    eventsPerPage: 10_000,
    /** A page may hold fewer, or none, with more to come: how many are looked at for one is the simulator's choice. */
    eventsPerScan: 500,
  },
  // "Understand CloudFormation quotas" and "Custom resource request and response reference" (CloudFormation User Guide)
  cloudformation: {
    resourcesPerTemplate: 500,
    parametersPerTemplate: 200,
    outputsPerTemplate: 200,
    templateMaxBytes: 1024 * 1024,
    customResourceResponseMaxBytes: 4096,
    customResourceTimeoutMs: 3_600_000,
  },
} as const;
